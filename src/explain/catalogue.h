// The catalogue of findings: id, name, rule, one row each.
//
// To add a finding: an id in finding.h, its rule in the file of its family, a row here,
// and its entry in docs/FINDINGS.md, which a test compares with this table.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "explain/context.h"
#include "explain/finding.h"
#include "explain/rules.h"

namespace oomkit {

struct FindingKind {
  FindingId id;
  std::string_view name;
  // Null for what only several reports together can show (incident.h).
  std::optional<Finding> (*rule)(const Context& context);
  // What a line of --summary says in other words, or never says.
  bool skipped_in_brief = false;
};

inline constexpr std::size_t kFindingCount = static_cast<std::size_t>(FindingId::kCount);

// By id: kFindings[i].id is i.
inline constexpr std::array<FindingKind, kFindingCount> kFindings = {{
    {FindingId::memcg_limit, "memcg-limit", find_memcg_limit, true},
    {FindingId::host_exhausted, "host-exhausted", find_host_exhausted, true},
    {FindingId::cpuset_exhausted, "cpuset-exhausted", find_cpuset_exhausted, true},
    {FindingId::mempolicy_exhausted, "mempolicy-exhausted", find_mempolicy_exhausted, true},
    {FindingId::lowmem_exhausted, "lowmem-exhausted", find_lowmem_exhausted},
    {FindingId::fragmentation, "fragmentation", find_fragmentation},
    {FindingId::swap_absent, "swap-absent", find_swap_absent, true},
    {FindingId::swap_full, "swap-full", find_swap_full},
    {FindingId::socket_memory, "socket-memory", find_socket_memory},
    {FindingId::page_cache_thrash, "page-cache-thrash", find_page_cache_thrash},
    {FindingId::shmem_heavy, "shmem-heavy", find_shmem_heavy},
    {FindingId::slab_unreclaimable, "slab-unreclaimable", find_slab_unreclaimable},
    {FindingId::pagetables_heavy, "pagetables-heavy", find_pagetables_heavy},
    {FindingId::kernel_stack_heavy, "kernel-stack-heavy", find_kernel_stack_heavy},
    {FindingId::hugetlb_reserved, "hugetlb-reserved", find_hugetlb_reserved},
    {FindingId::unaccounted_memory, "unaccounted-memory", find_unaccounted_memory},
    {FindingId::memory_sums, "memory-sums", find_memory_sums, true},
    {FindingId::why_this_victim, "why-this-victim", find_why_this_victim, true},
    {FindingId::victim_not_largest, "victim-not-largest", find_victim_not_largest, true},
    {FindingId::victim_not_culprit, "victim-not-culprit", find_victim_not_culprit},
    {FindingId::scores_degenerate, "scores-degenerate", find_scores_degenerate, true},
    {FindingId::protected_victim, "protected-victim", find_protected_victim, true},
    {FindingId::allocating_task_killed, "allocating-task-killed", find_allocating_task_killed,
     true},
    {FindingId::group_kill, "group-kill", find_group_kill, true},
    {FindingId::killed_descendant, "killed-descendant", find_killed_descendant, true},
    {FindingId::not_reaped, "not-reaped", find_not_reaped, true},
    {FindingId::no_killable_task, "no-killable-task", find_no_killable_task, true},
    {FindingId::kernel_panic, "kernel-panic", find_kernel_panic, true},
    {FindingId::repeated_kills, "repeated-kills", nullptr},
    {FindingId::growing_culprit, "growing-culprit", nullptr},
    {FindingId::time_to_next_kill, "time-to-next-kill", nullptr},
    {FindingId::userspace_kill, "userspace-kill", find_userspace_kill, true},
    {FindingId::cgroup_deleted, "cgroup-deleted", find_cgroup_deleted, true},
    {FindingId::truncated_report, "truncated-report", find_truncated_report, true},
    {FindingId::free_but_unusable, "free-but-unusable", find_free_but_unusable, true},
    {FindingId::parent_limit, "parent-limit", find_parent_limit},
    {FindingId::memsw_limit, "memsw-limit", find_memsw_limit},
    {FindingId::kernel_memory, "kernel-memory", find_kernel_memory},
    {FindingId::many_workers, "many-workers", find_many_workers},
    {FindingId::single_process, "single-process", find_single_process},
    {FindingId::swap_unusable, "swap-unusable", find_swap_unusable, true},
    {FindingId::dirty_cache, "dirty-cache", find_dirty_cache},
    {FindingId::unevictable_heavy, "unevictable-heavy", find_unevictable_heavy},
    {FindingId::manual_request, "manual-request", find_manual_request},
    {FindingId::container_exit, "container-exit", find_container_exit, true},
    {FindingId::reports_suppressed, "reports-suppressed", find_reports_suppressed, true},
}};

// All that is true of the report: most severe first, equals in the order of the catalogue.
std::vector<Finding> find_all(const Context& context, bool brief);

// For rules: a finding with its words, numbers and lines.
Finding say(FindingId id, Severity severity, std::string title, std::string detail);
Number bytes_number(std::string_view name, Bytes amount);
Number count_number(std::string_view name, std::int64_t count);
Number share_number(std::string_view name, Bytes part, Bytes whole);  // In per cent.

}  // namespace oomkit
