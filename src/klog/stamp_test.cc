#include "klog/stamp.h"

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;
// 2026-11-21 12:22:51 UTC, and the same day of 1972, which stands for an unknown year.
constexpr std::int64_t kMoment = 1'795'263'771 * kSecond;
constexpr std::int64_t kMoment1972 = 91'196'571 * kSecond;

struct StampCase {
  const char* name;
  const char* stamp;
  std::int64_t microseconds;
  bool year_known;
  bool zone_known;
};

void PrintTo(const StampCase& c, std::ostream* out) {
  *out << c.stamp;
}

class ReadableStamp : public testing::TestWithParam<StampCase> {};

TEST_P(ReadableStamp, IsTheMoment) {
  const auto time = parse_stamp(GetParam().stamp);
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(time->since_epoch.count(), GetParam().microseconds);
  EXPECT_EQ(time->year_known, GetParam().year_known);
  EXPECT_EQ(time->zone_known, GetParam().zone_known);
}

constexpr StampCase kReadable[] = {
    {"dmesg", "Sat Nov 21 12:22:51 2026", kMoment, true, false},
    {"dmesg_utc", "Sat Nov 21 12:22:51 UTC 2026", kMoment, true, true},
    {"rfc3164", "Nov 21 12:22:51", kMoment1972, false, false},
    {"precise", "Nov 21 12:22:51.572035", kMoment1972 + 572035, false, false},
    {"padded_day", "Nov  1 12:22:51", kMoment1972 - 20 * kDay, false, false},
    {"one_digit_day", "Nov 1 12:22:51", kMoment1972 - 20 * kDay, false, false},
    {"leap_day", "Feb 29 00:00:00", 68'169'600 * kSecond, false, false},
    {"iso", "2026-11-21T12:22:51.572035+00:00", kMoment + 572035, true, true},
    {"dmesg_iso", "2026-11-21T12:22:51,572035+00:00", kMoment + 572035, true, true},
    {"zone_east", "2026-11-21T17:52:51+0530", kMoment, true, true},
    {"zone_west", "2026-11-21T04:22:51-08:00", kMoment, true, true},
    {"zulu_nanoseconds", "2026-11-21T12:22:51.572035123Z", kMoment + 572035, true, true},
    {"no_zone", "2026-11-21 12:22:51", kMoment, true, false},
    {"slashes", "2026/11/21 12:22:51", kMoment, true, false},
    {"short_full", "Sat 2026-11-21 12:22:51 UTC", kMoment, true, true},
    {"unknown_zone", "Sat 2026-11-21 12:22:51 CET", kMoment, true, false},
    {"journal", "1795263771572035", kMoment + 572035, true, true},
    {"unix_time", "1795263771.572035", kMoment + 572035, true, true},
    {"dmesg_e", "Nov21 12:22", kMoment1972 - 51 * kSecond, false, false},
    {"logcat", "11-21 12:22:51.572", kMoment1972 + 572000, false, false},
    {"german", "Sa Nov 21 12:22:51 2026", kMoment, true, false},
    {"german_day_first", "Sa 21. Nov 12:22:51 2026", kMoment, true, false},
    {"german_march", "Mär 21 12:22:51", kMoment1972 - 245 * kDay, false, false},
    {"french", "sam. nov. 21 12:22:51 2026", kMoment, true, false},
    {"french_tuesday", "mar. déc. 1 12:22:51 2026", kMoment + 10 * kDay, true, false},
    {"french_august", "août 21 12:22:51", kMoment1972 - 92 * kDay, false, false},
    {"spanish", "ene 21 12:22:51", kMoment1972 - 305 * kDay, false, false},
    {"italian", "mag 21 12:22:51", kMoment1972 - 184 * kDay, false, false},
    {"portuguese", "fev 21 12:22:51", kMoment1972 - 274 * kDay, false, false},
    {"dutch", "mrt 21 12:22:51", kMoment1972 - 245 * kDay, false, false},
    {"russian", "мая 21 12:22:51", kMoment1972 - 184 * kDay, false, false},
    {"russian_capital", "Ноя 21 12:22:51", kMoment1972, false, false},
    {"polish", "paź 21 12:22:51", kMoment1972 - 31 * kDay, false, false},
    {"czech", "říj 21 12:22:51", kMoment1972 - 31 * kDay, false, false},
    {"czech_capital", "Čec 21 12:22:51", kMoment1972 - 123 * kDay, false, false},
    {"turkish", "Ağu 21 12:22:51", kMoment1972 - 92 * kDay, false, false},
    {"japanese", "11月 21 12:22:51", kMoment1972, false, false},
};
INSTANTIATE_TEST_SUITE_P(Stamp, ReadableStamp, testing::ValuesIn(kReadable),
                         [](const auto& test) { return test.param.name; });

TEST(StampTest, OtherTextIsNoTime) {
  for (const char* text :
       {"", " ", "Nov", "Nov 21", "Nov 31 12:22:51", "Foo 21 12:22:51", "Nov 21 24:22:51",
        "2026-13-21T12:22:51Z", "2025-02-29 12:22:51", "2026-11-21", "12:22:51", "1795263771",
        "17952637715720350", "Nov 21 12:22:51 x [y]", "+0.000017", "Nov 21 12:22:51 12:22:51",
        "9999999-11-21T12:22:51", "-1", "Nov 21 21 12:22:51"}) {
    EXPECT_FALSE(parse_stamp(text).has_value()) << text;
  }
}

// A cut stamp is another time at most where the cut leaves a whole one.
TEST(StampTest, EveryPrefixIsHarmless) {
  for (const std::string stamp :
       {"Sat Nov 21 12:22:51 UTC 2026", "2026-11-21T12:22:51.572035+00:00", "мая 26 23:02:22",
        "11月 21 12:22:51", "1795263771.572035"}) {
    for (std::size_t length = 0; length <= stamp.size(); ++length) {
      const auto time = parse_stamp(std::string_view(stamp).substr(0, length));
      EXPECT_TRUE(!time || time->since_epoch.count() >= 0) << stamp.substr(0, length);
    }
  }
}

}  // namespace
}  // namespace oomkit
