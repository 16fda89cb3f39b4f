// What every rule of the catalogue needs to know of a report, worked out once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "explain/amounts.h"
#include "explain/explanation.h"
#include "explain/memcg_amounts.h"
#include "kernel/gfp.h"
#include "model/kernel_version.h"

namespace oomkit {

// What was short. Judged by the evidence that is best: which cgroup the kernel names and
// what its message begins with, before the printed constraint, which some kernels get wrong.
enum class Scope { host, memcg, unknown };

// By what the tasks were ranked.
struct Judgement {
  KernelVersion version;
  bool other_rule = false;    // Another version's rule explains the choice, the stated one's not.
  bool totals_known = false;  // Without totalpages a ranking is sound only if all adj are 0.
  bool totals_exact = false;
};

struct Context {
  explicit Context(const Explanation& explanation);

  const Explanation& said;  // Ledger, ranking, zones and owners, as far as they are made.
  const OomReport& report;
  const HostMemory* host = nullptr;  // Null if the log has none of it.
  const MemcgReport* memcg = nullptr;
  Scope scope = Scope::unknown;

  std::optional<KernelVersion> version;
  bool version_stated = false;
  std::optional<PageSize> page_size;
  std::optional<MemcgAmounts> amounts;

  // Who died. From the kill lines, else from the line that names the choice.
  std::optional<Victim> victim;
  std::optional<std::size_t> victim_row;  // Its row of the task table.
  std::optional<std::size_t> chosen_row;  // The row of the selection's own choice.
  std::optional<Bytes> victim_use;        // use_bytes() of its row, or its kill line's.
  std::optional<Bytes> victim_rss;

  std::optional<std::size_t> largest_row;  // By use_bytes().
  std::optional<Bytes> largest_use;
  std::optional<Bytes> tasks_rss;  // Sum over the table.

  // The limit of the memcg, or the host's RAM: what shares are shares of.
  std::optional<Bytes> whole;

  std::optional<Judgement> judgement;  // Set with the ranking.

  GfpMeaning request;
  bool request_known = false;
  int order = 0;

  bool in_group() const { return scope == Scope::memcg; }
  std::uint64_t statistics_line() const;  // The line of what memory is used for; 0: none.
  bool killed() const { return report.verdict == Verdict::killed || !report.victims.empty(); }
  const Task& row(std::size_t index) const { return report.at.tasks[index]; }
  std::optional<std::int32_t> victim_adj() const;
  std::string victim_text() const;  // "xray (pid 1586608)", "an unnamed process".
  std::string whole_text() const;   // "the 200.0 MiB limit", "23.5 GiB of RAM".
  std::string scope_place() const;  // "in the group", "on the host".
};

Scope scope_of(const OomReport& report);

// Page size proven by the log's numbers, or by an architecture that has only one.
std::optional<PageSize> page_size_of(const OomReport& report);

// Pages as bytes where the page size is known. Here and not in context.cc, for these are
// asked several times of each row of each report.
inline std::optional<Bytes> bytes_of_pages(std::optional<Pages> pages,
                                           std::optional<PageSize> page_size) {
  if (!pages || !page_size) return std::nullopt;
  return to_bytes(*pages, *page_size);
}

inline std::optional<Bytes> rss_bytes(const Task& task, std::optional<PageSize> page_size) {
  if (task.rss) return bytes_of_pages(task.rss, page_size);
  if (!task.rss_anon) return std::nullopt;
  const Pages sum = plus(plus(*task.rss_anon, task.rss_file.value_or(Pages(0))),
                         task.rss_shmem.value_or(Pages(0)));
  return bytes_of_pages(sum, page_size);
}

// The row with that pid, or with that thread group; nothing if there is none.
std::optional<std::size_t> find_row(const std::vector<Task>& tasks, std::int64_t pid);

// Page tables of a task; like pgtables_bytes() of the model, saturating.
inline std::optional<Bytes> task_pgtables(const Task& task, std::optional<PageSize> page_size) {
  if (task.pgtables) return task.pgtables;
  if (!task.nr_ptes) return std::nullopt;
  const std::int64_t pages = saturated_sum(saturated_sum(*task.nr_ptes, task.nr_pmds.value_or(0)),
                                           task.nr_puds.value_or(0));
  return bytes_of_pages(Pages(pages), page_size);
}

// What a process holds: rss and swap. Its page tables are a 512th of that, and left out, unless
// they are the larger part: then it is they by which it fills memory.
inline Bytes use_beside(Bytes rss, const Task& task, std::optional<PageSize> page_size) {
  const Bytes use = plus(rss, bytes_of_pages(task.swapents, page_size).value_or(Bytes(0)));
  const Bytes tables = task_pgtables(task, page_size).value_or(Bytes(0));
  return tables > use ? plus(use, tables) : use;
}
inline std::optional<Bytes> use_bytes(const Task& task, std::optional<PageSize> page_size) {
  const auto rss = rss_bytes(task, page_size);
  if (!rss) return std::nullopt;
  return use_beside(*rss, task, page_size);
}

}  // namespace oomkit
