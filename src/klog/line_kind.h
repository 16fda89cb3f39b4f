// What a line of kernel text is, told from its first bytes and a few words.
//
// The first step of reading: cheap, without state, and never wrong about a line that is
// whole. What a line says is read by the lines_*.h of its kind, and what it means in its
// place is decided by the assembly.
#pragma once

#include <cstdint>
#include <string_view>

namespace oomkit {

enum class LineKind : std::uint8_t {
  unknown,
  blank,
  elision,        // "...", "[...]", "--", "<snip>": somebody took lines out.
  register_dump,  // Registers, Code:, stack words: of no interest, but of the report.

  // The head.
  trigger,
  cpuset,
  cpu,
  hardware,
  workqueue,
  trace_begin,
  frame,

  // The memory of the host.
  mem_info,
  per_cpu,
  counters,
  node,
  zone,
  node_prefix,  // "Node 0" alone: the rest of a torn line follows.
  lowmem_reserve,
  free_list,
  hugepages,
  page_total,  // "130972 pages RAM", "180 total pagecache pages".
  swap_total,  // "Free swap  = 0kB", "Total swap = 0kB".
  slab_begin,
  slab_row,
  allocations_begin,

  // The memory of a cgroup.
  memcg_task_in,
  memcg_counter,
  memcg_stat_begin,
  stat_pair,
  memcg_protection,

  // The tasks.
  task_title,
  task_header,
  task_row,

  // The verdict.
  oom_kill,
  kill_choice,
  killed,
  shares_memory,
  already_exiting,
  group_begin,
  reaped,
  unable_to_reap,
  mm_pinned,
  no_killable,
  panic,
  sysrq,
  request_ignored,

  // About the log itself.
  suppressed,
  lines_lost,

  // Not an OOM kill.
  page_failure,
  slub_failure,
  slub_detail,
  vmalloc_failure,
  overcommit,
  hung_task,

  // Killers in user space.
  daemon,
};

LineKind classify(std::string_view text);

// Kinds that ordinary text, or the second half of a wrapped line, may look like: they
// count only in their place.
constexpr bool is_weak(LineKind kind) {
  return kind == LineKind::unknown || kind == LineKind::stat_pair || kind == LineKind::counters ||
         kind == LineKind::slab_row || kind == LineKind::page_total;
}

}  // namespace oomkit
