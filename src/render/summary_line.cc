#include "render/summary_line.h"

#include <algorithm>

#include "core/size_text.h"
#include "kernel/totalpages.h"
#include "render/quantity.h"

namespace oomkit {
namespace {

std::string time_of(const Snapshot& at) {
  if (at.time) return short_time_text(*at.time);
  if (!at.uptime) return "";
  const std::int64_t us = at.uptime->count() / 1000;
  std::string fraction = std::to_string(us % 1'000'000);
  fraction.insert(0, 6 - std::min<std::size_t>(fraction.size(), 6), '0');
  return "[" + std::to_string(us / 1'000'000) + "." + fraction + "]";
}

// What the victim held, by its kill line or by its row in the table.
std::optional<Bytes> size_of(const Victim& victim, const Snapshot& at) {
  if (victim.anon_rss) {
    return to_bytes(*victim.anon_rss) + to_bytes(victim.file_rss.value_or(KiB(0))) +
           to_bytes(victim.shmem_rss.value_or(KiB(0)));
  }
  if (victim.rss) return to_bytes(*victim.rss);
  if (!victim.pid || !at.page_size) return std::nullopt;
  const auto row = std::find_if(at.tasks.begin(), at.tasks.end(),
                                [&](const Task& task) { return task.pid == *victim.pid; });
  if (row == at.tasks.end() || !row->rss) return std::nullopt;
  return to_bytes(*row->rss, *at.page_size);
}

std::string begin_of(const std::string& id) {
  constexpr std::size_t kShown = 8;
  return id.size() <= kShown ? id : id.substr(0, kShown) + "…";
}

std::string last_component(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string memcg_scope(const Explanation& explanation) {
  if (explanation.limit_owner) {
    const CgroupIdentity& owner = *explanation.limit_owner;
    if (owner.owner == CgroupOwner::pod && explanation.pod_name)
      return "pod " + *explanation.pod_name;
    if (owner.owner == CgroupOwner::pod && owner.pod_uid) return "pod " + begin_of(*owner.pod_uid);
    if (owner.container_id) return "container " + begin_of(*owner.container_id);
    if (owner.unit) return *owner.unit;
    if (owner.lxc) return "lxc " + *owner.lxc;
  }
  const auto& memcg = explanation.report.at.memcg;
  if (memcg && memcg->oom_path && *memcg->oom_path != "/") return last_component(*memcg->oom_path);
  return "cgroup";
}

std::string scope_of(const Explanation& explanation) {
  const OomReport& report = explanation.report;
  if (!report.victims.empty() && report.victims.front().cgroup)
    return last_component(*report.victims.front().cgroup);
  switch (report.constraint) {
    case Constraint::memcg:
      return memcg_scope(explanation);
    case Constraint::cpuset:
      return "cpuset";
    case Constraint::memory_policy:
      return "memory policy";
    case Constraint::none:
      return "whole host";
    case Constraint::unknown:
      break;
  }
  return "";
}

std::string limit_of(const Explanation& explanation) {
  const OomReport& report = explanation.report;
  if (report.constraint == Constraint::memcg) {
    if (!report.at.memcg || !report.at.memcg->memory || !report.at.memcg->memory->limit) return "";
    return size_text(to_bytes(*report.at.memcg->memory->limit)) + " limit";
  }
  if (!report.at.host_memory || !report.at.page_size) return "";
  const auto managed = host_managed(*report.at.host_memory);
  return managed ? size_text(to_bytes(*managed, *report.at.page_size)) + " RAM" : "";
}

// The cause in a few words; "" where the other columns say it already, or where it is no
// cause.
std::string_view cause_of(FindingId id) {
  switch (id) {
    case FindingId::socket_memory:
      return "socket buffers";
    case FindingId::shmem_heavy:
      return "tmpfs and shared memory";
    case FindingId::slab_unreclaimable:
      return "kernel slab";
    case FindingId::kernel_memory:
      return "kernel memory";
    case FindingId::pagetables_heavy:
      return "page tables";
    case FindingId::kernel_stack_heavy:
      return "kernel stacks";
    case FindingId::hugetlb_reserved:
      return "huge pages set aside";
    case FindingId::unaccounted_memory:
      return "memory that nobody accounts for";
    case FindingId::unevictable_heavy:
      return "locked memory";
    case FindingId::dirty_cache:
      return "dirty pages on a slow disk";
    case FindingId::fragmentation:
      return "no block large enough";
    case FindingId::lowmem_exhausted:
      return "low memory exhausted";
    case FindingId::many_workers:
      return "many small processes together";
    case FindingId::single_process:
      return "one process held most of it";
    case FindingId::manual_request:
      return "asked for by sysrq f";
    case FindingId::page_cache_thrash:
      return "thrashing";
    case FindingId::victim_not_culprit:
      return "victim, not the cause";
    case FindingId::memsw_limit:
      return "limit of memory and swap together";
    case FindingId::parent_limit:
      return "limit of a group above the victim's";
    case FindingId::swap_full:
      return "swap full";
    default:
      return "";
  }
}

std::string note_of(const Explanation& explanation) {
  const OomReport& report = explanation.report;
  std::string note;
  if (report.killer != Killer::kernel) note = "by " + std::string(name_of(report.killer));
  for (const Finding& finding : explanation.findings) {
    const std::string_view cause = cause_of(finding.id);
    if (cause.empty()) continue;
    if (!note.empty()) note += ": ";
    note += cause;
    break;
  }
  if (!report.complete && note.empty()) note = "report incomplete";
  return note;
}

}  // namespace

SummaryLine make_summary_line(std::size_t index, const Explanation& explanation) {
  const OomReport& report = explanation.report;
  SummaryLine line;
  line.report = index;
  line.time = time_of(report.at);
  line.host = report.at.host.value_or("");
  line.scope = scope_of(explanation);
  line.limit = limit_of(explanation);
  line.note = note_of(explanation);
  if (report.victims.empty()) {
    line.victim = report.verdict == Verdict::panic         ? "(kernel panic)"
                  : report.verdict == Verdict::no_killable ? "(nobody to kill)"
                                                           : "(not in the log)";
    return line;
  }
  const Victim& first = report.victims.front();
  line.victim = first.comm.value_or("?");
  if (report.victims.size() > 1) line.victim += " +" + std::to_string(report.victims.size() - 1);
  if (first.pid) line.pid = std::to_string(*first.pid);
  if (const auto size = size_of(first, report.at)) line.size = size_text(*size);
  return line;
}

}  // namespace oomkit
