// Where the RAM of a host was, by the numbers of show_mem().
//
// Traps of the format: `mapped`, `dirty` and `writeback` are inside the file lists and
// `shmem` inside the anonymous ones; huge page pools are in no list at all, also when
// free; pages on the per-cpu lists are not in `free`.
#include <algorithm>
#include <array>
#include <utility>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/ledger.h"
#include "explain/words.h"
#include "kernel/totalpages.h"

namespace oomkit {
namespace {

// Sum of a field over nodes or zones; nothing if none has it.
template <class Places>
std::optional<Bytes> sum_over(const Places& places, std::string_view name) {
  std::optional<Bytes> sum;
  for (const auto& place : places) {
    if (const auto amount = place.amounts.find(name)) {
      sum = plus(sum.value_or(Bytes(0)), to_bytes(*amount));
    }
  }
  return sum;
}

class HostReader {
 public:
  HostReader(const HostMemory& memory, std::optional<PageSize> page_size)
      : memory_(&memory), page_size_(page_size) {}

  Bytes operator()(std::string_view name) const {
    return host_amount(*memory_, name, page_size_).value_or(Bytes(0));
  }
  Bytes sum(std::initializer_list<std::string_view> names) const {
    Bytes total(0);
    for (const std::string_view name : names)
      total = plus(total, (*this)(name));
    return total;
  }

 private:
  const HostMemory* memory_;
  std::optional<PageSize> page_size_;
};

Bytes hugepage_pools(const HostMemory& memory) {
  Bytes sum(0);
  for (const HugepagePool& pool : memory.hugepages) {
    sum = plus(sum, saturated_product(pool.total, to_bytes(pool.page_size).count()));
  }
  return sum;
}

void add_list_rows(Ledger& ledger, const HostReader& read) {
  const Bytes anon = read.sum({"active_anon", "inactive_anon", "isolated_anon"});
  // Locked shared memory is on the unevictable list: no more than the lists hold is taken
  // out of them.
  const Bytes shmem = std::min(read("shmem"), anon);
  add_row(ledger, {"anon", "anonymous", minus(anon, shmem), false,
                   "heaps, stacks and other private memory of processes"});
  add_row(ledger, {"shmem", "tmpfs and shared memory", shmem, true,
                   "stays until the file is deleted; taken out of the anonymous lists"});
  add_row(ledger, {"file", "file cache",
                   read.sum({"active_file", "inactive_file", "isolated_file"}), false, ""});
  // Up to 2.6.27 one list holds both.
  add_row(ledger, {"lru", "process memory and file cache", read.sum({"active", "inactive"}), false,
                   "this kernel does not tell them apart"});
  add_row(ledger, {"unevictable", "locked in memory", read("unevictable"), false,
                   "mlock() and the like: may not be given up"});
}

void add_kernel_rows(Ledger& ledger, const HostReader& read) {
  struct Named {
    std::string_view key, label, note;
  };
  constexpr std::array<Named, 14> kRows = {{
      {"slab_unreclaimable", "unreclaimable slab", "objects of the kernel"},
      {"slab_reclaimable", "reclaimable slab", "caches of the kernel, given up when asked"},
      {"slab", "slab", "objects of the kernel"},
      {"kernel_stack", "kernel stacks", "one for each thread"},
      {"shadow_call_stack", "shadow call stacks", ""},
      {"pagetables", "page tables", "not in any rss, freed when their processes end"},
      {"sec_pagetables", "page tables of guests and devices", ""},
      {"bounce", "bounce buffers", ""},
      {"kernel_misc_reclaimable", "other reclaimable kernel memory", ""},
      {"zspages", "compressed memory (zsmalloc)", "zram and zswap"},
      {"Balloon", "balloon", "given back to the hypervisor"},
      {"gpu_active", "GPU memory in use", ""},
      {"gpu_reclaim", "GPU memory that can be given up", ""},
      {"free_pcp", "free, on the lists of single cpus", ""},
  }};
  for (const Named& row : kRows) {
    const bool held = row.key != "free_pcp" && row.key != "pagetables";
    add_row(ledger, {row.key, row.label, read(row.key), held, row.note});
  }
}

}  // namespace

std::optional<Bytes> host_amount(const HostMemory& memory, std::string_view name,
                                 std::optional<PageSize> page_size) {
  if (page_size) {
    if (const auto counter = memory.counters.find(name)) return to_bytes(*counter, *page_size);
  }
  if (const auto nodes = sum_over(memory.nodes, name)) return nodes;
  return sum_over(memory.zones, name);
}

std::optional<Bytes> host_ram(const HostMemory& memory, std::optional<PageSize> page_size) {
  if (page_size) {
    if (const auto managed = host_managed(memory)) return to_bytes(*managed, *page_size);
  }
  // The zones make up the RAM only if all are there: then they also make up all that is free.
  const auto managed = sum_over(memory.zones, "managed");
  const auto free = host_amount(memory, "free", page_size);
  const auto free_in_zones = sum_over(memory.zones, "free");
  if (!managed || !free || !free_in_zones) return std::nullopt;
  return at_least(*free_in_zones, 90, *free) ? managed : std::nullopt;
}

std::optional<Ledger> host_ledger(const HostMemory& memory, std::optional<PageSize> page_size) {
  const auto ram = host_ram(memory, page_size);
  const auto free = host_amount(memory, "free", page_size);
  const bool lists = host_amount(memory, "inactive_anon", page_size).has_value() ||
                     host_amount(memory, "inactive", page_size).has_value();
  if (!ram || *ram <= Bytes(0) || !free || *free > *ram || !lists) return std::nullopt;
  const HostReader read(memory, page_size);
  Ledger ledger;
  ledger.whole = Ledger::Whole::host_ram;
  ledger.total = *ram;
  ledger.approximate = !page_size || !host_managed(memory);
  const Bytes cma = read("free_cma");
  add_row(ledger, {"free", "free", *free, false,
                   cma > Bytes(0) ? text_of({size_text(cma), " of it only for movable pages (CMA)"})
                                  : std::string()});
  add_list_rows(ledger, read);
  add_kernel_rows(ledger, read);
  add_row(ledger, {"hugetlb", "huge page pools", hugepage_pools(memory), true,
                   "set aside, also while free"});
  close_ledger(ledger);
  return ledger;
}

}  // namespace oomkit
