// A finding: one thing that is true of a report, with its sum and its evidence.
//
// The catalogue of ids, rules and sums is docs/FINDINGS.md; a test holds it and
// kFindings together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/units.h"

namespace oomkit {

enum class Severity { info, notice, warning, critical };

enum class FindingId {
  memcg_limit,
  host_exhausted,
  cpuset_exhausted,
  mempolicy_exhausted,
  lowmem_exhausted,
  fragmentation,
  swap_absent,
  swap_full,
  socket_memory,
  page_cache_thrash,
  shmem_heavy,
  slab_unreclaimable,
  pagetables_heavy,
  kernel_stack_heavy,
  hugetlb_reserved,
  unaccounted_memory,
  memory_sums,
  why_this_victim,
  victim_not_largest,
  victim_not_culprit,
  scores_degenerate,
  protected_victim,
  allocating_task_killed,
  group_kill,
  killed_descendant,
  not_reaped,
  no_killable_task,
  kernel_panic,
  repeated_kills,
  growing_culprit,
  time_to_next_kill,
  userspace_kill,
  cgroup_deleted,
  truncated_report,
  // Beyond the contract's list:
  free_but_unusable,  // "There was free memory": the test that failed, zone by zone.
  parent_limit,       // The limit that was met is an ancestor's, not the victim's own.
  memsw_limit,        // memory+swap was the limit that bound.
  kernel_memory,      // The group is full of kernel memory: no process is to blame.
  many_workers,       // Hundreds of like-named processes share the blame.
  single_process,     // One process alone holds most of the limit or of RAM.
  swap_unusable,      // Swap is free and could not help.
  dirty_cache,        // File pages that a slow disk has yet to take.
  unevictable_heavy,  // mlock()ed and other pages that reclaim may not touch.
  manual_request,     // sysrq f: somebody asked, nothing was short.
  container_exit,     // What the container's runtime makes of the kill: exit code 137.
  reports_suppressed,
  kCount,
};

std::string_view name_of(FindingId id);  // "memcg-limit"
std::string_view name_of(Severity severity);

// A named number of the sum. Names end in their unit: "sock_bytes", "share_percent", "refaults".
struct Number {
  std::string name;
  std::variant<std::int64_t, double> value;
};

struct Finding {
  FindingId id;
  Severity severity = Severity::info;
  std::string title;   // "175.1 MiB of the 200.0 MiB limit are socket buffers"
  std::string detail;  // One to three sentences, with the sum.
  std::vector<Number> numbers;
  std::vector<std::uint64_t> lines;  // Evidence.
  std::vector<std::string> advice;   // Concrete, or empty.
};

}  // namespace oomkit
