#include "explain/ledger.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/words.h"

namespace oomkit {
namespace {

// Pages of files that must be written out before they can be given up.
std::string unwritten_note(const MemcgAmounts& amounts) {
  const Bytes unwritten =
      plus(amounts.dirty.value_or(Bytes(0)), amounts.writeback.value_or(Bytes(0)));
  if (unwritten <= Bytes(0)) return "clean: given up first when memory is short";
  return text_of({size_text(unwritten), " of it dirty or being written to disk"});
}

void add_process_rows(Ledger& ledger, const MemcgAmounts& amounts) {
  const Bytes file = amounts.file.value_or(Bytes(0));
  const Bytes shmem = amounts.shmem.value_or(Bytes(0));
  add_row(ledger, {amounts.anon_key, "anonymous", amounts.anon.value_or(Bytes(0)), false,
                   "heaps, stacks and other private memory of processes"});
  const Bytes cache = minus(file, std::min(shmem, file));
  add_row(ledger, {amounts.file_key, "file cache", cache, false, unwritten_note(amounts)});
  add_row(ledger, {"shmem", "tmpfs and shared memory", shmem, true,
                   "stays until the file is deleted; taken out of the file cache above"});
}

void add_kernel_rows(Ledger& ledger, const MemcgAmounts& amounts) {
  for (const KernelPart& part : amounts.kernel_parts) {
    const bool of_processes = part.key == "pagetables";
    add_row(ledger, {part.key, part.label, part.amount, !of_processes,
                     of_processes ? "not in any rss, freed when their processes end" : ""});
  }
  if (!amounts.kernel) return;
  // The parts lag behind their sum like all statistics: a negative rest is left to the
  // remainder of the whole ledger.
  const Bytes rest = minus(*amounts.kernel, amounts.kernel_parts_sum());
  if (rest <= Bytes(0)) return;
  const bool split = amounts.kernel_parts_sum() > Bytes(0);
  add_row(ledger, {amounts.kernel_key, split ? "other kernel memory" : "kernel memory", rest, true,
                   "charged to the group by the kernel"});
}

}  // namespace

void add_row(Ledger& ledger, const NewRow& row) {
  if (row.amount == Bytes(0)) return;
  ledger.rows.push_back({row.key, row.label, row.amount, row.in_no_process, std::string(row.note)});
}

void close_ledger(Ledger& ledger) {
  std::stable_sort(ledger.rows.begin(), ledger.rows.end(),
                   [](const LedgerRow& a, const LedgerRow& b) { return a.amount > b.amount; });
  Bytes sum(0);
  for (const LedgerRow& row : ledger.rows)
    sum = plus(sum, row.amount);
  ledger.unaccounted = minus(ledger.total, sum);
}

std::optional<Ledger> memcg_ledger(const MemcgReport& memcg,
                                   const std::optional<MemcgAmounts>& amounts) {
  if (!memcg.memory || !amounts || (!amounts->anon && !amounts->file)) return std::nullopt;
  Ledger ledger;
  ledger.whole = Ledger::Whole::memcg_usage;
  ledger.total = to_bytes(memcg.memory->usage);
  if (memcg.memory->limit) ledger.limit = to_bytes(*memcg.memory->limit);
  ledger.approximate = amounts->kernel_expected;
  add_process_rows(ledger, *amounts);
  add_row(ledger, {"sock", "socket buffers", amounts->sock.value_or(Bytes(0)), true,
                   "data that was sent or received and not yet taken"});
  add_row(ledger, {"hugetlb", "huge pages (hugetlb)", amounts->hugetlb.value_or(Bytes(0)), true,
                   "not in any rss"});
  add_kernel_rows(ledger, *amounts);
  close_ledger(ledger);
  return ledger;
}

std::optional<Bytes> row_amount(const Ledger& ledger, std::string_view key) {
  for (const LedgerRow& row : ledger.rows) {
    if (row.key == key) return row.amount;
  }
  return std::nullopt;
}

Bytes outside_processes(const Ledger& ledger) {
  Bytes sum(0);
  for (const LedgerRow& row : ledger.rows) {
    if (row.in_no_process) sum = plus(sum, row.amount);
  }
  return sum;
}

}  // namespace oomkit
