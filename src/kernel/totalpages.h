// "totalpages": what a scope may use at most, the measure of oom_score_adj.
//
// constrained_alloc() in mm/oom_kill.c; for a memcg mem_cgroup_get_max() in
// mm/memcontrol.c, which counts swap in differently by version.
#pragma once

#include <cstdint>
#include <optional>

#include "core/units.h"
#include "model/oom_report.h"

namespace oomkit {

struct TotalPages {
  Pages pages;
  bool exact = true;  // False: the log lacks a term (swap of the host, swappiness, a node mask).
};

// Nothing if the report does not say enough (no limit, no RAM line, no page size).
std::optional<TotalPages> totalpages_of(const OomReport& report);

// The totalpages that would print `score` for a task: the other way round, to check the
// sum above against what the kernel itself worked with (2.6.36 to 5.1 print a score).
struct TotalPagesRange {
  Pages low, high;  // Both included.
};
// `own` are the task's pages (rss, swap, page tables). Nothing where the score tells
// nothing: 0, or all of it comes from oom_score_adj.
std::optional<TotalPagesRange> totalpages_of_score(Pages own, int oom_score_adj,
                                                   std::int64_t score);

// RAM + swap of the host, which /proc/PID/oom_score is relative to in every scope.
std::optional<Pages> host_totalpages(const HostMemory& memory, PageSize page_size);

// RAM of the host that the page allocator ever had: "pages RAM" - "pages reserved".
std::optional<Pages> host_managed(const HostMemory& memory);

}  // namespace oomkit
