// The guard's turns over a made-up host, policy and processes.
#include "guard/guard.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fake_kill_door.h"

namespace oomkit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kMiB = 1 << 20;

// Decides what the test says, once.
class ScriptedEngine final : public Engine {
 public:
  StepResult step(const Tick& tick) override {
    ++steps;
    decisions_ = std::exchange(next, {});
    for (Decision& decision : decisions_)
      decision.now = tick.now;
    return {decisions_, wish};
  }
  bool still_holds(const Decision&, const TickHost& host) const override {
    return *host.mem_available < Bytes(100 * kMiB);
  }
  void settle(const Decision&, DecisionOutcome outcome) override { settled.push_back(outcome); }
  bool hand_over(StateSink&) override { return false; }
  std::size_t memory() const override { return 0; }

  std::vector<Decision> next;
  TickWish wish;
  int steps = 0;
  std::vector<DecisionOutcome> settled;

 private:
  std::vector<Decision> decisions_;
};

class MadeUpSource final : public TickSource {
 public:
  explicit MadeUpSource(FakeKillDoor& door) : door_(door) {}
  const Tick& read(const TickWish&) override {
    tick_.now = HostTime(door_.now_ns());
    tick_.host = read_again();
    return tick_;
  }
  TickHost read_again() override {
    TickHost host;
    host.mem_total = Bytes(1000 * kMiB);
    host.mem_available = Bytes(available + door_.freed_bytes());
    host.swap_free = Bytes(0);
    return host;
  }
  int folder_of(std::uint64_t cgroup_id) const override { return cgroup_id == 5 ? folder : -1; }

  std::int64_t available = 30 * kMiB;
  int folder = -1;

 private:
  FakeKillDoor& door_;
  Tick tick_;
};

class KeepingOutbox final : public Outbox {
 public:
  bool post(HelperTask task, std::string_view texts) override {
    if (is_full) return false;
    if (task == HelperTask::record) {
      const std::string_view after = texts.substr(texts.find('\0') + 1);
      sentences.emplace_back(texts.substr(0, texts.find('\0')));
      records.emplace_back(after.substr(0, after.find('\0')));
    } else {
      tasks += static_cast<char>(task);
      last = texts;
    }
    return true;
  }
  std::optional<int> hook_status(std::uint32_t) override {
    return status ? status() : std::nullopt;
  }
  std::uint64_t lost() const override { return 0; }

  bool is_full = false;
  std::string tasks;
  std::string last;
  std::function<std::optional<int>()> status;
  std::vector<std::string> sentences, records;
};

class GuardTest : public ::testing::Test {
 protected:
  void act(const std::vector<std::string>& actions) {
    for (const std::string& text : actions)
      actions_.push_back(parse_action(text).value());
  }
  // A decision on process 10, which began 70 ms after boot.
  Decision decision() {
    process_ = {10, HostTime(70 * kMillisecond)};
    Decision decision;
    decision.number = 1;
    decision.rule = "emergency";
    condition_ = {"mem.available < 4%", kShare, 0.03, 0.04, true, true, HostTime(kSecond)};
    decision.conditions = {&condition_, 1};
    candidate_.process = process_;
    candidate_.comm = "leak\n\xff";
    candidate_.cgroup = "/app";
    candidate_.rank = 1;
    term_ = {"rss", kSize, 1048576.0};
    candidate_.terms = {&term_, 1};
    decision.candidates = {&candidate_, 1};
    decision.considered = 3;
    decision.has_target = true;
    decision.target.processes = {&process_, 1};
    decision.target.comm = candidate_.comm;
    decision.target.cgroup = "/app";
    decision.target.cgroup_id = 5;
    decision.actions = actions_;
    decision.recheck = true;
    return decision;
  }
  void run(Guard& guard, std::int64_t seconds) {
    const std::int64_t end_ns = door_.now_ns() + seconds * kSecond;
    for (int turns = 0; turns < 10'000 && door_.now_ns() < end_ns; ++turns) {
      guard.turn({door_.now_ns(), std::chrono::microseconds(1'700'000'000'123'456)});
      const std::int64_t wait_ns = std::min(guard.wake_at_ns(), end_ns) - door_.now_ns();
      if (wait_ns > 0) door_.wait_any(guard.handles(), wait_ns);
    }
  }
  Guard make(bool dry_run = false) { return Guard(engine_, source_, run_, outbox_, dry_run); }

  FakeKillDoor door_;
  KillRun run_{door_};
  ScriptedEngine engine_;
  MadeUpSource source_{door_};
  KeepingOutbox outbox_;
  std::vector<PolicyAction> actions_;
  ProcessId process_;
  DecisionCondition condition_;
  DecisionCandidate candidate_;
  ScoreTerm term_;
};

TEST_F(GuardTest, LooksEveryFiveSecondsThoughNobodyWishesForIt) {
  engine_.wish.within = std::chrono::hours(1);
  Guard guard = make();
  run(guard, 60);
  EXPECT_LE(engine_.steps, 13);
  EXPECT_GE(engine_.steps, 12);
}

TEST_F(GuardTest, WakesAsSoonAsThePolicyWants) {
  engine_.wish.within = std::chrono::milliseconds(100);
  Guard guard = make();
  run(guard, 2);
  EXPECT_EQ(engine_.steps, 20);
}

TEST_F(GuardTest, KillsWhomThePolicyNamesAndRecordsIt) {
  door_.start(10, {.start_ticks = 7, .exit_ns = 40 * kMillisecond, .bytes = 300 * kMiB});
  act({"kill", "reap"});
  engine_.wish.within = std::chrono::seconds(1);
  engine_.next = {decision()};
  Guard guard = make();
  run(guard, 1);
  EXPECT_FALSE(door_.is_running(10));
  ASSERT_EQ(outbox_.records.size(), 1U);
  EXPECT_THAT(engine_.settled, ElementsAre(DecisionOutcome::done));
  const std::string& record = outbox_.records.front();
  EXPECT_THAT(record, HasSubstr(R"("schema":"oomkit.decision/1")"));
  EXPECT_THAT(record, HasSubstr(R"("time":"2023-11-14T22:13:20.123Z")"));
  EXPECT_THAT(record, HasSubstr(R"("rule":"emergency")"));
  EXPECT_THAT(record, HasSubstr(R"("conditions":[{"expr":"mem.available < 4%","value":0.03,)"
                                R"("threshold":0.04,"held_s":1)"));
  EXPECT_THAT(record, HasSubstr(R"({"do":"kill","result":"done","took_ms":40})"));
  EXPECT_THAT(record, HasSubstr(R"("freed_bytes":314572800)"));
  EXPECT_THAT(record, HasSubstr(R"("dry_run":false)"));
  EXPECT_THAT(record, HasSubstr(R"("terms":{"rss":1048576})"));
  EXPECT_THAT(record, HasSubstr(R"("rank":1,"excluded":null)"));
  EXPECT_THAT(record, HasSubstr(R"(leak\n)")) << "a name cannot break the line";
  EXPECT_THAT(record, HasSubstr(R"("target":{"kind":"process","pid":10,"comm":"leak\n)"));
  EXPECT_THAT(outbox_.sentences.front(), HasSubstr("rule emergency: leak"));
  EXPECT_THAT(outbox_.sentences.front(), HasSubstr(" (10) in /app: kill, reap"));
}

TEST_F(GuardTest, ADryRunSignalsNobodyAndSaysWhatItWouldHaveDone) {
  door_.start(10, {.start_ticks = 7});
  act({"term wait 2s", "kill", "reap", "hook /bin/true timeout 1s", "sysrq f"});
  engine_.next = {decision()};
  Guard guard = make(true);
  run(guard, 1);
  EXPECT_THAT(door_.log, IsEmpty());
  EXPECT_THAT(outbox_.tasks, IsEmpty()) << "no hook either";
  ASSERT_EQ(outbox_.records.size(), 1U);
  EXPECT_THAT(outbox_.records.front(), HasSubstr(R"("dry_run":true)"));
  EXPECT_THAT(outbox_.records.front(),
              HasSubstr(R"({"do":"kill","result":"dry run","took_ms":0})"));
}

TEST_F(GuardTest, AHostThatHasRecoveredIsLeftAlone) {
  door_.start(10, {.start_ticks = 7});
  act({"kill"});
  source_.available = 500 * kMiB;
  engine_.next = {decision()};
  Guard guard = make();
  run(guard, 1);
  EXPECT_TRUE(door_.is_running(10));
  EXPECT_THAT(engine_.settled, ElementsAre(DecisionOutcome::withdrawn));
  EXPECT_THAT(outbox_.records.front(), HasSubstr(R"("result":"withdrawn")"));
}

TEST_F(GuardTest, WhoeverSurvivesIsToldToThePolicy) {
  door_.start(10, {.start_ticks = 7, .is_stuck = true});
  act({"kill"});
  engine_.next = {decision()};
  Guard guard = make();
  run(guard, 5);
  EXPECT_THAT(engine_.settled, ElementsAre(DecisionOutcome::survived));
  EXPECT_THAT(outbox_.records.front(), HasSubstr(R"("result":"still there","took_ms":2000)"));
}

TEST_F(GuardTest, AWaitForSigtermEndsWhenMemoryBecomesCritical) {
  door_.start(10, {.start_ticks = 7, .ignores_term = true});
  act({"term wait 8s", "kill"});
  source_.available = 10 * kMiB;
  engine_.next = {decision()};
  Guard guard = make();
  run(guard, 1);
  EXPECT_FALSE(door_.is_running(10));
}

TEST_F(GuardTest, AHookComesBeforeTheKillAndIsWaitedForOnlySoLong) {
  door_.start(10, {.start_ticks = 7});
  act({"hook /bin/dump timeout 2s", "kill"});
  engine_.next = {decision()};
  Guard guard = make();
  run(guard, 1);
  EXPECT_EQ(outbox_.tasks, "h");
  EXPECT_THAT(outbox_.last, HasSubstr("OOM_PID=10"));
  EXPECT_THAT(outbox_.last, HasSubstr("/bin/dump"));
  EXPECT_TRUE(door_.is_running(10));
  run(guard, 2);
  EXPECT_FALSE(door_.is_running(10)) << "the hook hangs";
  EXPECT_THAT(outbox_.records.front(), HasSubstr(R"("result":"not waited for","took_ms":2000)"));
}

TEST_F(GuardTest, AHookThatIsOverLetsTheKillGoOn) {
  door_.start(10, {.start_ticks = 7});
  act({"hook /bin/dump timeout 2s", "kill"});
  const std::int64_t begin = door_.now_ns();
  outbox_.status = [&]() -> std::optional<int> {
    return door_.now_ns() - begin >= 20 * kMillisecond ? std::optional(3) : std::nullopt;
  };
  engine_.next = {decision()};
  Guard guard = make();
  run(guard, 1);
  EXPECT_FALSE(door_.is_running(10));
  EXPECT_THAT(outbox_.records.front(), HasSubstr(R"("result":"exit 3","took_ms":20)"));
}

TEST_F(GuardTest, AHelperThatHangsDoesNotHoldUpTheKill) {
  door_.start(10, {.start_ticks = 7});
  act({"notify", "hook /bin/dump timeout 2s", "kill"});
  outbox_.is_full = true;
  engine_.next = {decision()};
  Guard guard = make();
  run(guard, 1);
  EXPECT_FALSE(door_.is_running(10));
}

TEST_F(GuardTest, AWholeCgroupGoesByItsFolder) {
  source_.folder = door_.make_group("app");
  door_.start(10, {.start_ticks = 7, .group = "app"});
  door_.start(11, {.start_ticks = 9, .group = "app"});
  act({"kill", "reap"});
  Decision whole = decision();
  whole.target.kind = TargetKind::cgroup;
  whole.target.whole_cgroup = true;
  engine_.next = {whole};
  Guard guard = make();
  run(guard, 1);
  EXPECT_EQ(door_.file("app", "cgroup.kill"), "1");
  EXPECT_FALSE(door_.is_running(11));
}

TEST_F(GuardTest, ACgroupWithSomebodyWhoMayNotDieIsNotKilledWhole) {
  source_.folder = door_.make_group("app");
  door_.start(10, {.start_ticks = 7, .group = "app"});
  door_.start(11, {.start_ticks = 9, .group = "app"});
  act({"kill"});
  Decision part = decision();
  part.target.kind = TargetKind::cgroup;
  engine_.next = {part};
  Guard guard = make();
  run(guard, 1);
  EXPECT_FALSE(door_.is_running(10));
  EXPECT_TRUE(door_.is_running(11));
}

TEST_F(GuardTest, WhatIsHeldBackIsSaidOnceInAWhile) {
  act({"kill"});
  Guard guard = make();
  for (int tick = 0; tick < 50; ++tick) {
    Decision held = decision();
    held.held_back = HeldBack::budget;
    engine_.next = {held};
    engine_.wish.within = std::chrono::milliseconds(100);
    run(guard, 0);
    guard.turn({door_.now_ns(), {}});
    door_.let_time_pass(100 * kMillisecond);
  }
  EXPECT_EQ(outbox_.records.size(), 1U);
  EXPECT_THAT(outbox_.records.front(), HasSubstr(R"("held_back":")"));
}

TEST_F(GuardTest, ARecordOfVeryManyCandidatesIsCutAndSaysSo) {
  act({"kill"});
  std::vector<DecisionCandidate> many(2000, candidate_);
  Decision large = decision();
  large.candidates = many;
  large.considered = 2000;
  engine_.next = {large};
  Guard guard = make(true);
  run(guard, 1);
  EXPECT_LT(outbox_.records.front().size(), DecisionRecord::kRoom);
  EXPECT_THAT(outbox_.records.front(), HasSubstr(R"("candidates_left_out":)"));
  EXPECT_EQ(outbox_.records.front().back(), '}');
}

}  // namespace
}  // namespace oomkit
