#include "explain/catalogue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "explain/amounts.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {

const std::array<FindingKind, kFindingCount> kFindings = {{
    {FindingId::memcg_limit, "memcg-limit", find_memcg_limit, true},
    {FindingId::host_exhausted, "host-exhausted", find_host_exhausted, true},
    {FindingId::cpuset_exhausted, "cpuset-exhausted", find_cpuset_exhausted},
    {FindingId::mempolicy_exhausted, "mempolicy-exhausted", find_mempolicy_exhausted},
    {FindingId::lowmem_exhausted, "lowmem-exhausted", find_lowmem_exhausted},
    {FindingId::fragmentation, "fragmentation", find_fragmentation},
    {FindingId::swap_absent, "swap-absent", find_swap_absent},
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
    {FindingId::victim_not_largest, "victim-not-largest", find_victim_not_largest},
    {FindingId::victim_not_culprit, "victim-not-culprit", find_victim_not_culprit},
    {FindingId::scores_degenerate, "scores-degenerate", find_scores_degenerate},
    {FindingId::protected_victim, "protected-victim", find_protected_victim},
    {FindingId::allocating_task_killed, "allocating-task-killed", find_allocating_task_killed},
    {FindingId::group_kill, "group-kill", find_group_kill},
    {FindingId::killed_descendant, "killed-descendant", find_killed_descendant},
    {FindingId::not_reaped, "not-reaped", find_not_reaped},
    {FindingId::no_killable_task, "no-killable-task", find_no_killable_task},
    {FindingId::kernel_panic, "kernel-panic", find_kernel_panic},
    {FindingId::repeated_kills, "repeated-kills", nullptr},
    {FindingId::growing_culprit, "growing-culprit", nullptr},
    {FindingId::time_to_next_kill, "time-to-next-kill", nullptr},
    {FindingId::userspace_kill, "userspace-kill", find_userspace_kill, true},
    {FindingId::cgroup_deleted, "cgroup-deleted", find_cgroup_deleted},
    {FindingId::truncated_report, "truncated-report", find_truncated_report, true},
    {FindingId::free_but_unusable, "free-but-unusable", find_free_but_unusable},
    {FindingId::parent_limit, "parent-limit", find_parent_limit},
    {FindingId::memsw_limit, "memsw-limit", find_memsw_limit},
    {FindingId::kernel_memory, "kernel-memory", find_kernel_memory},
    {FindingId::many_workers, "many-workers", find_many_workers},
    {FindingId::single_process, "single-process", find_single_process},
    {FindingId::swap_unusable, "swap-unusable", find_swap_unusable},
    {FindingId::dirty_cache, "dirty-cache", find_dirty_cache},
    {FindingId::unevictable_heavy, "unevictable-heavy", find_unevictable_heavy},
    {FindingId::manual_request, "manual-request", find_manual_request},
    {FindingId::container_exit, "container-exit", find_container_exit, true},
    {FindingId::reports_suppressed, "reports-suppressed", find_reports_suppressed},
}};

std::string_view name_of(FindingId id) {
  return kFindings[static_cast<std::size_t>(id)].name;
}

std::string_view name_of(Severity severity) {
  constexpr std::array<std::string_view, 4> kNames = {"info", "notice", "warning", "critical"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::vector<Finding> find_all(const Context& context, bool brief) {
  std::vector<Finding> findings;
  findings.reserve(brief ? 8 : 16);
  for (const FindingKind& kind : kFindings) {
    if (kind.rule == nullptr || (brief && kind.skipped_in_brief)) continue;
    auto finding = kind.rule(context);
    if (!finding) continue;
    // What rests on the report as a whole points at where it begins.
    if (finding->lines.empty()) add_evidence(finding->lines, context.report.first_line);
    findings.push_back(*std::move(finding));
  }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

Finding say(FindingId id, Severity severity, std::string title, std::string detail) {
  return Finding{id, severity, std::move(title), std::move(detail), {}, {}, {}};
}

Number bytes_number(std::string_view name, Bytes amount) {
  return Number{std::string(name), amount.count()};
}
Number count_number(std::string_view name, std::int64_t count) {
  return Number{std::string(name), count};
}
Number share_number(std::string_view name, Bytes part, Bytes whole) {
  return Number{std::string(name), percent_of(part, whole)};
}

}  // namespace oomkit
