#include "lab/complete.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "explain/explanation.h"
#include "klog/reader.h"
#include "lab/guard_deeds.h"

namespace oomkit {
namespace {

constexpr std::int64_t kSigkill = 9;

std::int64_t milliseconds_between(HostTime from, HostTime to) {
  return std::chrono::round<std::chrono::milliseconds>(to - from).count();
}

struct Identity {
  std::string comm;
  std::int64_t instance = 1;
};

// The kernel's own account: its log, read and explained as any other log is.
class KillCollector final : public ReportSink {
 public:
  KillCollector(std::map<std::int64_t, Identity> known, std::optional<HostTime> begin)
      : known_(std::move(known)), begin_(begin) {}

  void on_report(OomReport&& report) override {
    if (report.killer != Killer::kernel) return;
    if (report.verdict == Verdict::panic) panicked_ = true;
    const std::int64_t t_ms =
        begin_ && report.at.uptime ? milliseconds_between(*begin_, *report.at.uptime) : 0;
    for (const Victim& victim : report.victims) {
      // Chosen and named by the log, but already gone, or not said to have died.
      if (victim.from_selection || victim.already_exiting) continue;
      if (victim.role == Victim::Role::shares_memory) {
        if (victim.pid) sharers_.push_back(*victim.pid);
        continue;
      }
      kills_.push_back(event_of(report, victim, t_ms));
    }
    count_findings(explain(std::move(report), {}));
  }
  void on_other(OtherEvent&& event) override { static_cast<void>(event); }

  std::vector<RunEvent> take_kills() { return std::move(kills_); }
  NamedCounts findings() const { return {findings_.begin(), findings_.end()}; }
  const std::vector<std::int64_t>& sharers() const { return sharers_; }
  bool panicked() const { return panicked_; }

 private:
  RunEvent event_of(const OomReport& report, const Victim& victim, std::int64_t t_ms) const {
    RunEvent event;
    event.t_ms = t_ms;
    event.kind = "oom_kill";
    event.comm = victim.comm;
    event.pid = victim.pid;
    event.by = report.manual ? "sysrq" : "kernel";
    event.constraint = std::string(name_of(report.constraint));
    if (report.at.memcg) event.cgroup = report.at.memcg->oom_path;
    if (victim.role == Victim::Role::group_member || report.oom_group)
      event.group = report.oom_group;
    if (const auto it = victim.pid ? known_.find(*victim.pid) : known_.end(); it != known_.end()) {
      event.comm = it->second.comm;
      event.instance = it->second.instance;
    }
    return event;
  }

  void count_findings(const Explanation& explanation) {
    for (const Finding& finding : explanation.findings)
      ++findings_[std::string(name_of(finding.id))];
  }

  std::map<std::int64_t, Identity> known_;
  std::optional<HostTime> begin_;
  std::vector<RunEvent> kills_;
  std::map<std::string, std::int64_t> findings_;
  std::vector<std::int64_t> sharers_;
  bool panicked_ = false;
};

std::map<std::int64_t, Identity> processes_by_pid(const RunRecord& record) {
  std::map<std::int64_t, Identity> known;
  for (const RunEvent& event : record.events) {
    if (event.kind == "start" && event.pid && event.comm)
      known[*event.pid] = {*event.comm, event.instance.value_or(1)};
  }
  for (const RunProcess& process : record.processes) {
    if (process.pid > 0) known.emplace(process.pid, Identity{process.comm, process.instance});
  }
  return known;
}

class Completion {
 public:
  Completion(const RunFacts& facts, Transcript& transcript, const KernelLog& log)
      : facts_(facts), transcript_(transcript), log_(log), record_(std::move(transcript.parts)) {}

  RunRecord run() {
    record_.scenario = facts_.scenario.name;
    record_.world = "vm";
    record_.kernel = transcript_.hello && !transcript_.hello->release.empty()
                         ? transcript_.hello->release
                         : facts_.release;
    record_.seed = facts_.seed;
    record_.wall_ms = facts_.wall_ms;
    begin_ = log_.begin;
    if (!begin_ && transcript_.begin_us) begin_ = std::chrono::microseconds(*transcript_.begin_us);
    add_kills();
    add_guard_kills();
    tell_end();
    std::stable_sort(record_.events.begin(), record_.events.end(),
                     [](const RunEvent& a, const RunEvent& b) { return a.t_ms < b.t_ms; });
    name_the_dead_and_the_living();
    doubt();
    return std::move(record_);
  }

 private:
  void add_kills() {
    KillCollector collector(processes_by_pid(record_), begin_);
    LogReader reader("the guest's kernel log", collector);
    reader.feed(log_.text);
    reader.finish();
    kills_ = collector.take_kills();
    record_.findings = collector.findings();
    sharers_ = collector.sharers();
    panicked_ = collector.panicked() || log_.panic.has_value();
    // Before the guest's events, so that a kill comes before the end it causes in the same ms.
    record_.events.insert(record_.events.begin(), kills_.begin(), kills_.end());
  }

  // Before the exits that they cause. A process that the kernel killed, or the scenario, was not
  // killed by the guard.
  void add_guard_kills() {
    const GuardDeeds deeds(transcript_.decisions);
    std::vector<RunEvent> found;
    for (const RunEvent& event : record_.events) {
      if (event.kind != "exit" || !event.pid || !event.comm) continue;
      const bool by_kill = event.value == "signal 9";
      if (!by_kill && event.value != "signal 15") continue;
      if (is_killed_by_kernel(*event.pid) || sent_by_us(*event.comm, by_kill ? "KILL" : "TERM"))
        continue;
      const auto rule = deeds.rule_of(*event.pid, event.t_ms);
      if (!rule) continue;
      RunEvent kill = event;
      kill.kind = "guard_kill";
      kill.by = *rule;
      found.push_back(std::move(kill));
      guard_killed_.push_back(*event.pid);
    }
    record_.events.insert(record_.events.begin(), found.begin(), found.end());
  }

  bool has_kill_of(std::int64_t pid) const {
    return std::any_of(kills_.begin(), kills_.end(),
                       [&](const RunEvent& kill) { return kill.pid == pid; });
  }

  bool is_killed_by_kernel(std::int64_t pid) const {
    return has_kill_of(pid) || std::find(sharers_.begin(), sharers_.end(), pid) != sharers_.end();
  }

  std::int64_t last_time() const {
    if (begin_ && log_.last)
      return std::max<std::int64_t>(0, milliseconds_between(*begin_, *log_.last));
    return transcript_.progress ? transcript_.progress->t_ms : 0;
  }

  void tell_end() {
    if (panicked_) {
      RunEvent panic;
      panic.kind = "panic";
      panic.t_ms =
          begin_ && log_.panic_time ? milliseconds_between(*begin_, *log_.panic_time) : last_time();
      panic.by = "kernel";
      panic.value = log_.panic;
      record_.events.push_back(std::move(panic));
    }
    if (transcript_.end) {
      record_.ended = transcript_.end->ended;
      record_.duration_ms = transcript_.end->duration_ms;
      return;
    }
    record_.duration_ms = last_time();
    if (panicked_) {
      record_.ended = "panic";
      return;
    }
    const bool limit =
        facts_.outcome.end == VmEnd::deadline || facts_.outcome.end == VmEnd::too_much;
    record_.ended = limit ? "limit" : "vm_died";
    explain_end(limit);
  }

  void explain_end(bool limit) {
    if (facts_.outcome.end == VmEnd::too_much) {
      warn("the guest said more than is listened to, and was ended");
    } else if (!limit) {
      std::string sentence = "the virtual machine ended before the scenario did";
      if (facts_.outcome.status != 0)
        sentence += ", with status " + std::to_string(facts_.outcome.status);
      if (!facts_.outcome.qemu_message.empty()) sentence += ": " + facts_.outcome.qemu_message;
      warn(std::move(sentence));
    } else if (!transcript_.hello) {
      warn("the guest never said that it runs, and was ended at its limit");
    } else if (!transcript_.begin_us) {
      warn("the guest did not come to begin the scenario, and was ended at its limit");
    } else {
      warn("the guest did not come to the scenario's end, and was ended at its limit");
    }
  }

  void name_the_dead_and_the_living() {
    for (const RunEvent& event : record_.events) {
      if (event.kind == "oom_kill" || event.kind == "guard_kill")
        record_.victims.push_back(event.comm.value_or("?"));
    }
    // After a panic, or in a hung machine, nobody has asked who lives; nobody is said to.
    for (const ProcessSpec& spec : facts_.scenario.processes) {
      for (const RunProcess& process : record_.processes) {
        if (process.comm == spec.name && (process.state == "alive" || process.state == "blocked"))
          record_.survivors.push_back(process.comm);
      }
    }
  }

  void doubt() {
    count(log_.lost, "line of the kernel log was lost", "lines of the kernel log were lost");
    count(log_.unreadable, "record of the kernel log could not be read",
          "records of the kernel log could not be read");
    count(transcript_.dropped, "message of the guest was dropped: there are too many",
          "messages of the guest were dropped: there are too many");
    count(transcript_.malformed, "line of the guest was no message",
          "lines of the guest were no messages");
    if (!transcript_.end) return;
    compare_witnesses();
  }

  // The kernel says who was killed; the guest, as the parent, who ended by SIGKILL.
  void compare_witnesses() {
    for (const RunProcess& process : record_.processes) {
      const std::string who = process.comm + " (pid " + std::to_string(process.pid) + ")";
      const bool by_log = has_kill_of(process.pid);
      const bool ended = process.state == "killed" || process.state == "exited";
      if (by_log && !ended)
        warn("the kernel log says that " + who + " was killed; the guest saw it alive");
      if (!by_log && process.state == "killed" && process.signal == kSigkill &&
          !sent_by_us(process.comm, "KILL") && !is_killed_by_kernel(process.pid) &&
          std::find(guard_killed_.begin(), guard_killed_.end(), process.pid) ==
              guard_killed_.end()) {
        warn(who + " was ended by SIGKILL, and the kernel log does not say why");
      }
    }
  }

  // Whether the scenario itself sends that signal to such a process.
  bool sent_by_us(const std::string& comm, std::string_view signal) const {
    const auto kills_it = [&](const Action& action) {
      return action.kind == Action::Kind::signal && action.signal == signal &&
             action.process.substr(0, action.process.find('.')) == comm;
    };
    const Scenario& scenario = facts_.scenario;
    return std::any_of(scenario.events.begin(), scenario.events.end(), kills_it) ||
           std::any_of(scenario.listeners.begin(), scenario.listeners.end(),
                       [&](const ListenerSpec& listener) {
                         return std::any_of(listener.then.begin(), listener.then.end(), kills_it);
                       });
  }

  void warn(std::string sentence) { record_.warnings.push_back(std::move(sentence)); }
  void count(std::uint64_t number, std::string_view one, std::string_view many) {
    if (number == 0) return;
    warn(std::to_string(number) + " " + std::string(number == 1 ? one : many));
  }

  const RunFacts& facts_;
  const Transcript& transcript_;
  const KernelLog& log_;
  RunRecord record_;
  std::optional<HostTime> begin_;
  std::vector<RunEvent> kills_;
  std::vector<std::int64_t> sharers_;
  std::vector<std::int64_t> guard_killed_;
  bool panicked_ = false;
};

}  // namespace

RunRecord complete_record(const RunFacts& facts, Transcript& transcript, const KernelLog& log) {
  return Completion(facts, transcript, log).run();
}

}  // namespace oomkit
