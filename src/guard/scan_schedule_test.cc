// When the tree is read, and when it is left alone.
#include "guard/scan_schedule.h"

#include <array>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kMiB = 1 << 20;

TickHost host_with(std::int64_t available_mib, std::int64_t stalled_us = 0) {
  TickHost host;
  host.mem_total = Bytes(1000 * kMiB);
  host.mem_available = Bytes(available_mib * kMiB);
  host.swap_free = Bytes(0);
  host.memory.some.total = Microseconds(stalled_us);
  return host;
}

class ScanScheduleTest : public ::testing::Test {
 protected:
  bool is_due(std::int64_t after_ms, const TickHost& host) {
    return schedule_.cgroups_due(kBegin + after_ms * kMillisecond, host, {});
  }
  void were_read(const TickHost& host, std::int64_t took_ms = 1) {
    schedule_.cgroups_were_read(kBegin, kBegin + took_ms * kMillisecond, host);
  }

  static constexpr std::int64_t kBegin = 1'000'000 * kMillisecond;
  ScanSchedule schedule_;
};

TEST_F(ScanScheduleTest, TheFirstTickHasThem) {
  EXPECT_TRUE(is_due(0, host_with(900)));
}

TEST_F(ScanScheduleTest, WhileThereIsPlentyTheyAreReadTwiceAMinute) {
  were_read(host_with(800));
  EXPECT_FALSE(is_due(29'000, host_with(795)));
  EXPECT_TRUE(is_due(30'000, host_with(795)));
  EXPECT_TRUE(is_due(1'000, host_with(700))) << "but it moved";
}

TEST_F(ScanScheduleTest, WhenThereIsLessASmallMoveIsEnough) {
  were_read(host_with(250));
  EXPECT_FALSE(is_due(1'000, host_with(249)));
  EXPECT_TRUE(is_due(1'000, host_with(240)));
  EXPECT_TRUE(is_due(5'000, host_with(250)));
  EXPECT_FALSE(is_due(100, host_with(200))) << "not that soon";
}

TEST_F(ScanScheduleTest, AStallIsAReason) {
  were_read(host_with(400, 1000));
  EXPECT_FALSE(is_due(1'000, host_with(400, 1500)));
  EXPECT_TRUE(is_due(1'000, host_with(400, 3001)));
}

TEST_F(ScanScheduleTest, AfterALongReadingTheNextOneWaits) {
  were_read(host_with(100), 50);
  EXPECT_FALSE(is_due(1'000, host_with(20)));
  EXPECT_TRUE(is_due(1'251, host_with(20)));
  TickWish verdict;
  verdict.all_processes = true;
  EXPECT_TRUE(schedule_.cgroups_due(kBegin + kMillisecond, host_with(20), verdict))
      << "a verdict does not wait";
}

TEST_F(ScanScheduleTest, ProcessesAreReadOnlyWhenAskedForAndNotTooOften) {
  EXPECT_FALSE(schedule_.processes_due(kBegin, {}));
  const std::array<std::uint64_t, 1> ids = {7};
  TickWish wish;
  wish.processes_of = ids;
  EXPECT_TRUE(schedule_.processes_due(kBegin, wish));
  schedule_.processes_were_read(kBegin, kBegin + 10 * kMillisecond);
  EXPECT_FALSE(schedule_.processes_due(kBegin + 499 * kMillisecond, wish));
  EXPECT_TRUE(schedule_.processes_due(kBegin + 500 * kMillisecond, wish));
  wish.verdict = true;
  EXPECT_TRUE(schedule_.processes_due(kBegin + 11 * kMillisecond, wish))
      << "or the guard asks again and again, before everybody else, until it is their turn";
  wish = {};
  wish.all_processes = true;
  EXPECT_TRUE(schedule_.processes_due(kBegin + 11 * kMillisecond, wish));
}

}  // namespace
}  // namespace oomkit
