// Sizes out for people, sizes in from people.
#include "core/size_text.h"

#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::HasSubstr;

TEST(SizeText, OneDecimalFromKiBUp) {
  struct Row {
    std::int64_t bytes;
    const char* text;
  };
  for (const Row& row : {
           Row{0, "0 B"},
           Row{1023, "1023 B"},
           Row{1024, "1.0 KiB"},
           Row{1536, "1.5 KiB"},
           Row{183623680, "175.1 MiB"},
           Row{209715200, "200.0 MiB"},
           Row{-3460301, "-3.3 MiB"},
           Row{1048575, "1.0 MiB"},  // Not "1024.0 KiB".
           Row{1099511627776, "1.0 TiB"},
           Row{INT64_MAX, "8.0 EiB"},
           Row{INT64_MIN, "-8.0 EiB"},
       })
    EXPECT_EQ(size_text(Bytes(row.bytes)), row.text) << row.bytes;
}

TEST(SizeText, NeverFourDigitsBeforeTheUnitExceptBytes) {
  for (int shift = 10; shift < 60; ++shift) {
    for (std::int64_t off = -200; off <= 200; off += 40) {
      const std::string text = size_text(Bytes((std::int64_t{1} << shift) + off));
      if (text.ends_with(" B")) continue;
      EXPECT_LT(std::stod(text), 1024) << text;
      EXPECT_GE(std::stod(text), 1) << text;
    }
  }
}

TEST(PercentText, OneDecimalAndNoDivisionByZero) {
  EXPECT_EQ(percent_text(Bytes(183623680), Bytes(209715200)), "87.6");
  EXPECT_EQ(percent_text(Bytes(0), Bytes(5)), "0.0");
  EXPECT_EQ(percent_text(Bytes(-1), Bytes(2)), "-50.0");
  EXPECT_EQ(percent_text(Bytes(5), Bytes(0)), "-");
  EXPECT_EQ(percent_text(Bytes(INT64_MAX), Bytes(INT64_MAX)), "100.0");
}

TEST(ParseSize, AllUnitsAreBinary) {
  EXPECT_EQ(parse_size("4096").value(), Bytes(4096));
  EXPECT_EQ(parse_size("4096B").value(), Bytes(4096));
  EXPECT_EQ(parse_size("80M").value(), Bytes(80 << 20));
  EXPECT_EQ(parse_size("80MiB").value(), Bytes(80 << 20));
  EXPECT_EQ(parse_size("80MB").value(), Bytes(80 << 20)) << "as the kernel reads it";
  EXPECT_EQ(parse_size("64k").value(), Bytes(65536));
  EXPECT_EQ(parse_size("1.5G").value(), Bytes(1610612736));
  EXPECT_EQ(parse_size("7E").value(), Bytes(std::int64_t{7} << 60));
}

TEST(ParseSize, AnErrorNamesTheByte) {
  struct Row {
    const char* text;
    const char* reason;
  };
  for (const Row& row : {
           Row{"", "a digit at byte 0"},
           Row{"-5M", "a digit at byte 0"},
           Row{" 5", "a digit at byte 0"},
           Row{"inf", "a digit at byte 0"},
           Row{"5X", "one of K M G T P E at byte 1"},
           Row{"80Mi", "expected B at byte 4"},
           Row{"80Mx", "the end at byte 3"},
           Row{"80M ", "the end at byte 3"},
           Row{"8E", "less than 8 EiB"},
           Row{"99999999999999999999E", "less than 8 EiB"},
       }) {
    const auto size = parse_size(row.text);
    ASSERT_FALSE(size) << row.text;
    EXPECT_EQ(size.error().code, ErrorCode::usage);
    EXPECT_THAT(size.error().what, HasSubstr(row.reason)) << row.text;
  }
}

}  // namespace
}  // namespace oomkit
