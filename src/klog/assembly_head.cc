// Assembly of a report's head: the trigger opens a report, and what follows it up to the
// memory dump says who asked, on which kernel, and by which path.
#include <algorithm>
#include <string>
#include <utility>

#include "klog/assembly_state.h"
#include "klog/line_text.h"
#include "klog/lines_head.h"

namespace oomkit {
namespace {

constexpr std::size_t kFramesMax = 64;
constexpr std::uint64_t kSysrqBefore = 64;
constexpr std::uint64_t kReleaseBefore = 256;

std::string text_of(std::string_view text) {
  return std::string(text);
}

void keep_words(std::optional<std::string>& target, std::string_view text) {
  constexpr std::size_t kMax = 512;
  if (!target && !text.empty()) target = std::string(trim(text.substr(0, kMax)));
}

// The sysrq handler asks from a work queue: "kworker/0:2", "events/0", "keventd".
bool is_worker(std::string_view comm) {
  return comm.starts_with("kworker") || comm.starts_with("events") || comm.starts_with("keventd");
}

bool asks_by_hand(std::string_view function) {
  return function.starts_with("moom_callback");
}

}  // namespace

void Assembly::State::on_trigger(const LogicalLine& line) {
  LineNotes notes{.cut = line.cut};
  const auto said = read_trigger(line.text, notes);
  if (!said) return;
  close_other(*current);
  OpenReport& report = start(line);
  if (!current->release.empty() && count - current->release_at <= kReleaseBefore) {
    report.release_near = current->release;
  }
  Trigger trigger;
  trigger.comm = text_of(said->comm);
  trigger.gfp_mask = said->gfp_mask;
  if (said->gfp_text) trigger.gfp_text = text_of(*said->gfp_text);
  if (said->nodemask) trigger.nodemask = text_of(*said->nodemask);
  trigger.order = said->order;
  trigger.oom_score_adj = said->oom_score_adj;
  trigger.oom_adj = said->oom_adj;
  trigger.line = line.line;
  const bool asked = sysrq_at != 0 && count - sysrq_at <= kSysrqBefore &&
                     sysrq_host == current->host && is_worker(trigger.comm);
  report.report.manual = asked || said->order == -1;
  report.report.trigger = std::move(trigger);
  report.report.suppressed_before = std::exchange(suppressed, 0);
  note_overflows(report, notes);
}

// The report whose head a line may be of: one whose memory dump has not begun, or what is
// on trial in a log that begins inside a head.
OpenReport* Assembly::State::head_report(const LogicalLine& line) {
  OpenReport* report = current->open;
  if (report != nullptr && !current->gap && report->phase == Phase::head) return report;
  if (report != nullptr && !current->gap && !current->tentative) return nullptr;
  OpenReport* trial = current->tentative.get();
  if (trial == nullptr) {
    // Traces are common: only at the top of a log may one be the end of a report's head.
    if (reports > 0 || line.line > kFramesMax) return nullptr;
    trial = &make_tentative(line);
  }
  return trial->phase == Phase::head ? trial : nullptr;
}

void Assembly::State::on_cpuset(const LogicalLine& line) {
  if (takes_other(line)) return;
  OpenReport* report = head_report(line);
  if (report == nullptr) return;
  const auto said = read_cpuset_line(line.text);
  if (!said) return;
  if (report->report.trigger && report->report.trigger->comm != said->comm) return;
  if (report->report.selection && report->report.selection->cpuset) return;
  Selection selection = report->report.selection.value_or(Selection());
  selection.cpuset = text_of(said->cpuset);
  // "0-1" at the end of a line that is cut may be "0-15".
  if (!line.cut) selection.mems_allowed = text_of(said->mems_allowed);
  if (selection.line == 0) selection.line = line.line;
  report->report.selection = std::move(selection);
  touch(*report, line);
}

void Assembly::State::on_cpu(const LogicalLine& line) {
  const auto said = read_cpu_line(line.text);
  if (!said) return;
  if (!said->release.empty()) {
    current->release = said->release;
    current->release_at = count;
  }
  if (takes_other(line)) return;
  OpenReport* report = head_report(line);
  if (report == nullptr) {
    // Behind a panic stands the CPU line once more: the same kernel.
    report = current->open;
    const bool of_panic =
        report != nullptr && report->report.verdict == Verdict::panic && is_near(*report, 16);
    if (!of_panic) return;
    if (!report->report.at.kernel_release && !said->release.empty()) {
      report->report.at.kernel_release = text_of(said->release);
    }
    return;
  }
  if (report->cpu_seen) return;
  report->cpu_seen = true;
  touch(*report, line);
  OomReport& made = report->report;
  if (!said->release.empty()) made.at.kernel_release = text_of(said->release);
  if (!said->taint.empty()) made.taint = text_of(said->taint);
  // Without a comm the line breaks off, unless the taint behind it is there: some are empty.
  if (!made.trigger || (said->comm.empty() && said->taint.empty())) return;
  // Another CPU may have printed its line in between.
  if (made.trigger->comm != said->comm) return;
  made.trigger->pid = said->pid;
  made.trigger->uid = said->uid;
  made.trigger->cpu = said->cpu;
  made.trigger->cpu_line = line.line;
}

void Assembly::State::on_hardware(const LogicalLine& line) {
  if (takes_other(line)) return;
  OpenReport* report = head_report(line);
  if (report == nullptr) return;
  touch(*report, line);
  const std::string_view text = trim(line.text);
  if (line.kind == LineKind::workqueue) {
    if (contains(text, "moom_callback")) report->report.manual = true;
    return;
  }
  constexpr std::string_view kName = "Hardware name: ";
  if (text.starts_with(kName)) keep_words(report->report.hardware, text.substr(kName.size()));
}

void Assembly::State::on_trace(const LogicalLine& line) {
  if (takes_other(line)) return;
  OpenReport* report = head_report(line);
  if (report == nullptr) return;
  if (line.kind == LineKind::trace_begin) {
    report->trace_begun = true;
    touch(*report, line);
    return;
  }
  const auto frame = read_frame(line.text);
  if (!frame) return;
  touch(*report, line);
  // Without "Call Trace:" or a CPU line it is the end of another CPU's trace.
  if (!report->trace_begun && !report->cpu_seen) return;
  report->signs.frames = true;
  if (!frame->reliable || report->report.stack.size() >= kFramesMax) return;
  if (asks_by_hand(frame->function)) report->report.manual = true;
  report->report.stack.emplace_back(frame->function);
}

void Assembly::State::on_registers(const LogicalLine& line) {
  if (takes_other(line)) return;
  OpenReport* report = current->open;
  if (report == nullptr || report->phase != Phase::head || current->gap) return;
  touch(*report, line);
  const std::string_view text = trim_left(line.text);
  if (text.starts_with("RIP:") || text.starts_with("RSP:") || text.starts_with("EIP:") ||
      text.starts_with("EAX:")) {
    report->signs.x86 = true;
  }
}

}  // namespace oomkit
