// What wakes a guard, and the running means of a pressure file.
#include <vector>

#include <gtest/gtest.h>

#include "sim/pressure_average.h"
#include "sim/pressure_watch.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

// One waits for memory for 10 ms while another one of its group has the processor, and then busies
// itself with reclaim for 10 ms while that one waits for the processor.
TEST(PressureGroup, WhoReclaimsOnTheProcessorMakesItFull) {
  const PressureGroup::Tasks other = {.productive = 1};
  const PressureGroup::Tasks waits = {.stalled = 1};
  const PressureGroup::Tasks reclaims = {.stalled = 1, .reclaiming = 1};
  PressureGroup group;
  group.change(SimTime(0), other, 1);
  group.change(SimTime(0), waits, 1);
  EXPECT_EQ(group.totals(10ms).some_us, 10'000);
  EXPECT_EQ(group.totals(10ms).full_us, 0);
  group.change(10ms, waits, -1);
  group.change(10ms, reclaims, 1);
  EXPECT_EQ(group.totals(20ms).some_us, 20'000);
  EXPECT_EQ(group.totals(20ms).full_us, 10'000);
}

// One waits for a disk while nobody runs, then for the processor while another group has it, then
// beside one of its own that has it.
TEST(PressureGroup, DiskAndProcessor) {
  const PressureGroup::Tasks on_disk = {.on_disk = 1};
  const PressureGroup::Tasks waits = {.runnable = 1};
  const PressureGroup::Tasks runs = {.runnable = 1, .running = 1};
  PressureGroup group;
  group.change(SimTime(0), on_disk, 1);
  group.change(10ms, on_disk, -1);
  group.change(10ms, waits, 1);
  group.change(30ms, runs, 1);
  EXPECT_EQ(group.totals(40ms, PressureOf::io), (RunPsi{10'000, 10'000}));
  EXPECT_EQ(group.totals(40ms, PressureOf::cpu), (RunPsi{30'000, 20'000}));
  group.change(40ms, on_disk, 1);
  EXPECT_EQ(group.totals(50ms, PressureOf::io), (RunPsi{20'000, 10'000}));
  EXPECT_EQ(group.totals(50ms), RunPsi());
}

// A host on which one task stands still now and then, and another one does not.
class PressureWatchTest : public testing::Test {
 protected:
  void stall(SimTime begin, SimTime length) {
    scheduler_.at(begin, [this] {
      group_.change(scheduler_.now(), {.stalled = 1, .productive = 1}, 1);
      watch_.stall_begins();
    });
    scheduler_.at(begin + length,
                  [this] { group_.change(scheduler_.now(), {.stalled = 1, .productive = 1}, -1); });
  }
  void run() {
    while (scheduler_.step()) {
      ++steps_;
    }
  }

  Scheduler scheduler_{1, {}};
  PressureGroup group_;
  std::vector<SimTime> woken_;
  int steps_ = 0;
  PressureWatch watch_{scheduler_, group_, 70'000, 100'000,
                       [this] { woken_.push_back(scheduler_.now()); }};
};

TEST_F(PressureWatchTest, WakesSoonAfterItsLimit) {
  stall(1s, 400ms);
  run();
  ASSERT_EQ(woken_.size(), 1U);
  // The first look is only where the window begins: the tenth of a second after it tells.
  EXPECT_GT(woken_[0], SimTime(1s + 70ms));
  EXPECT_LT(woken_[0], SimTime(1s + 220ms));
}

TEST_F(PressureWatchTest, WhatIsShorterDoesNotWake) {
  stall(1s, 60ms);
  stall(5s, 60ms);
  run();
  EXPECT_TRUE(woken_.empty());
}

TEST_F(PressureWatchTest, ShortOnesInOneWindowAddUp) {
  for (int i = 0; i < 10; ++i)
    stall(1s + 100ms * i, 20ms);
  run();
  EXPECT_EQ(woken_.size(), 1U);
}

TEST_F(PressureWatchTest, WakesOnceAWindowAndRestsWithoutStalls) {
  stall(1s, 3s);
  run();
  ASSERT_GE(woken_.size(), 3U);
  for (std::size_t i = 1; i < woken_.size(); ++i)
    EXPECT_GE(woken_[i] - woken_[i - 1], SimTime(1s));
  EXPECT_LE(woken_.size(), 4U);
  EXPECT_LT(steps_, 60);                         // Ten a second, and none before or behind.
  EXPECT_LT(scheduler_.now(), SimTime(5500ms));  // The last look.
}

TEST(PressureAveragesTest, RiseAndFadeAsLoadsDo) {
  PressureAverages averages;
  SimTime now{0};
  std::int64_t total = 0;
  const auto pass = [&](int seconds, std::int64_t stalled_us) {
    const PressureLines* lines = nullptr;
    for (int i = 0; i < seconds; ++i) {
      now += 1s;
      total += stalled_us;
      lines = &averages.update(now, {total, 0});
    }
    return *lines;
  };
  const PressureLines half = pass(300, 500'000);
  EXPECT_NEAR(half.some.averages[0], 5000, 60);
  EXPECT_NEAR(half.some.averages[1], 4970, 60);
  EXPECT_NEAR(half.some.averages[2], 3160, 60);  // 50 % * (1 - 1/e)
  EXPECT_EQ(half.full.averages[0], 0);
  EXPECT_EQ(half.some.total_us, 150'000'000);
  const PressureLines later = pass(20, 0);
  EXPECT_NEAR(later.some.averages[0], 677, 150);  // 50 % / e^2
}

TEST(PressureAveragesTest, WhoeverLooksSeldomMissesPeriodsWithoutStalls) {
  PressureAverages averages;
  averages.update(SimTime(2100ms), {2'000'000, 0});
  const std::int32_t before = averages.update(SimTime(2200ms), {2'000'000, 0}).some.averages[0];
  EXPECT_GT(before, 1500);
  EXPECT_EQ(averages.update(SimTime(3600s), {2'000'000, 0}).some.averages[0], 0);
}

}  // namespace
}  // namespace oomkit::sim
