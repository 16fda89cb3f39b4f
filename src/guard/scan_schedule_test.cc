// What of a wish is read, and what waits.
#include "guard/scan_schedule.h"

#include <array>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kBegin = 1'000'000 * kMillisecond;

TEST(ScanScheduleTest, CgroupsAreReadAtFirstAndThenWhenAskedFor) {
  ScanSchedule schedule;
  EXPECT_TRUE(schedule.cgroups_due({}));
  schedule.cgroups_were_read();
  EXPECT_FALSE(schedule.cgroups_due({}));
  TickWish wish;
  wish.cgroups = true;
  EXPECT_TRUE(schedule.cgroups_due(wish));
}

TEST(ScanScheduleTest, ProcessesAreReadOnlyWhenAskedForAndNotTooOften) {
  ScanSchedule schedule;
  EXPECT_FALSE(schedule.processes_due(kBegin, {}));
  const std::array<std::uint64_t, 1> ids = {7};
  TickWish wish;
  wish.processes_of = ids;
  EXPECT_TRUE(schedule.processes_due(kBegin, wish));
  schedule.processes_were_read(kBegin, kBegin + 10 * kMillisecond);
  EXPECT_FALSE(schedule.processes_due(kBegin + 499 * kMillisecond, wish));
  EXPECT_TRUE(schedule.processes_due(kBegin + 500 * kMillisecond, wish));
  wish.verdict = true;
  EXPECT_TRUE(schedule.processes_due(kBegin + 11 * kMillisecond, wish))
      << "or the guard asks again and again, before everybody else, until it is their turn";
  wish = {};
  wish.all_processes = true;
  EXPECT_TRUE(schedule.processes_due(kBegin + 11 * kMillisecond, wish));
}

}  // namespace
}  // namespace oomkit
