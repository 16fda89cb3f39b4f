// A host for tests of policies: cgroups and processes by name, ticks out of them, a clock.
//
// What a test changes between two ticks is what happens on the host; what the engine asked for is
// what the next tick holds, as the guard's sensors do it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "policy/engine.h"
#include "policy/policy_parse.h"
#include "policy/tick.h"

namespace oomkit::policy_testing {

inline constexpr std::int64_t kMi = std::int64_t{1} << 20;

inline Policy policy_of(const std::string& source) {
  const ParsedPolicy parsed = parse_policy(source);
  for (const Diagnostic& diagnostic : parsed.diagnostics)
    ADD_FAILURE() << diagnostic_text(diagnostic, "policy.toml", source);
  return parsed.policy;
}

struct FakeProcess {
  int pid = 0;
  int parent = 1;
  std::string comm;
  std::string cgroup;
  double anon = 0;  // MiB.
  double swap = 0;
  int adj = 0;
  int session = 0;
  HostTime start{0};
  bool kernel_thread = false;
};

struct FakeCgroup {
  std::string path;
  double own = 0;  // MiB that no process of it has.
  std::optional<double> high, max;
  bool oom_group = false;
  double stall = 0;  // Seconds, full.
  CgroupWish wish = CgroupWish::none;
  std::uint64_t id = 0;
};

class FakeHost {
 public:
  double total = 1000, swap_total = 0, cache = 100;  // MiB.
  double stall = 0;                                  // Seconds, full.
  std::int64_t kernel_kills = 0;
  HostTime now = std::chrono::seconds(1000);
  bool with_cgroups = true;
  std::uint32_t own_cgroup = kNoRow;  // The row where the guard lives.

  FakeHost() { cgroup("/"); }

  FakeCgroup& cgroup(const std::string& path) {
    for (FakeCgroup& known : cgroups_) {
      if (known.path == path) return known;
    }
    FakeCgroup made;
    made.path = path;
    made.id = ++ids_;
    cgroups_.push_back(made);
    std::sort(cgroups_.begin(), cgroups_.end(),
              [](const FakeCgroup& a, const FakeCgroup& b) { return a.path < b.path; });
    return cgroup(path);
  }
  FakeProcess& start(const std::string& comm, const std::string& cgroup_path, double anon = 0,
                     int parent = 1) {
    cgroup(cgroup_path);
    FakeProcess process;
    process.pid = ++pids_;
    process.parent = parent;
    process.comm = comm;
    process.cgroup = cgroup_path;
    process.anon = anon;
    process.start = now;
    process.session = parent == 1 ? process.pid : parent;
    processes_.push_back(process);
    return processes_.back();
  }
  FakeProcess* find(const std::string& comm) {
    for (FakeProcess& process : processes_) {
      if (process.comm == comm) return &process;
    }
    return nullptr;
  }
  int count(const std::string& comm) const {
    int found = 0;
    for (const FakeProcess& process : processes_)
      found += process.comm == comm ? 1 : 0;
    return found;
  }
  void end(int pid) {
    std::erase_if(processes_, [pid](const FakeProcess& process) { return process.pid == pid; });
  }
  void reap(const DecisionTarget& target) {
    for (const ProcessId& id : target.processes)
      end(id.pid);
  }
  std::deque<FakeProcess>& processes() { return processes_; }

  double available() const { return std::max(0.0, total - used() - cache / 10); }
  double used() const {
    double sum = 0;
    for (const FakeProcess& process : processes_)
      sum += process.anon;
    for (const FakeCgroup& known : cgroups_)
      sum += known.own;
    return sum;
  }
  double swapped() const {
    double sum = 0;
    for (const FakeProcess& process : processes_)
      sum += process.swap;
    return sum;
  }

  // A tick with what was wished for, valid until the next one.
  Tick tick(const TickWish& wish) {
    Tick tick;
    tick.now = now;
    tick.own_pid = -1;
    tick.own_cgroup = own_cgroup;
    fill_host(tick.host);
    const bool wanted = wish.cgroups || wish.all_processes || !wish.processes_of.empty();
    if (with_cgroups && wanted) fill_cgroups(tick);
    if (wish.all_processes || !wish.processes_of.empty()) fill_processes(tick, wish);
    return tick;
  }

 private:
  static Bytes bytes(double mib) {
    return Bytes(static_cast<std::int64_t>(mib * static_cast<double>(kMi)));
  }
  static Microseconds microseconds(double seconds) {
    return Microseconds(static_cast<std::int64_t>(seconds * 1e6));
  }
  static bool is_below(const std::string& path, const std::string& root) {
    return root == "/" || path == root || path.starts_with(root + "/");
  }

  void fill_host(TickHost& host) const {
    host.mem_total = bytes(total);
    host.mem_available = bytes(available());
    host.mem_free = bytes(std::max(0.0, total - used() - cache));
    host.anon = bytes(used());
    host.shmem = Bytes(0);
    host.swap_total = bytes(swap_total);
    host.swap_free = bytes(std::max(0.0, swap_total - swapped()));
    host.swap_cached = Bytes(0);
    host.oom_kill = kernel_kills;
    host.memory.some.total = microseconds(stall * 1.5);
    host.memory.full.total = microseconds(stall);
    host.memory.full.avg10_centipercent = 0;
  }

  void fill_cgroups(Tick& tick) {
    cgroup_rows_.clear();
    for (const FakeCgroup& known : cgroups_) {
      TickCgroup row;
      row.id = known.id;
      row.path = known.path;
      for (std::size_t i = 0; i < cgroup_rows_.size(); ++i) {
        if (is_below(known.path, std::string(cgroup_rows_[i].path)) && known.path != "/")
          row.parent = static_cast<std::uint32_t>(i);
      }
      double anon = 0;
      double swap = 0;
      std::int64_t processes = 0;
      for (const FakeCgroup& other : cgroups_)
        anon += is_below(other.path, known.path) ? other.own : 0;
      for (const FakeProcess& process : processes_) {
        if (!is_below(process.cgroup, known.path)) continue;
        anon += process.anon;
        swap += process.swap;
        ++processes;
      }
      row.usage = bytes(anon);
      row.anon = row.inactive_anon = bytes(anon);
      row.active_anon = row.active_file = row.inactive_file = Bytes(0);
      row.swap = bytes(swap);
      row.swapcached = Bytes(0);
      row.processes = processes;
      row.populated = processes > 0 ? Fact::yes : Fact::no;
      row.high = known.high ? bytes(*known.high) : kUnlimited;
      row.max = known.max ? bytes(*known.max) : kUnlimited;
      row.oom_group = known.oom_group ? Fact::yes : Fact::no;
      row.memory.full.total = microseconds(known.stall);
      row.wish = known.wish;
      row.owner_uid = 0;
      row.pgscan = 0;
      cgroup_rows_.push_back(row);
    }
    tick.has_cgroups = true;
    tick.cgroups = cgroup_rows_;
  }

  void fill_processes(Tick& tick, const TickWish& wish) {
    process_rows_.clear();
    for (const FakeProcess& process : processes_) {
      bool wanted = wish.all_processes;
      std::uint32_t cgroup_row = kNoRow;
      for (std::uint32_t i = 0; i < tick.cgroups.size(); ++i) {
        const std::string path(tick.cgroups[i].path);
        if (path == process.cgroup) cgroup_row = i;
        for (const std::uint64_t id : wish.processes_of)
          wanted = wanted || (id == tick.cgroups[i].id && is_below(process.cgroup, path));
      }
      if (!wanted) continue;
      TickProcess row;
      row.pid = process.pid;
      row.start = process.start;
      row.ppid = process.parent;
      row.pgid = row.session = process.session;
      row.uid = 1000;
      row.comm = process.comm;
      row.state = 'S';
      row.kernel_thread = process.kernel_thread ? Fact::yes : Fact::no;
      row.rss = row.rss_anon = bytes(process.anon);
      row.rss_file = row.rss_shmem = Bytes(0);
      row.swap = bytes(process.swap);
      row.pagetables = Bytes(0);
      row.oom_score_adj = process.adj;
      row.oom_score = static_cast<std::int32_t>(process.anon);
      row.cgroup = cgroup_row;
      process_rows_.push_back(row);
    }
    tick.processes_read = wish.all_processes ? ProcessesRead::all : ProcessesRead::some;
    tick.processes = process_rows_;
  }

  std::deque<FakeCgroup> cgroups_;
  std::deque<FakeProcess> processes_;
  std::vector<TickCgroup> cgroup_rows_;
  std::vector<TickProcess> process_rows_;
  int pids_ = 100;
  std::uint64_t ids_ = 0;
};

// What a decision was, kept beyond the next step.
struct KeptDecision {
  std::string rule, scope, cgroup;
  TargetKind kind = TargetKind::process;
  std::vector<std::string> comms;  // Of those who are to die.
  std::string first;               // Of the process that the candidates have in the first place.
  bool whole = false;
  HeldBack held_back = HeldBack::no;
  double at_s = 0;
};

// Runs an engine over the host, kills whom it says, and notes it.
class PolicyRun {
 public:
  PolicyRun(Policy policy, FakeHost& host)
      : policy_(std::move(policy)),
        host_(host),
        begun_(host.now),
        engine_(Engine::create(policy_, {256, 4096, 512}, host.now)) {}

  // Lets `live` happen every 50 ms, and ticks when the engine wants one.
  void run(std::chrono::milliseconds time, const std::function<void(double)>& live) {
    constexpr auto kStep = std::chrono::milliseconds(50);
    const HostTime end = host_.now + time;
    while (host_.now < end) {
      host_.now += kStep;
      live(std::chrono::duration<double>(host_.now - begun_).count());
      if (host_.now < next_) continue;
      // What a verdict waits for is read at once.
      for (int hurry = 0; hurry < 4 && host_.now >= next_; ++hurry)
        tick();
    }
  }

  // By rules that end processes, and by those that only say something.
  const std::vector<KeptDecision>& decisions() const { return decisions_; }
  const std::vector<KeptDecision>& judgements() const { return judgements_; }
  std::vector<std::string> victims() const {
    std::vector<std::string> all;
    for (const KeptDecision& decision : decisions_)
      all.insert(all.end(), decision.comms.begin(), decision.comms.end());
    return all;
  }
  Engine& engine() { return *engine_; }
  int ticks = 0;

 private:
  void tick() {
    ++ticks;
    std::vector<std::uint64_t> asked(wish_.processes_of.begin(), wish_.processes_of.end());
    TickWish wish = wish_;
    wish.processes_of = asked;
    const StepResult result = engine_->step(host_.tick(wish));
    for (const Decision& decision : result.decisions)
      keep(decision);
    wish_ = result.wish;
    next_ = host_.now + wish_.within;
  }

  void keep(const Decision& decision) {
    KeptDecision kept;
    kept.rule = decision.rule;
    kept.scope = decision.scope;
    kept.cgroup = decision.target.cgroup;
    kept.kind = decision.target.kind;
    kept.whole = decision.target.whole_cgroup;
    kept.held_back = decision.held_back;
    kept.at_s = std::chrono::duration<double>(decision.now - begun_).count();
    for (const ProcessId& id : decision.target.processes) {
      for (const FakeProcess& process : host_.processes()) {
        if (process.pid == id.pid) kept.comms.push_back(process.comm);
      }
    }
    for (const DecisionCandidate& candidate : decision.candidates) {
      const bool is_process = candidate.kind == TargetKind::process;
      if (is_process && candidate.rank == 1) kept.first = candidate.comm;
    }
    const bool may_end = policy_.rules.at(decision.rule_index).destructive;
    (may_end ? decisions_ : judgements_).push_back(kept);
    if (!may_end || !decision.acts() || !decision.has_target) return;
    host_.reap(decision.target);
    engine_->settle(decision, DecisionOutcome::done);
  }

  Policy policy_;
  FakeHost& host_;
  HostTime begun_;
  std::unique_ptr<Engine> engine_;
  TickWish wish_;
  HostTime next_{0};
  std::vector<KeptDecision> decisions_, judgements_;
};

}  // namespace oomkit::policy_testing
