// "totalpages": what a scope may use at most, the measure of oom_score_adj.
//
// constrained_alloc() in mm/oom_kill.c; for a memcg mem_cgroup_get_max() in
// mm/memcontrol.c, which counts swap in differently by version.
#pragma once

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

// RAM + swap of the host, which /proc/PID/oom_score is relative to in every scope.
std::optional<Pages> host_totalpages(const HostMemory& memory);

// RAM of the host that the page allocator ever had: "pages RAM" - "pages reserved".
std::optional<Pages> host_managed(const HostMemory& memory);

}  // namespace oomkit
