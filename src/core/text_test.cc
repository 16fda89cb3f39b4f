// Each take_* consumes what it names, or nothing: that is what makes alternatives safe.
#include "core/text.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/random.h"

namespace oomkit {
namespace {

TEST(Cursor, ReadsALineFromLeftToRight) {
  Cursor cursor("memory: usage 208204kB, limit 204800kB");
  EXPECT_TRUE(cursor.take("memory: usage "));
  EXPECT_EQ(cursor.take_integer<std::int64_t>(), 208204);
  EXPECT_EQ(cursor.take_until("limit "), "kB, ");
  EXPECT_EQ(cursor.take_integer<std::int64_t>(), 204800);
  EXPECT_EQ(cursor.rest(), "kB");
  EXPECT_FALSE(cursor.at_end());
  EXPECT_TRUE(cursor.take("kB"));
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(cursor.peek(), '\0');
}

TEST(Cursor, WhatIsNotThereIsNotTaken) {
  Cursor cursor("pid 12");
  EXPECT_FALSE(cursor.take("pid: "));
  EXPECT_EQ(cursor.take_integer<int>(), std::nullopt);
  EXPECT_EQ(cursor.take_until(";"), std::nullopt);
  EXPECT_FALSE(cursor.skip_spaces());
  EXPECT_EQ(cursor.offset(), 0u);
  EXPECT_FALSE(cursor.take("pid 12 and more"));
  EXPECT_EQ(cursor.rest(), "pid 12");
}

TEST(Cursor, ANumberThatDoesNotFitIsDamageAndStays) {
  Cursor too_large("9223372036854775808");
  EXPECT_EQ(too_large.take_integer<std::int64_t>(), std::nullopt);
  EXPECT_EQ(too_large.offset(), 0u);
  EXPECT_EQ(too_large.take_integer<std::uint64_t>(), 9223372036854775808ULL);

  Cursor small("300");
  EXPECT_EQ(small.take_integer<std::uint8_t>(), std::nullopt);
  Cursor negative("-1");
  EXPECT_EQ(negative.take_integer<std::uint64_t>(), std::nullopt);
  EXPECT_EQ(negative.take_integer<int>(), -1);
  Cursor plus("+1");
  EXPECT_EQ(plus.take_integer<int>(), std::nullopt);
  Cursor mask("6200cax");
  EXPECT_EQ(mask.take_integer<std::uint32_t>(16), 0x6200cau);
  EXPECT_EQ(mask.rest(), "x");
}

TEST(Cursor, MovesNeverLeaveTheText) {
  Cursor cursor("abc");
  cursor.advance(2);
  EXPECT_EQ(cursor.rest(), "c");
  cursor.advance(SIZE_MAX);
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(cursor.rest(), "");
  EXPECT_EQ(cursor.take_integer<int>(), std::nullopt);
  EXPECT_TRUE(cursor.take(""));
  cursor.rewind(1);
  EXPECT_EQ(cursor.rest(), "bc");
}

TEST(Cursor, EveryBlankIsASpace) {
  Cursor cursor(" \t\r\n\v\fx");
  EXPECT_TRUE(cursor.skip_spaces());
  EXPECT_EQ(cursor.peek(), 'x');
}

TEST(Cursor, TakesAllOrNothingOnAnyBytes) {
  Random random(20260101);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::int64_t i = random.between(0, 24); i > 0; --i)
      text += random.pick({'-', '0', '9', ' ', 'k', '\0', '\xff', ':'});
    Cursor cursor(text);
    while (!cursor.at_end()) {
      const std::size_t before = cursor.offset();
      if (cursor.take_integer<std::int32_t>() || cursor.skip_spaces() || cursor.take_until(":")) {
        ASSERT_GT(cursor.offset(), before) << "taken, yet nothing consumed";
      } else {
        ASSERT_EQ(cursor.offset(), before) << "not taken, yet consumed";
        cursor.advance(1);
      }
      ASSERT_EQ(cursor.rest(), std::string_view(text).substr(cursor.offset()));
    }
  }
}

TEST(Text, TrimLeavesTheInside) {
  EXPECT_EQ(trim(" \t a  b\r\n"), "a  b");
  EXPECT_EQ(trim_left("  a "), "a ");
  EXPECT_EQ(trim_right("  a "), "  a");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, OnlyAsciiIsALetter) {
  EXPECT_TRUE(is_alpha('a') && is_alpha('Z') && is_digit('0') && is_digit('9'));
  EXPECT_FALSE(is_alpha('_') || is_alpha('@') || is_alpha('[') || is_alpha('\xe4'));
  EXPECT_FALSE(is_digit('/') || is_digit(':') || is_space('\0') || is_space('\xa0'));
}

}  // namespace
}  // namespace oomkit
