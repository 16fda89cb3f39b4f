// The promise of the whole guard, on this machine: once it runs it allocates nothing, whatever it
// reads, decides, does and records.
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "guard/channel.h"
#include "guard/guard.h"
#include "guard/sensors.h"
#include "guard/status_board.h"
#include "io/kill_door_real.h"
#include "io/own_process.h"
#include "policy/policy_parse.h"
#include "tests/support/no_allocation.h"

namespace oomkit {
namespace {

constexpr std::string_view kWatchful = R"(
schema = 1
[[rule]]
name = "always"
when = "mem.available > 0 and psi(memory, some, 10s) >= 0%"
pick = "culprit"
do = ["log"]
[[rule]]
name = "one by one"
when = "mem.left > 0"
pick = "process by badness, then rss"
do = ["log"]
cooldown = "0s"
)";

constexpr std::int64_t kQuarterSecond = 250'000'000;

// Everything in every tick, so that every sensor works each time.
class AskingForAll final : public TickSource {
 public:
  explicit AskingForAll(Sensors& sensors) : sensors_(sensors) {}
  const Tick& read(const TickWish&) override {
    TickWish all;
    all.cgroups = all.all_processes = true;
    return sensors_.read(all);
  }
  TickHost read_again() override { return sensors_.read_again(); }
  int folder_of(std::uint64_t id) const override { return sensors_.folder_of(id); }

 private:
  Sensors& sensors_;
};

// A shortage that is made up, with one process in it.
class OneVictim final : public TickSource {
 public:
  explicit OneVictim(const KillTarget& victim) {
    row_.pid = victim.pid;
    constexpr std::int64_t kStartTick = 10'000'000;
    row_.start = HostTime(static_cast<std::int64_t>(victim.start_ticks) * kStartTick);
    row_.comm = "victim";
    row_.rss = row_.rss_anon = Bytes(1 << 30);
    row_.rss_file = row_.rss_shmem = row_.swap = row_.pagetables = Bytes(0);
    row_.oom_score_adj = 0;
    row_.kernel_thread = Fact::no;
    row_.threads = 1;
  }
  const Tick& read(const TickWish&) override {
    tick_.now += HostTime(kQuarterSecond);
    tick_.host = read_again();
    tick_.processes_read = ProcessesRead::all;
    tick_.processes = {&row_, 1};
    return tick_;
  }
  TickHost read_again() override {
    TickHost host;
    host.mem_total = Bytes(std::int64_t{2} << 30);
    host.mem_available = host.mem_free = Bytes(1 << 20);
    host.swap_total = host.swap_free = Bytes(0);
    return host;
  }
  int folder_of(std::uint64_t) const override { return -1; }

 private:
  Tick tick_;
  TickProcess row_;
};

class GuardPromise : public ::testing::Test {
 protected:
  GuardPromise() : run_(std::make_unique<KillRun>(*door_)) { run_->protect(own_process_id()); }
  void make(std::string_view policy, TickSource& source, bool dry_run) {
    ParsedPolicy parsed = parse_policy(policy);
    ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().message;
    policy_ = std::move(parsed.policy);
    engine_ = Engine::create(policy_, {}, HostTime(0));
    board_ = std::make_unique<StatusBoard>(ring_.board(), policy_);
    board_->start({"policy.toml", 1, {}, "time", dry_run, own_process_id()});
    engine_->tell(board_.get());
    recorder_.begin({"policy.toml", 1, {}, HostTime(0), {}, dry_run});
    guard_ = std::make_unique<Guard>(*engine_, source, *run_, outbox_, dry_run, &recorder_);
  }
  void run_forbidden(int turns) {
    allocation_is_forbidden = true;
    for (int turn = 0; turn < turns; ++turn) {
      guard_->turn({door_->now_ns(), std::chrono::microseconds(turn)});
      board_->publish({door_->now_ns(), guard_->counts().turns});
      if (guard_->is_acting()) door_->wait_any(guard_->handles(), kQuarterSecond);
    }
    allocation_is_forbidden = false;
  }

  // What goes into a recording is made under the same promise.
  std::size_t lines_recorded() {
    std::size_t lines = 0;
    std::string line;
    while (recording_.pop(line))
      ++lines;
    return lines;
  }

  std::unique_ptr<KillDoor> door_ = std::move(make_kill_door()).value();
  std::unique_ptr<KillRun> run_;
  SharedRing ring_ = std::move(SharedRing::create()).value();
  RingOutbox outbox_{ring_};
  SharedRing recording_ = std::move(SharedRing::create(std::size_t{4} << 20)).value();
  FlightRecorder recorder_{recording_};
  Policy policy_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<StatusBoard> board_;
  std::unique_ptr<Guard> guard_;
};

TEST_F(GuardPromise, ReadingAllOfThisMachineAndDecidingAllocatesNothing) {
  const auto place = find_cgroups("");
  TickNeeds needs = parse_policy(kWatchful).policy.needs;
  needs.zram = needs.arc = needs.watermarks = needs.vmstat = needs.cgroups = true;
  needs.pressure_io = needs.pressure_cpu = needs.wishes = needs.cmdline = needs.exe = true;
  needs.processes = needs.cgroup_io_pressure = true;
  Sensors sensors = std::move(Sensors::create("", needs, place, room_below("", place))).value();
  AskingForAll source(sensors);
  make(kWatchful, source, true);
  run_forbidden(20);
  EXPECT_EQ(guard_->counts().turns, 20U);
  std::string message;
  EXPECT_TRUE(ring_.pop(message)) << "it decided nothing";
  EXPECT_GT(lines_recorded(), 20U);
}

TEST_F(GuardPromise, AKillFromTheTickToTheRecordAllocatesNothing) {
  const std::int32_t pid = start_idle_process();
  ASSERT_GT(pid, 0);
  OneVictim source({pid, static_cast<std::uint64_t>(door_->start_ticks(pid).value)});
  make(
      "schema = 1\n[[rule]]\nname = \"low\"\nwhen = \"mem.available < 4%\"\n"
      "pick = \"process by rss\"\ndo = [\"term wait 1s\", \"kill\", \"reap\"]\n",
      source, false);
  run_forbidden(20);
  const DoorNumber handle = door_->open_process(pid);
  EXPECT_TRUE(handle.error != 0 || door_->is_gone(static_cast<int>(handle.value)));
  bury_process(pid);
  std::string message;
  ASSERT_TRUE(ring_.pop(message));
  EXPECT_NE(message.find(R"("rule":"low")"), std::string::npos);
  EXPECT_NE(message.find(R"("result":"done")"), std::string::npos);
  EXPECT_GT(lines_recorded(), 3U);
}

}  // namespace
}  // namespace oomkit
