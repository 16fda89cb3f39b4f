#include "klog/writer.h"

#include <string>
#include <string_view>
#include <utility>

#include "klog/writer_parts.h"

namespace oomkit {
namespace {

std::string_view reason_of(const OomReport& report, const VerdictFormat& format, bool memcg_scope) {
  if (memcg_scope) return "Memory cgroup out of memory";
  if (report.allocating_task_killed) return "Out of memory (oom_kill_allocating_task)";
  if (report.constraint == Constraint::memory_policy && format.policy_reason)
    return "No available memory (MPOL_BIND)";
  if (report.constraint == Constraint::cpuset && format.cpuset_reason)
    return "No available memory in cpuset";
  return "Out of memory";
}

// The line belongs to the part that is rate-limited: in a storm of kills only the last lines
// are there.
bool has_oom_kill_line(const OomReport& report, const VerdictFormat& format) {
  if (!format.oom_kill_line || report.verdict != Verdict::killed) return false;
  return report.trigger || (report.selection && report.selection->constraint_word);
}

Printing printing_of(const OomReport& report, const KernelVersion& version) {
  Printing printing;
  printing.version = version;
  printing.format = oom_format(version);
  printing.page_size = report.at.page_size.value_or(PageSize::k4K);
  printing.memcg_scope =
      report.constraint == Constraint::memcg && printing.format.verdict.memcg_reason;
  printing.kills = report.verdict == Verdict::killed;
  printing.oom_kill_line = has_oom_kill_line(report, printing.format.verdict);
  printing.reason = reason_of(report, printing.format.verdict, printing.memcg_scope);
  return printing;
}

bool says_nothing(const OomReport& report, const Printing& printing) {
  if (report.killer != Killer::kernel) return true;
  return report.verdict == Verdict::no_killable && !printing.format.verdict.no_task_line;
}

// 5.0 moved the node mask from the trigger line into the oom-kill line: it is the same mask.
void share_nodemask(OomReport& report) {
  std::optional<std::string> nodemask;
  if (report.trigger) nodemask = report.trigger->nodemask;
  if (!nodemask && report.selection) nodemask = report.selection->nodemask;
  if (!nodemask) return;
  if (report.trigger) report.trigger->nodemask = nodemask;
  if (!report.selection) report.selection.emplace();
  report.selection->nodemask = nodemask;
}

OomReport reduced(const OomReport& full, const Printing& printing) {
  OomReport report = strip_provenance(full);
  share_nodemask(report);
  reduce_verdict(report, printing);
  reduce_head(report, printing);
  reduce_memory(report, printing);
  reduce_memcg(report, printing);
  reduce_tasks(report, printing);
  return report;
}

}  // namespace

std::string write_report(const OomReport& report, const KernelVersion& version) {
  std::string text;
  const Printing printing = printing_of(report, version);
  if (says_nothing(report, printing)) return text;
  const OomReport printed = reduced(report, printing);
  LineWriter out(text);
  write_sysrq_and_trigger(printed, printing, out);
  write_stack(printed, printing, out);
  if (printed.at.memcg) write_memcg(*printed.at.memcg, printing, out);
  if (printed.at.host_memory) write_memory(*printed.at.host_memory, printing, out);
  if (printed.at.memcg) write_protection(*printed.at.memcg, printing, out);
  write_tasks(printed, printing, out);
  write_verdict(printed, printing, out);
  return text;
}

OomReport as_printed_by(const OomReport& report, const KernelVersion& version) {
  const Printing printing = printing_of(report, version);
  if (says_nothing(report, printing)) return {};
  OomReport printed = reduced(report, printing);
  reduce_conclusions(printed, printing);
  return printed;
}

}  // namespace oomkit
