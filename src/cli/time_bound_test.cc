#include "cli/time_bound.h"

#include <ostream>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

microseconds day(int y, unsigned month, unsigned d) {
  return sys_days(year(y) / std::chrono::month(month) / std::chrono::day(d)).time_since_epoch();
}

// Saturday the 21st of November 2026, 14:00 UTC, on a machine two hours ahead of UTC.
Calendar afternoon() {
  const microseconds utc = day(2026, 11, 21) + std::chrono::hours(14);
  return {utc, utc + std::chrono::hours(2)};
}

TEST(TimeBoundTest, ReadsWhatPeopleType) {
  const struct {
    const char* text;
    microseconds local;
  } cases[] = {
      {"2026-11-21 12:00", day(2026, 11, 21) + std::chrono::hours(12)},
      {"2026-11-21 12:00:30", day(2026, 11, 21) + std::chrono::hours(12) + seconds(30)},
      {"2026-11-21T12:00", day(2026, 11, 21) + std::chrono::hours(12)},
      {"2026-11-21", day(2026, 11, 21)},
      {" 2026-11-21 ", day(2026, 11, 21)},
      {"09:30", day(2026, 11, 21) + std::chrono::hours(9) + std::chrono::minutes(30)},
      {"today", day(2026, 11, 21)},
      {"yesterday", day(2026, 11, 20)},
      {"now", afternoon().local},
      {"-1h", afternoon().local - std::chrono::hours(1)},
      {"-90s", afternoon().local - seconds(90)},
      {"-1h 30min", afternoon().local - std::chrono::minutes(90)},
      {"-1h30m", afternoon().local - std::chrono::minutes(90)},
      {"2 days ago", afternoon().local - std::chrono::hours(48)},
      {"+5m", afternoon().local + std::chrono::minutes(5)},
  };
  for (const auto& c : cases) {
    const auto bound = parse_time_bound(c.text, afternoon());
    ASSERT_TRUE(bound.has_value()) << c.text << ": " << bound.error().what;
    EXPECT_EQ(bound->local, c.local) << c.text;
  }
}

TEST(TimeBoundTest, RelativeTimesAndInstantsAreTheSameEverywhere) {
  const auto hour_ago = parse_time_bound("-1h", afternoon());
  ASSERT_TRUE(hour_ago.has_value());
  EXPECT_EQ(hour_ago->utc, afternoon().utc - std::chrono::hours(1));
  const auto epoch = parse_time_bound("@1700000000", afternoon());
  ASSERT_TRUE(epoch.has_value());
  EXPECT_EQ(epoch->utc, seconds(1'700'000'000));
  EXPECT_EQ(epoch->local, seconds(1'700'000'000) + std::chrono::hours(2));
  const auto utc = parse_time_bound("2026-11-21T12:00:00Z", afternoon());
  ASSERT_TRUE(utc.has_value());
  EXPECT_EQ(utc->utc, day(2026, 11, 21) + std::chrono::hours(12));
}

class NoTime : public testing::TestWithParam<const char*> {};

TEST_P(NoTime, IsRefusedWithExamples) {
  const auto bound = parse_time_bound(GetParam(), afternoon());
  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ(bound.error().code, ErrorCode::usage);
  EXPECT_NE(bound.error().what.find("expected"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(TimeBound, NoTime,
                         testing::Values("", "soon", "2026-13-01", "2026-02-30", "25:00", "12:61",
                                         "-", "-1", "-h", "-1x", "-1h later", "2026-11-21 noon",
                                         "2026-11-2112:00", "12:00 tomorrow", "@", "@now",
                                         "-99999999999h", "-4294967295w", "ago", " ago"));

TEST(TimeBoundTest, ATimeWithoutZoneIsComparedByTheClockOnTheWall) {
  const TimeBound bound{day(2026, 11, 21) + std::chrono::hours(10),
                        day(2026, 11, 21) + std::chrono::hours(12)};
  WallTime time;
  time.since_epoch = day(2026, 11, 21) + std::chrono::hours(11);
  EXPECT_GT(distance_from(bound, time, afternoon()), microseconds(0));
  time.zone_known = false;
  EXPECT_LT(distance_from(bound, time, afternoon()), microseconds(0));
}

TEST(TimeBoundTest, ATimeWithoutYearLiesInTheLastTwelveMonths) {
  const auto since = parse_time_bound("2026-11-01", afternoon());
  ASSERT_TRUE(since.has_value());
  WallTime time{day(1972, 11, 20), false, false};
  EXPECT_GT(distance_from(*since, time, afternoon()), microseconds(0)) << "20 Nov 2026";
  time.since_epoch = day(1972, 12, 4);
  EXPECT_LT(distance_from(*since, time, afternoon()), microseconds(0)) << "4 Dec 2025";
  time.since_epoch = day(1972, 2, 29);
  EXPECT_LT(distance_from(*since, time, afternoon()), microseconds(0)) << "29 Feb 2024";
}

}  // namespace
}  // namespace oomkit
