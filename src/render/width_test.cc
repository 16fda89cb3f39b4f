#include "render/width.h"

#include <gtest/gtest.h>

#include "render/wrap.h"

namespace oomkit {
namespace {

TEST(WidthTest, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("java"), 4U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U) << "e with a combining accent";
  EXPECT_EQ(display_width("😀"), 2U);
  EXPECT_EQ(display_width("▌─█"), 3U);
}

TEST(WidthTest, FitsWholeCharacters) {
  EXPECT_EQ(fitting("日本語", 5), "日本");
  EXPECT_EQ(fitting("abc", 10), "abc");
  EXPECT_EQ(fitting("日", 1), "");
}

TEST(WidthTest, ShortensWithAMark) {
  EXPECT_EQ(shortened("a-very-long-name", 8), "a-very-…");
  EXPECT_EQ(shortened("short", 8), "short");
  EXPECT_EQ(shortened("日本語", 5), "日本…");
  EXPECT_EQ(shortened("x", 0), "");
}

TEST(WidthTest, AlignsByColumns) {
  std::string out;
  append_left(out, "日本", 6);
  append_right(out, "é", 3);
  EXPECT_EQ(out, "日本    é");
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent,
                    std::size_t used) {
  std::string out;
  append_wrapped(out, text, columns, indent, used);
  return out;
}

TEST(WrapTest, BreaksAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 8, 0, 0), "one two\nthree\n");
  EXPECT_EQ(wrapped("one two three", 80, 4, 10), "one two three\n");
  EXPECT_EQ(wrapped("", 80, 0, 0), "\n");
}

TEST(WrapTest, LaterLinesAreIndented) {
  EXPECT_EQ(wrapped("one two three four", 12, 2, 2), "one two\n  three four\n");
}

TEST(WrapTest, BreaksAWordThatIsLongerThanALine) {
  EXPECT_EQ(wrapped("abcdefghij", 4, 0, 0), "abcd\nefgh\nij\n");
  EXPECT_EQ(wrapped("x abcdefgh", 6, 2, 2), "x\n  abcd\n  efgh\n");
}

TEST(WrapTest, NoLineIsLongerThanItMayBe) {
  for (std::size_t columns = 8; columns < 40; ++columns) {
    std::string out =
        wrapped("日本語 のテキスト and a-rather-long-word-of-ascii with words", columns, 3, 5);
    for (std::size_t begin = 0; begin < out.size();) {
      const std::size_t end = out.find('\n', begin);
      const std::size_t width = display_width(std::string_view(out).substr(begin, end - begin));
      EXPECT_LE(width + (begin == 0 ? 5 : 0), columns);
      begin = end + 1;
    }
  }
}

}  // namespace
}  // namespace oomkit
