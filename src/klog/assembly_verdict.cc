// Assembly of a report's end: who was chosen, who died, what the reaper did, or why nobody
// could be killed.
//
// These lines come without the report at times (its limiter lets through ten in five
// seconds, a ring buffer loses the oldest): then each kill is a report of its own. They
// name a pid, which is better evidence than their place.
#include <algorithm>
#include <string>
#include <utility>

#include "klog/assembly_state.h"
#include "klog/line_text.h"
#include "klog/lines_verdict.h"

namespace oomkit {
namespace {

constexpr std::size_t kVictimsMax = 65536;
constexpr std::size_t kReapedMax = 256;
constexpr std::size_t kPrefixesMax = 8;
constexpr std::uint64_t kNear = 32;
constexpr std::size_t kNameMax = 4096;

std::string bounded_text(std::string_view text) {
  return std::string(text.substr(0, kNameMax));
}

std::optional<std::string> bounded_text(const std::optional<std::string_view>& text) {
  return text ? std::optional(bounded_text(*text)) : std::nullopt;
}

void add_prefix(OomReport& report, std::string_view prefix) {
  if (prefix.empty() || report.message_prefixes.size() >= kPrefixesMax) return;
  if (contains(prefix, "oom_kill_allocating_task")) report.allocating_task_killed = true;
  const auto& known = report.message_prefixes;
  if (std::find(known.begin(), known.end(), prefix) == known.end()) {
    report.message_prefixes.emplace_back(prefix);
  }
}

Victim* victim_with(OomReport& report, std::int64_t pid) {
  for (Victim& victim : report.victims) {
    if (victim.pid == pid) return &victim;
  }
  return nullptr;
}

const Task* row_with(const OomReport& report, std::int64_t pid) {
  for (const Task& task : report.at.tasks) {
    if (task.pid == pid || task.tgid == pid) return &task;
  }
  return nullptr;
}

template <class Value>
void fill(std::optional<Value>& target, const std::optional<Value>& value) {
  if (!target && value) target = value;
}

// The same victim named a second time (a member of its own group, a line that is there
// twice) may say what the first line lacks.
void fill_victim(Victim& victim, const KilledLine& said, std::uint64_t line) {
  if (!victim.comm && said.comm) victim.comm = bounded_text(*said.comm);
  fill(victim.uid, said.uid);
  fill(victim.total_vm, said.total_vm);
  fill(victim.anon_rss, said.anon_rss);
  fill(victim.file_rss, said.file_rss);
  fill(victim.shmem_rss, said.shmem_rss);
  fill(victim.pgtables, said.pgtables);
  fill(victim.oom_score_adj, said.oom_score_adj);
  if (victim.line == 0) victim.line = line;
  victim.from_selection = false;
}

// The one who dies is not always the one chosen: up to 5.1 a child goes first. A thread
// chosen and its leader killed are one process, though.
Victim::Role role_of(const OomReport& report, const KilledLine& said) {
  if (!report.selection || !report.selection->pid || report.selection->pid == said.pid) {
    return Victim::Role::chosen;
  }
  for (const Task& task : report.at.tasks) {
    if (task.pid == *report.selection->pid && task.tgid == said.pid) return Victim::Role::chosen;
  }
  return Victim::Role::child;
}

void add_victim(OomReport& report, const KilledLine& said, std::uint64_t line, Victim::Role role) {
  if (report.victims.size() >= kVictimsMax) return;
  Victim victim;
  victim.pid = said.pid;
  victim.role = role;
  fill_victim(victim, said, line);
  report.victims.push_back(std::move(victim));
}

// Whether a kill line that names `pid` can be the end of a report that has no verdict yet.
bool can_end_with(const OpenReport& open, std::int64_t pid, bool one_line_form) {
  const OomReport& report = open.report;
  if (!report.selection || !report.selection->pid || report.selection->pid == pid) return true;
  // From 5.2 on nobody dies in the chosen one's place, and the line has its reason in it.
  if (!one_line_form || !report.selection->constraint_word) return true;
  const Task* row = row_with(report, *report.selection->pid);
  return row != nullptr && row->tgid == pid;
}

}  // namespace

// The report that a line of a verdict is about: the open one if it has no verdict, or
// what was on trial right before. Nothing: it stands alone.
OpenReport* Assembly::State::for_verdict(const LogicalLine& line, std::optional<std::int64_t> pid) {
  close_other(*current);
  OpenReport* trial = current->tentative.get();
  OpenReport* report = current->open;
  const bool fresher = trial != nullptr && trial->phase >= Phase::memory &&
                       is_near(*trial, kNear) && !current->gap &&
                       (report == nullptr || report->last_at < trial->last_at);
  if (fresher) {
    OpenReport& confirmed = confirm_tentative();
    touch(confirmed, line);
    return &confirmed;
  }
  if (report == nullptr || report->has_verdict()) return nullptr;
  const bool named = pid && (row_with(report->report, *pid) != nullptr ||
                             (report->report.selection && report->report.selection->pid == pid));
  // After a gap, or far behind the report's last line, order alone proves nothing.
  const bool ordered =
      !current->gap && (is_near(*report, kNear) || report->report.at.tasks.empty());
  if (!named && !ordered) return nullptr;
  current->gap = false;
  touch(*report, line);
  return report;
}

// A line of a verdict without the report before it.
OpenReport& Assembly::State::verdict_alone(const LogicalLine& line) {
  OpenReport& report = start(line);
  report.report.begins_cut = true;
  return report;
}

void Assembly::State::on_oom_kill(const LogicalLine& line) {
  LineNotes notes{.cut = line.cut};
  const auto said = read_oom_kill(line.text, notes);
  if (!said) return;
  OpenReport* report = for_verdict(line, said->pid);
  if (report != nullptr && report->report.selection && report->report.selection->constraint_word) {
    // The same line again, or that of a report whose other lines are lost.
    if (report->report.selection->pid == said->pid) return;
    report = nullptr;
  }
  if (report == nullptr) report = &verdict_alone(line);
  OomReport& made = report->report;
  if (report->blank_seen && made.at.tasks.empty() && report->phase == Phase::memory) {
    made.elided = true;
    damage.add(Damage::elided);
  }
  Selection selection = made.selection.value_or(Selection());
  selection.constraint_word = bounded_text(said->constraint);
  selection.nodemask = bounded_text(said->nodemask);
  if (said->cpuset) selection.cpuset = bounded_text(said->cpuset);
  if (said->mems_allowed) selection.mems_allowed = bounded_text(said->mems_allowed);
  selection.global_oom = said->global_oom;
  selection.comm = bounded_text(said->task);
  selection.pid = said->pid;
  selection.uid = said->uid;
  selection.line = line.line;
  made.selection = std::move(selection);
  if (said->oom_memcg || said->task_memcg) {
    if (!made.at.memcg) made.at.memcg.emplace();
    if (said->oom_memcg) made.at.memcg->oom_path = bounded_text(said->oom_memcg);
    if (said->task_memcg) made.at.memcg->task_path = bounded_text(said->task_memcg);
  }
  if (!said->ended) {
    ++made.damaged_lines;
    damage.add(Damage::line_cut);
  }
  report->phase = Phase::chosen;
  note_overflows(*report, notes);
}

void Assembly::State::on_choice(const LogicalLine& line) {
  LineNotes notes{.cut = line.cut};
  const auto said = read_choice(line.text, notes);
  if (!said || !said->pid) return;
  OpenReport* report = for_verdict(line, said->pid);
  if (report != nullptr && report->choice_line) {
    const bool again = report->report.selection && report->report.selection->pid == said->pid;
    if (again) return;
    report = nullptr;
  }
  if (report != nullptr && report->report.selection && report->report.selection->pid &&
      report->report.selection->pid != said->pid) {
    report = nullptr;
  }
  if (report == nullptr) report = &verdict_alone(line);
  report->choice_line = true;
  report->and_children = said->and_children;
  report->phase = Phase::chosen;
  OomReport& made = report->report;
  add_prefix(made, said->prefix);
  Selection selection = made.selection.value_or(Selection());
  selection.pid = said->pid;
  if (said->comm) selection.comm = bounded_text(*said->comm);
  selection.score = said->score;
  selection.line = line.line;
  made.selection = std::move(selection);
  note_overflows(*report, notes);
}

void Assembly::State::on_killed(const LogicalLine& line) {
  LineNotes notes{.cut = line.cut};
  const auto said = read_killed(line.text, notes);
  if (!said || !said->pid) return;
  OpenReport* last = current->open;
  if (last != nullptr && last->has_verdict() && last->report.verdict == Verdict::killed &&
      !current->gap) {
    if (Victim* known = victim_with(last->report, *said->pid)) {
      fill_victim(*known, *said, line.line);
      add_prefix(last->report, said->prefix);
      touch(*last, line);
      return;
    }
    if ((last->group || last->and_children) && is_near(*last, 4 * kNear)) {
      add_victim(last->report, *said, line.line,
                 last->group ? Victim::Role::group_member : Victim::Role::child);
      add_prefix(last->report, said->prefix);
      touch(*last, line);
      return;
    }
  }
  OpenReport* report = for_verdict(line, said->pid);
  if (report != nullptr && !can_end_with(*report, *said->pid, !said->prefix.empty())) {
    report = nullptr;
  }
  if (report == nullptr) report = &verdict_alone(line);
  OomReport& made = report->report;
  if (report->blank_seen && made.at.tasks.empty() && report->phase == Phase::memory) {
    made.elided = true;
    damage.add(Damage::elided);
  }
  add_prefix(made, said->prefix);
  add_victim(made, *said, line.line, role_of(made, *said));
  made.verdict = Verdict::killed;
  report->phase = Phase::done;
  if (!said->comm) {
    ++made.damaged_lines;
    damage.add(Damage::line_cut);
  }
  note_overflows(*report, notes);
}

void Assembly::State::on_shares_memory(const LogicalLine& line) {
  LineNotes notes{.cut = line.cut};
  const auto said = read_choice(line.text, notes);
  OpenReport* report = current->open;
  if (!said || !said->pid || report == nullptr || current->gap) return;
  if (report->phase < Phase::chosen || victim_with(report->report, *said->pid) != nullptr) return;
  touch(*report, line);
  KilledLine victim;
  victim.pid = said->pid;
  victim.comm = said->comm;
  add_victim(report->report, victim, line.line, Victim::Role::shares_memory);
}

void Assembly::State::on_exiting(const LogicalLine& line) {
  LineNotes notes{.cut = line.cut};
  const auto said = read_exiting(line.text, notes);
  if (!said || !said->pid) return;
  OpenReport* report = current->open;
  const bool member = report != nullptr && report->group && is_near(*report, 4 * kNear);
  if (member) {
    touch(*report, line);
  } else {
    report = for_verdict(line, said->pid);
    if (report == nullptr) report = &verdict_alone(line);
  }
  OomReport& made = report->report;
  add_prefix(made, said->prefix);
  Victim* known = victim_with(made, *said->pid);
  const bool is_new = known == nullptr;
  if (is_new) {
    KilledLine victim;
    victim.pid = said->pid;
    victim.comm = said->comm;
    add_victim(made, victim, line.line, member ? Victim::Role::group_member : Victim::Role::chosen);
    known = victim_with(made, *said->pid);
  }
  // Of a group, who was killed first is met again, and may be gone by then: killed all the same.
  if (known != nullptr && (known->from_selection || is_new)) known->already_exiting = true;
  made.verdict = Verdict::killed;
  report->phase = Phase::done;
}

void Assembly::State::on_group(const LogicalLine& line) {
  const auto path = read_group(line.text);
  if (!path) return;
  OpenReport* report = current->open;
  const bool its = report != nullptr && !current->gap && !report->report.oom_group &&
                   (report->phase >= Phase::chosen) && is_near(*report, 4 * kNear);
  if (its) {
    touch(*report, line);
  } else {
    report = for_verdict(line, std::nullopt);
    if (report == nullptr) report = &verdict_alone(line);
  }
  report->report.oom_group = bounded_text(*path);
  report->report.verdict = Verdict::killed;
  report->group = true;
  report->phase = Phase::done;
}

// The reaper works for a whole host and some seconds later: its lines are matched by pid
// to a report of that host, the last one first.
OpenReport* Assembly::State::reaper_report(std::int64_t pid) {
  for (std::size_t i = queue.size(); i-- > 0;) {
    const std::unique_ptr<OpenReport>& open = queue[i];
    OomReport& report = open->report;
    if (report.killer != Killer::kernel) continue;
    if (report.at.host && !current->host.empty() && *report.at.host != current->host) continue;
    const Victim* victim = victim_with(report, pid);
    if (victim != nullptr && !victim->reaped) return open.get();
    const bool chosen = report.victims.empty() && report.selection &&
                        report.selection->pid == pid && report.verdict == Verdict::unknown;
    if (chosen) return open.get();
  }
  return nullptr;
}

namespace {

void note_reaped(Victim& victim, const ReaperLine& said, std::uint64_t line) {
  victim.reaped = said.reaped;
  victim.reaped_anon_rss = said.anon_rss;
  victim.reaped_file_rss = said.file_rss;
  victim.reaped_shmem_rss = said.shmem_rss;
  victim.reap_line = line;
}

Victim victim_of_reaper(const ReaperLine& said) {
  Victim victim;
  victim.pid = said.pid;
  victim.comm = bounded_text(said.comm);
  return victim;
}

}  // namespace

void Assembly::State::on_reaper(const LogicalLine& line) {
  LineNotes notes{.cut = line.cut};
  const auto said = read_reaper(line.text, notes);
  if (!said || !said->pid) return;
  if (OpenReport* report = reaper_report(*said->pid)) {
    conclude(report->report, report->signs);  // The choice alone becomes the victim.
    Victim* victim = victim_with(report->report, *said->pid);
    if (victim == nullptr) return;
    note_reaped(*victim, *said, line.line);
    touch(*report, line);
    report->phase = Phase::done;
    return;
  }
  const auto known = std::find(recent_victims.begin(), recent_victims.end(), *said->pid);
  if (known != recent_victims.end()) return;
  OpenReport* near = current->open;
  const bool reaper_only = near != nullptr && near->signs.reaper_only;
  if (near != nullptr && !current->gap && !reaper_only) {
    // A kill whose own lines are not here: noted, and nothing is made up for it.
    auto& others = near->report.also_reaped;
    if (others.size() < kReapedMax) {
      others.push_back({*said->pid, bounded_text(said->comm.value_or("")), line.line});
    }
    touch(*near, line);
    return;
  }
  if (reports > 0 || lone_reaper) return;
  lone_reaper = std::make_unique<OpenReport>();
  begin_report(*lone_reaper, line);
  OomReport& made = lone_reaper->report;
  made.begins_cut = true;
  made.verdict = Verdict::killed;
  made.victims.push_back(victim_of_reaper(*said));
  note_reaped(made.victims.back(), *said, line.line);
  lone_reaper->signs.reaper_only = true;
  lone_reaper->phase = Phase::done;
}

void Assembly::State::on_no_killable(const LogicalLine& line) {
  OpenReport* report = for_verdict(line, std::nullopt);
  if (report == nullptr) report = &verdict_alone(line);
  const std::string_view prefix = message_prefix(line.text);
  constexpr std::string_view kMemcg = "Memory cgroup out of memory";
  if (prefix.starts_with(kMemcg)) add_prefix(report->report, kMemcg);
  report->report.verdict = Verdict::no_killable;
  report->phase = Phase::done;
}

void Assembly::State::on_panic(const LogicalLine& line) {
  const auto said = read_panic(line.text);
  if (!said) return;
  OpenReport* report = current->open;
  const bool nobody = report != nullptr && report->report.verdict == Verdict::no_killable &&
                      is_near(*report, kNear) && !current->gap;
  if (nobody) {
    touch(*report, line);
  } else {
    report = for_verdict(line, std::nullopt);
    if (report == nullptr) report = &verdict_alone(line);
  }
  OomReport& made = report->report;
  made.verdict = Verdict::panic;
  made.panic_text = bounded_text(*said);
  made.panic_line = line.line;
  if (!made.trigger && sysrq_at != 0 && count - sysrq_at <= kNear) made.manual = true;
  report->phase = Phase::done;
}

void Assembly::State::on_request_ignored(const LogicalLine& line) {
  OpenReport* report = for_verdict(line, std::nullopt);
  if (report == nullptr) report = &verdict_alone(line);
  report->report.manual = true;
  report->report.verdict = Verdict::no_killable;
  report->phase = Phase::done;
}

void Assembly::State::on_elision(const LogicalLine& line) {
  OpenReport* report = current->open;
  if (report == nullptr) report = current->tentative.get();
  if (report == nullptr || report->has_verdict() || report->report.elided) return;
  if (!is_near(*report, kNear)) return;
  report->report.elided = true;
  damage.add(Damage::elided);
  report->report.last_line = std::max(report->report.last_line, line.last_line);
}

}  // namespace oomkit
