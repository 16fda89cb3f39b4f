// The rules: one function for each finding, in the file of its family.
//
// A rule says its finding, or nothing. It looks at the report through the context, at
// what was made of it before (ledger, ranking, zone tests) through context.said, and at
// nothing else. catalogue.cc has the table of all of them; docs/FINDINGS.md says when
// each is said.
#pragma once

#include <optional>

#include "explain/context.h"
#include "explain/finding.h"

namespace oomkit {

// limits.cc: which limit of a group was met, and whose.
std::optional<Finding> find_memcg_limit(const Context& context);
std::optional<Finding> find_parent_limit(const Context& context);
std::optional<Finding> find_memsw_limit(const Context& context);
std::optional<Finding> find_cgroup_deleted(const Context& context);

// host.cc: the host, or the nodes that a task may use.
std::optional<Finding> find_host_exhausted(const Context& context);
std::optional<Finding> find_cpuset_exhausted(const Context& context);
std::optional<Finding> find_mempolicy_exhausted(const Context& context);

// zones.cc: memory that was free and could not be had.
std::optional<Finding> find_lowmem_exhausted(const Context& context);
std::optional<Finding> find_fragmentation(const Context& context);
std::optional<Finding> find_free_but_unusable(const Context& context);

// swap.cc
std::optional<Finding> find_swap_absent(const Context& context);
std::optional<Finding> find_swap_full(const Context& context);
std::optional<Finding> find_swap_unusable(const Context& context);

// sums.cc: the ledger and what it leaves.
std::optional<Finding> find_memory_sums(const Context& context);
std::optional<Finding> find_unaccounted_memory(const Context& context);

// kernel_memory.cc: memory that the kernel took for itself.
std::optional<Finding> find_kernel_memory(const Context& context);
std::optional<Finding> find_slab_unreclaimable(const Context& context);
std::optional<Finding> find_pagetables_heavy(const Context& context);
std::optional<Finding> find_kernel_stack_heavy(const Context& context);
std::optional<Finding> find_hugetlb_reserved(const Context& context);

// cache.cc: sockets, tmpfs and pages of files.
std::optional<Finding> find_socket_memory(const Context& context);
std::optional<Finding> find_shmem_heavy(const Context& context);
std::optional<Finding> find_dirty_cache(const Context& context);
std::optional<Finding> find_unevictable_heavy(const Context& context);
std::optional<Finding> find_page_cache_thrash(const Context& context);

// processes.cc: who held the memory.
std::optional<Finding> find_single_process(const Context& context);
std::optional<Finding> find_many_workers(const Context& context);

// who.cc, victims.cc, degenerate.cc: why this victim.
std::optional<Finding> find_why_this_victim(const Context& context);
std::optional<Finding> find_victim_not_largest(const Context& context);
std::optional<Finding> find_victim_not_culprit(const Context& context);
std::optional<Finding> find_protected_victim(const Context& context);
std::optional<Finding> find_scores_degenerate(const Context& context);

// outcome.cc: what came of it.
std::optional<Finding> find_allocating_task_killed(const Context& context);
std::optional<Finding> find_group_kill(const Context& context);
std::optional<Finding> find_killed_descendant(const Context& context);
std::optional<Finding> find_not_reaped(const Context& context);
std::optional<Finding> find_no_killable_task(const Context& context);
std::optional<Finding> find_kernel_panic(const Context& context);
std::optional<Finding> find_userspace_kill(const Context& context);
std::optional<Finding> find_manual_request(const Context& context);
std::optional<Finding> find_container_exit(const Context& context);

// completeness.cc: what the log does not say.
std::optional<Finding> find_truncated_report(const Context& context);
std::optional<Finding> find_reports_suppressed(const Context& context);

}  // namespace oomkit
