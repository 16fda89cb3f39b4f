#include "render/quantity.h"

#include <limits>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

using std::chrono::microseconds;

WallTime at(std::int64_t us, bool year_known = true, bool zone_known = true) {
  return {microseconds(us), year_known, zone_known};
}

TEST(QuantityTest, GroupsDigits) {
  EXPECT_EQ(grouped_text(0), "0");
  EXPECT_EQ(grouped_text(999), "999");
  EXPECT_EQ(grouped_text(1000), "1,000");
  EXPECT_EQ(grouped_text(18'446'744'073'709'551'615U), "18,446,744,073,709,551,615");
}

TEST(QuantityTest, TimesInThreeForms) {
  const WallTime known = at(1'692'293'367'000'000);
  EXPECT_EQ(wall_time_text(known), "Thu Aug 17 17:29:27 2023 UTC");
  EXPECT_EQ(short_time_text(known), "2023-08-17 17:29:27");
  EXPECT_EQ(iso_time_text(known), "2023-08-17T17:29:27Z");
  EXPECT_EQ(iso_time_text(at(1'692'293'367'000'250, true, false)), "2023-08-17T17:29:27.000250");
  EXPECT_EQ(iso_time_text(at(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(QuantityTest, ATimeWithoutYearHasNone) {
  const WallTime syslog = at((338LL * 86400 + 83) * 1'000'000, false, false);
  WallTime time = syslog;
  time.since_epoch += std::chrono::hours(24) * 730;  // 1972 is counted from 1970.
  EXPECT_EQ(wall_time_text(time), "Dec  4 00:01:23");
  EXPECT_EQ(iso_time_text(time), "--12-04T00:01:23");
}

TEST(QuantityTest, AnImpossibleTimeIsNoCrash) {
  for (const std::int64_t us :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(iso_time_text(at(us)), "");
    EXPECT_FALSE(wall_time_text(at(us)).empty());
    EXPECT_EQ(short_time_text(at(us)), "-");
  }
}

TEST(QuantityTest, LinesAreJoinedToRanges) {
  EXPECT_EQ(line_ranges_text({48, 1, 41, 42, 44, 43, 1, 0}, 10), "1, 41-44, 48");
  EXPECT_EQ(line_ranges_text({}, 10), "");
  EXPECT_EQ(line_ranges_text({0}, 10), "");
  EXPECT_EQ(line_ranges_text({1, 3, 5, 7}, 2), "1, 3 and 2 more");
}

TEST(QuantityTest, BarsHaveEighths) {
  EXPECT_EQ(bar_text(0, 8), "");
  EXPECT_EQ(bar_text(0.0001, 8), "");
  EXPECT_EQ(bar_text(0.001, 8), "▏");
  EXPECT_EQ(bar_text(0.5, 8), "████");
  EXPECT_EQ(bar_text(0.5625, 8), "████▌");
  EXPECT_EQ(bar_text(1, 4), "████");
  EXPECT_EQ(bar_text(7, 4), "████");
  EXPECT_EQ(bar_text(-1, 4), "");
  EXPECT_EQ(bar_text(std::numeric_limits<double>::quiet_NaN(), 4), "");
}

TEST(QuantityTest, LengthsOfTime) {
  EXPECT_EQ(duration_text(0.42), "0.4 s");
  EXPECT_EQ(duration_text(146), "146 s");
  EXPECT_EQ(duration_text(725), "12 min");
  EXPECT_EQ(duration_text(12'000), "3 h 20 min");
  EXPECT_EQ(duration_text(864'000), "10.0 days");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::infinity()), "an unknown time");
}

TEST(QuantityTest, Rates) {
  EXPECT_EQ(rate_text(41.7 * 1024 * 1024), "41.7 MiB/s");
  EXPECT_EQ(rate_text(std::numeric_limits<double>::quiet_NaN()), "an unknown rate");
  EXPECT_EQ(rate_text(1e300), rate_text(9e18));
}

TEST(QuantityTest, Shares) {
  EXPECT_EQ(share_percent_text(share_of(Bytes(183'623'680), Bytes(209'715'200))), "87.6 %");
  EXPECT_EQ(share_percent_text(-0.001), "-0.1 %");
  EXPECT_EQ(share_percent_text(-0.00001), "0.0 %");
  EXPECT_EQ(share_of(Bytes(1), Bytes(0)), 0);
}

}  // namespace
}  // namespace oomkit
