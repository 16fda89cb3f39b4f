// The head of a report: who asked for what, on which kernel, by which path.
#include <array>
#include <cstdint>

#include "core/text.h"
#include "kernel/badness.h"
#include "kernel/gfp.h"
#include "klog/writer_parts.h"

namespace oomkit {
namespace {

constexpr std::string_view kTaintLetters = "PFSRMBUDAWCIOELKXTNJ";
constexpr std::string_view kTainted = "Tainted: ";

// Each taint has its column, blank if unset; the first is G if no module is proprietary.
std::string taint_columns(std::string_view taint, std::size_t columns) {
  if (taint.substr(0, kTainted.size()) != kTainted) return "Not tainted";
  std::string text(kTainted);
  const std::string_view letters = taint.substr(kTainted.size());
  for (const char letter : kTaintLetters.substr(0, columns)) {
    const bool set = letters.find(letter) != std::string_view::npos;
    const char unset = letter == 'P' ? 'G' : ' ';
    text.push_back(set ? letter : unset);
  }
  return text;
}

// The report's own release if it is one of that version, else the version itself.
std::string release_of(const OomReport& report, const KernelVersion& version) {
  if (report.at.kernel_release) {
    const auto own = parse_kernel_version(*report.at.kernel_release);
    const bool same = own && own->major == version.major && own->minor == version.minor;
    // Up to 2.6 the third number is the release.
    if (same && (version.major > 2 || own->patch == version.patch))
      return *report.at.kernel_release;
  }
  return to_string(version) + (version.patch == 0 && version.major > 2 ? ".0" : "");
}

std::int64_t uid_of_trigger(const OomReport& report) {
  for (const Task& task : report.at.tasks) {
    if (task.pid == report.trigger->pid) return task.uid.value_or(0);
  }
  return 0;
}

std::string flags_text(std::uint64_t mask, const KernelVersion& version) {
  std::string text;
  for (const std::string& flag : decode_gfp(mask, gfp_layout(version)))
    text.append(text.empty() ? "" : "|").append(flag);
  return text;
}

void reduce_request(Trigger& trigger, const Printing& printing) {
  const HeadFormat& format = printing.format.head;
  if (!trigger.gfp_mask) trigger.gfp_mask = 0;
  if (!format.gfp_text) trigger.gfp_text.reset();
  if (format.gfp_text && !trigger.gfp_text)
    trigger.gfp_text = flags_text(*trigger.gfp_mask, printing.version);

  const std::optional<int> adj = trigger.oom_adj;
  if (format.adj_word.empty()) {
    trigger.oom_adj.reset();
  } else if (!adj) {
    trigger.oom_adj = oom_adj_of_score_adj(trigger.oom_score_adj.value_or(0));
  }
  if (!format.score_adj) {
    trigger.oom_score_adj.reset();
  } else if (!trigger.oom_score_adj) {
    trigger.oom_score_adj = score_adj_of_oom_adj(adj.value_or(0));
  }
}

void reduce_cpu_line(OomReport& report, const Printing& printing) {
  const HeadFormat& format = printing.format.head;
  Trigger& trigger = *report.trigger;
  if (format.cpu_line == CpuLineForm::absent || !trigger.pid) {
    trigger.pid.reset();
    trigger.uid.reset();
    trigger.cpu.reset();
    report.taint.reset();
    report.at.kernel_release.reset();
    report.hardware.reset();
    return;
  }
  if (format.cpu_line == CpuLineForm::cpu_uid_pid) {
    trigger.uid = printed_unsigned(trigger.uid ? *trigger.uid : uid_of_trigger(report));
  } else {
    trigger.uid.reset();
  }
  if (format.cpu_line == CpuLineForm::pid_comm) {
    trigger.cpu.reset();
  } else if (!trigger.cpu) {
    trigger.cpu = 0;
  }
  const std::string taint = taint_columns(report.taint.value_or(""), format.taint_columns);
  report.taint = trim_right(taint);
  report.at.kernel_release = release_of(report, printing.version);
  if (!format.hardware_line) report.hardware.reset();
}

void write_cpu_line(const OomReport& report, const Printing& printing, LineWriter& out) {
  const HeadFormat& format = printing.format.head;
  const Trigger& trigger = *report.trigger;
  if (!trigger.pid) return;
  if (format.cpu_line == CpuLineForm::pid_comm) {
    out.text("Pid: ").number(*trigger.pid).text(", comm: ").text(trigger.comm);
  } else {
    out.text("CPU: ").number(*trigger.cpu);
    if (trigger.uid) out.text(" UID: ").number(*trigger.uid);
    out.text(" PID: ").number(*trigger.pid).text(" Comm: ").text(trigger.comm);
  }
  out.text(" ").text(taint_columns(*report.taint, format.taint_columns));
  out.text(" ").text(*report.at.kernel_release).text(" ").text(format.build).end();
}

// Offsets belong to a build that nobody has: made up, the same for the same function.
struct WrittenFrame {
  std::uint32_t address;
  std::uint32_t offset;
  std::uint32_t size;
};
WrittenFrame frame_of(std::string_view function) {
  std::uint32_t hash = 2166136261U;
  for (const char c : function)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  const std::uint32_t size = 0x30 + (hash >> 8) % 0x3d0;
  return {0x81000000U | (hash & 0xffffffU), 0x10 + hash % (size - 0x10), size};
}

}  // namespace

void reduce_head(OomReport& report, const Printing& printing) {
  const HeadFormat& format = printing.format.head;
  if (!report.trigger) {
    report.stack.clear();
    report.taint.reset();
    report.at.kernel_release.reset();
    report.hardware.reset();
    return;
  }
  Trigger& trigger = *report.trigger;
  reduce_request(trigger, printing);

  if (report.manual && format.sysrq_order) {
    trigger.order = -1;
  } else if (trigger.order.value_or(0) < 0) {
    trigger.order = 0;
  }
  if (!trigger.order) trigger.order = 0;

  if (!format.nodemask) {
    trigger.nodemask.reset();
  } else if (!trigger.nodemask && format.nodemask_effective && report.selection) {
    trigger.nodemask = report.selection->mems_allowed;
  }
  reduce_cpu_line(report, printing);
}

void write_sysrq_and_trigger(const OomReport& report, const Printing& printing, LineWriter& out) {
  const HeadFormat& format = printing.format.head;
  if (report.manual) out.text(format.sysrq_line).end();
  if (!report.trigger) return;
  const Trigger& trigger = *report.trigger;

  out.text(trigger.comm).text(" invoked oom-killer: gfp_mask=0x").hex(*trigger.gfp_mask);
  if (trigger.gfp_text) out.text("(").text(*trigger.gfp_text).text(")");
  if (format.nodemask) out.text(", nodemask=").text(trigger.nodemask.value_or("(null)"));
  out.text(", order=").number(*trigger.order);
  if (trigger.oom_adj) out.text(", ").text(format.adj_word).text("=").number(*trigger.oom_adj);
  if (trigger.oom_score_adj) out.text(", oom_score_adj=").number(*trigger.oom_score_adj);
  out.end();

  if (format.cpuset_line && report.selection && report.selection->cpuset &&
      report.selection->mems_allowed) {
    out.text(trigger.comm).text(" cpuset=").text(*report.selection->cpuset);
    out.text(" mems_allowed=").text(*report.selection->mems_allowed).end();
  }
  write_cpu_line(report, printing, out);
  if (report.hardware) out.text("Hardware name: ").text(*report.hardware).end();
}

void write_stack(const OomReport& report, const Printing& printing, LineWriter& out) {
  if (report.stack.empty()) return;
  const StackForm form = printing.format.head.stack;
  out.text("Call Trace:").end();
  if (form == StackForm::tagged) out.text(" <TASK>").end();
  for (const std::string& function : report.stack) {
    const WrittenFrame frame = frame_of(function);
    if (form == StackForm::addresses) out.text(" [<ffffffff").hex(frame.address).text(">]");
    out.text(" ").text(function).text("+0x").hex(frame.offset).text("/0x").hex(frame.size).end();
  }
  if (form == StackForm::tagged) out.text(" </TASK>").end();
}

}  // namespace oomkit
