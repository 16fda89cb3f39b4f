// The same policy decides over a recording as it decided then, through kills that came late, were
// withdrawn or failed; another policy's decisions are told apart.
#include "guard/replay.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/guard.h"
#include "io/fake_kill_door.h"
#include "policy/knowledge_text.h"
#include "policy/policy_testing.h"

namespace oomkit {
namespace {

using policy_testing::FakeHost;
using policy_testing::policy_of;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr const char* kPolicy = R"(
schema = 1
[[rule]]
name = "nearly full"
when = "mem.available < 10%"
pick = "process by rss"
do = ["kill"]
cooldown = "2s"
)";

// The host's rows, and what the guard is told of its own deeds.
class HostSource final : public TickSource {
 public:
  HostSource(FakeHost& host, FakeKillDoor& door) : host_(host), door_(door) {}
  const Tick& read(const TickWish& wish) override {
    host_.now = HostTime(door_.now_ns());
    tick_ = host_.tick(wish);
    return tick_;
  }
  TickHost read_again() override {
    host_.now = HostTime(door_.now_ns());
    TickHost host = host_.tick({}).host;
    if (is_over_by_then) host.mem_available = host.mem_total;
    return host;
  }
  int folder_of(std::uint64_t /*cgroup_id*/) const override { return -1; }

  bool is_over_by_then = false;  // At the second look.

 private:
  FakeHost& host_;
  FakeKillDoor& door_;
  Tick tick_;
};

class SilentOutbox final : public Outbox {
 public:
  bool post(HelperTask task, std::string_view texts) override {
    if (task != HelperTask::record) return true;
    const std::string_view after = texts.substr(texts.find('\0') + 1);
    records.emplace_back(after.substr(0, after.find('\0')));
    return true;
  }
  std::optional<int> hook_status(std::uint32_t /*number*/) override { return std::nullopt; }
  std::uint64_t lost() const override { return 0; }

  std::vector<std::string> records;
};

// From "rule" to "held_back", and the candidates: all but when it was written and what came of it.
std::string reasons_of(const std::string& record) {
  const std::size_t rule = record.find("\"rule\":");
  const std::size_t held_back = record.find("\"held_back\":");
  const std::size_t actions = record.find("\"actions\":");
  const std::size_t candidates = record.find("\"candidates\":");
  return record.substr(rule, actions - rule) + record.substr(candidates) +
         (held_back == std::string::npos ? " no held_back" : "");
}

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() : ring_(std::move(SharedRing::create(std::size_t{1} << 20)).value()) {}

  // Guards for so long; `live` happens every 50 ms, with the time since the beginning.
  void guard(const std::string& source, milliseconds time,
             const std::function<void(double, FakeKillDoor&, HostSource&)>& live) {
    const Policy policy = policy_of(source);
    FakeKillDoor door;
    if (goes_on_) {
      door.wait_any({}, ended_at_ - door.now_ns());
      for (const auto& process : host_.processes())
        lives_in(door, process.pid, process.start, false);
    }
    HostSource host(host_, door);
    SilentOutbox outbox;
    KillRun run(door);
    const HostTime begun(door.now_ns());
    const EngineCapacity capacity{256, 4096, 512};
    const std::unique_ptr<Engine> engine =
        goes_on_ ? Engine::create_with(knowledge_.text, policy, capacity, begun)
                 : Engine::create(policy, capacity, begun);
    ASSERT_NE(engine, nullptr);
    FlightRecorder recorder(ring_);
    recorder.begin({"then.toml", kHash, std::chrono::microseconds(5'000'000), begun, capacity,
                    false, goes_on_});
    Guard guard(*engine, host, run, outbox, false, &recorder);
    const std::int64_t end = door.now_ns() + std::chrono::nanoseconds(time).count();
    while (door.now_ns() < end) {
      live(std::chrono::duration<double>(HostTime(door.now_ns()) - begun).count(), door, host);
      for (auto process = host_.processes().begin(); process != host_.processes().end();) {
        process = door.is_running(process->pid) ? process + 1 : host_.processes().erase(process);
      }
      guard.turn({door.now_ns(), std::chrono::microseconds(door.now_ns() / 1000)});
      const std::int64_t wait = std::min<std::int64_t>(guard.wake_at_ns(), door.now_ns() + kStep);
      door.wait_any({}, std::max<std::int64_t>(wait - door.now_ns(), 1'000'000));
      take();
    }
    records_ = outbox.records;
    knowledge_ = {};
    EXPECT_TRUE(engine->hand_over(knowledge_));
    ended_at_ = door.now_ns();
  }
  // A process of the host that can be killed.
  void start(FakeKillDoor& door, const std::string& comm, double mib, bool is_stuck = false) {
    const auto& row = host_.start(comm, "/app", mib);
    lives_in(door, row.pid, row.start, is_stuck);
  }

  ReplaySummary again(const std::string& source, std::uint64_t hash = kHash) {
    RecordingReader reading(std::make_unique<MemorySource>("seen.rec", recording_));
    told_.clear();
    const auto summary =
        replay({policy_of(source), hash}, reading,
               [&](const ReplayedDecision& decision) { told_.push_back(decision); });
    EXPECT_TRUE(summary) << summary.error().what;
    return summary ? *summary : ReplaySummary();
  }

  static constexpr std::uint64_t kHash = 77;
  static constexpr std::int64_t kStep = 50'000'000;
  static constexpr std::int64_t kTick = 10'000'000;
  FakeHost host_;
  SharedRing ring_;
  std::string recording_;
  std::vector<std::string> records_;
  std::vector<ReplayedDecision> told_;
  KnowledgeText knowledge_;  // Of the last life, ...
  std::int64_t ended_at_ = 0;
  bool goes_on_ = false;  // The next one begins with it, then.

 private:
  static void lives_in(FakeKillDoor& door, int pid, HostTime started, bool is_stuck) {
    FakeKillDoor::Process process;
    process.start_ticks = static_cast<std::uint64_t>(started.count() / kTick);
    process.is_stuck = is_stuck;
    process.exit_ns = 120'000'000;
    door.start(pid, process);
  }
  void take() {
    std::string message;
    while (ring_.pop(message))
      recording_ += message;
  }
};

TEST_F(ReplayTest, TheSamePolicyDecidesTheSame) {
  guard(kPolicy, milliseconds(30'000), [&](double t, FakeKillDoor& door, HostSource& host) {
    const int step = static_cast<int>(t / 5);
    // Four hogs one after the other: the second does not die, the third's hour is over at the
    // second look for a second.
    if (step < 4 && host_.find("hog" + std::to_string(step)) == nullptr && t - step * 5 < 0.06)
      start(door, "hog" + std::to_string(step), 950, step == 1);
    host.is_over_by_then = step == 2 && t < 11;
  });
  const ReplaySummary summary = again(kPolicy);
  EXPECT_TRUE(summary.agrees());
  EXPECT_TRUE(summary.same_policy);
  EXPECT_GE(summary.recorded, 4U);
  EXPECT_EQ(summary.decided, summary.recorded);
  EXPECT_GT(summary.ticks, 30U);
  EXPECT_EQ(summary.lost, 0U);
  // Not only who, but by which numbers, among whom, and why nothing was done where nothing was.
  ASSERT_EQ(told_.size(), records_.size());
  for (std::size_t i = 0; i < told_.size(); ++i)
    EXPECT_EQ(reasons_of(told_[i].record), reasons_of(records_[i]));
  EXPECT_THAT(recording_, HasSubstr("\"outcome\":\"withdrawn\""));
}

TEST_F(ReplayTest, AnotherPolicyIsToldApart) {
  guard(kPolicy, milliseconds(5'000), [&](double t, FakeKillDoor& door, HostSource&) {
    if (t < 0.06 && host_.find("hog") == nullptr) start(door, "hog", 950);
  });
  std::string never = kPolicy;
  never += "[[preference]]\nmatch = { comm = \"^hog$\" }\nlevel = \"never\"\n";
  const ReplaySummary summary = again(never, kHash + 1);
  EXPECT_FALSE(summary.agrees());
  EXPECT_FALSE(summary.same_policy);
  EXPECT_EQ(summary.decided, 0U);
  ASSERT_EQ(summary.missing.size(), 1U);
  EXPECT_EQ(summary.missing.front().decision.rule, "nearly full");
  EXPECT_EQ(summary.missing.front().decision.outcome, DecisionOutcome::done);
}

TEST_F(ReplayTest, AGuardThatBeganAnewIsReplayedAnew) {
  for (int life = 0; life < 2; ++life) {
    guard(kPolicy, milliseconds(3'000), [&](double t, FakeKillDoor& door, HostSource&) {
      if (t < 0.06 && host_.find("hog") == nullptr) start(door, "hog", 950);
    });
  }
  // The second life's clock is behind: another boot.
  RecordingReader reading(std::make_unique<MemorySource>("seen.rec", recording_));
  const auto summary = replay({policy_of(kPolicy), kHash}, reading, [](const auto&) {});
  ASSERT_TRUE(summary) << summary.error().what;
  EXPECT_EQ(summary->begins, 2U);
  EXPECT_TRUE(summary->agrees());
  EXPECT_GE(summary->recorded, 2U);
}

// Only who knows how all have grown before the policy was read again decides as the guard did.
TEST_F(ReplayTest, AGuardThatGoesOnIsReplayedWithWhatItKnew) {
  const std::string policy = std::string(kPolicy) + "for = \"2s\"\n";
  const auto live = [&](double t, FakeKillDoor& door, HostSource&) {
    if (t < 0.06 && host_.find("hog") == nullptr) start(door, "hog", 950);
  };
  guard(policy, milliseconds(1'500), live);
  goes_on_ = true;
  guard(policy, milliseconds(1'000), [](double, FakeKillDoor&, HostSource&) {});
  EXPECT_THAT(records_, ::testing::SizeIs(1));
  const ReplaySummary summary = again(policy);
  EXPECT_EQ(summary.begins, 2U);
  EXPECT_EQ(summary.recorded, 1U);
  EXPECT_TRUE(summary.agrees());
}

}  // namespace
}  // namespace oomkit
