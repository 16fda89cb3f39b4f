// Assembly of what is no OOM kill of the kernel: failed allocations, whose memory dumps
// must not leak into a report, and the kills of daemons in user space.
#include <algorithm>
#include <string>
#include <utility>

#include "klog/assembly_state.h"
#include "klog/line_text.h"
#include "klog/lines_daemons.h"
#include "klog/lines_head.h"
#include "klog/lines_other.h"

namespace oomkit {
namespace {

constexpr std::uint64_t kOtherNear = 64;
constexpr std::uint64_t kDaemonNear = 128;
constexpr std::size_t kListedMax = 4096;
constexpr std::size_t kTextMax = 4096;

std::optional<std::string> daemon_text(const std::optional<std::string_view>& text) {
  return text ? std::optional(std::string(text->substr(0, kTextMax))) : std::nullopt;
}

template <class Value>
void fill_absent(std::optional<Value>& target, const std::optional<Value>& value) {
  if (!target && value) target = value;
}

void fill_from(Victim& victim, const DaemonLine& said) {
  fill_absent(victim.pid, said.pid);
  fill_absent(victim.comm, daemon_text(said.comm));
  fill_absent(victim.uid, said.uid);
  fill_absent(victim.score, said.score);
  fill_absent(victim.oom_score_adj, said.oom_score_adj);
  fill_absent(victim.rss, said.rss);
  fill_absent(victim.signal, daemon_text(said.signal));
  fill_absent(victim.cgroup, daemon_text(said.cgroup));
}

bool same_unit(const std::optional<std::string>& cgroup, std::string_view unit) {
  if (!cgroup || unit.empty() || cgroup->size() < unit.size()) return false;
  const std::size_t at = cgroup->size() - unit.size();
  return cgroup->compare(at, unit.size(), unit) == 0 && (at == 0 || (*cgroup)[at - 1] == '/');
}

}  // namespace

void Assembly::State::close_other(Source& source) {
  if (!source.other) return;
  OtherEvent& event = source.other->event;
  event.sentence = describe_other(event, source.other->lines_alike);
  sink->on_other(std::move(event));
  source.other.reset();
}

void Assembly::State::begin_other(OtherEvent event, const LogicalLine& line) {
  close_other(*current);
  event.input = input;
  event.first_line = line.line;
  event.last_line = line.last_line;
  current->other = std::make_unique<OtherBlock>();
  current->other->event = std::move(event);
  current->other->last_at = count;
  current->tentative.reset();
  relevant_at = count;
}

// Whether a line of a head or of a memory dump is of the failed request that is open.
bool Assembly::State::takes_other(const LogicalLine& line) {
  if (!current->other) {
    const bool hangs = !current->hung_task.empty() && line.kind == LineKind::frame;
    if (!hangs) return false;
    const auto frame = read_frame(line.text);
    const bool waits = frame && (frame->function.starts_with("mem_cgroup_oom_synchronize") ||
                                 frame->function.starts_with("mem_cgroup_handle_oom"));
    const bool in_report = current->open != nullptr && current->open->phase == Phase::head;
    if (!waits || in_report || count - current->hung_at > kOtherNear) return false;
    OtherEvent event;
    event.kind = OtherEvent::Kind::oom_disabled_stall;
    event.comm = std::exchange(current->hung_task, {});
    begin_other(std::move(event), line);
    current->other->event.first_line = current->hung_line;
    return true;
  }
  OtherBlock& other = *current->other;
  if (count - other.last_at > kOtherNear) {
    close_other(*current);
    return false;
  }
  other.last_at = count;
  other.event.last_line = std::max(other.event.last_line, line.last_line);
  relevant_at = count;
  return true;
}

void Assembly::State::on_failure(const LogicalLine& line) {
  if (auto event = read_other_event(line.kind, line.text)) begin_other(std::move(*event), line);
}

// These come by the hundreds: a run of them is one event.
void Assembly::State::on_slub(const LogicalLine& line) {
  OtherBlock* other = current->other.get();
  const bool runs = other != nullptr && other->event.kind == OtherEvent::Kind::slub_failure &&
                    count - other->last_at <= kOtherNear;
  if (runs) {
    if (line.kind == LineKind::slub_failure) ++other->lines_alike;
    other->last_at = count;
    other->event.last_line = std::max(other->event.last_line, line.last_line);
    relevant_at = count;
    return;
  }
  if (line.kind == LineKind::slub_failure) on_failure(line);
}

OpenReport& Assembly::State::start_daemon_report(const DaemonLine& said, const LogicalLine& line) {
  OpenReport* const kernel_report = current->open;
  std::unique_ptr<OpenReport> trial = std::move(current->tentative);
  OpenReport& report = start(line);
  current->open = kernel_report;  // A daemon's lines say nothing about the kernel's.
  current->tentative = std::move(trial);
  current->daemon = &report;
  report.phase = Phase::done;
  OomReport& made = report.report;
  made.killer = said.killer;
  made.verdict = Verdict::killed;
  DaemonNotes& notes = current->daemon_notes;
  const bool noted = notes.line != 0 && count - notes.last_at <= kDaemonNear;
  Victim victim;
  if (noted) {
    victim = std::move(notes.victim);
    if (!notes.reason.empty()) made.killer_reason = std::move(notes.reason);
    made.first_line = std::min(made.first_line, notes.line);
  }
  notes = DaemonNotes();
  if (said.reason) made.killer_reason = daemon_text(said.reason);
  // What the kill line itself says is better than what stood before it.
  Victim named;
  fill_from(named, said);
  fill_absent(named.pid, victim.pid);
  fill_absent(named.comm, victim.comm);
  fill_absent(named.uid, victim.uid);
  fill_absent(named.score, victim.score);
  fill_absent(named.oom_score_adj, victim.oom_score_adj);
  fill_absent(named.rss, victim.rss);
  fill_absent(named.cgroup, victim.cgroup);
  named.line = line.line;
  made.victims.push_back(std::move(named));
  return report;
}

void Assembly::State::on_daemon_kill(const DaemonLine& said, const LogicalLine& line) {
  OpenReport* last = current->daemon;
  if (last != nullptr && (last->report.killer != said.killer || !is_near(*last, kDaemonNear))) {
    last = nullptr;
  }
  if (last != nullptr) {
    Victim& victim = last->report.victims.front();
    const bool same_pid = said.pid && victim.pid == said.pid;
    const bool same_cgroup =
        said.cgroup && (victim.cgroup == *said.cgroup || same_unit(victim.cgroup, *said.cgroup));
    if (same_pid || (!said.pid && same_cgroup)) {
      if (said.signal && victim.signal && *said.signal != *victim.signal) {
        victim.escalated_to = daemon_text(said.signal);
      }
      touch(*last, line);
      return;
    }
    if (last->awaits_cgroup && said.cgroup && !said.pid) {
      for (Victim& member : last->report.victims)
        fill_absent(member.cgroup, daemon_text(said.cgroup));
      if (said.reason && !last->report.killer_reason) {
        last->report.killer_reason = daemon_text(said.reason);
      }
      last->awaits_cgroup = false;
      touch(*last, line);
      return;
    }
  }
  if (said.killer == Killer::kubelet && said.pid) {
    // The kubelet tells what it read in the kernel's log: no second kill.
    const bool known = std::any_of(queue.begin(), queue.end(), [&](const auto& held) {
      const auto& victims = held->report.victims;
      return std::any_of(victims.begin(), victims.end(),
                         [&](const Victim& victim) { return victim.pid == said.pid; });
    });
    const auto recent = std::find(recent_victims.begin(), recent_victims.end(), *said.pid);
    if (known || recent != recent_victims.end()) return;
  }
  OpenReport& report = start_daemon_report(said, line);
  report.awaits_cgroup = said.killer == Killer::oomd && said.pid.has_value();
  std::string_view list = said.more_victims;
  while (report.report.victims.size() < kListedMax) {
    const auto listed = take_listed_victim(list);
    if (!listed) break;
    Victim member;
    member.pid = listed->pid;
    member.comm = std::string(listed->comm);
    member.cgroup = report.report.victims.front().cgroup;
    member.role = Victim::Role::group_member;
    member.line = line.line;
    report.report.victims.push_back(std::move(member));
  }
}

void Assembly::State::on_daemon(const LogicalLine& line) {
  if (line.kind == LineKind::unknown && line.ident != "earlyoom" && line.ident != "nohang") return;
  const DaemonLine said = read_daemon_line(line.text, line.ident);
  if (said.what == DaemonLine::What::none) return;
  OpenReport* last = current->daemon;
  if (last != nullptr && (last->report.killer != said.killer || !is_near(*last, kDaemonNear))) {
    last = nullptr;
  }
  DaemonNotes& notes = current->daemon_notes;
  if (notes.line != 0 && count - notes.last_at > kDaemonNear) notes = DaemonNotes();
  switch (said.what) {
    case DaemonLine::What::none:
      return;
    case DaemonLine::What::kill:
      return on_daemon_kill(said, line);
    case DaemonLine::What::reason:
    case DaemonLine::What::detail:
      if (notes.line == 0) notes.line = line.line;
      notes.last_at = count;
      fill_from(notes.victim, said);
      if (said.reason) notes.reason = *daemon_text(said.reason);
      relevant_at = count;
      return;
    case DaemonLine::What::escalation:
      if (last != nullptr) last->report.victims.front().escalated_to = daemon_text(said.signal);
      break;
    case DaemonLine::What::failed:
      if (last != nullptr) last->report.verdict = Verdict::unknown;
      break;
    case DaemonLine::What::outcome:
      break;
  }
  if (last != nullptr) touch(*last, line);
}

}  // namespace oomkit
