#include "core/utf8.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

TEST(Utf8, TheLengthOfASequenceIsKnownOnlyIfItIsWellFormed) {
  EXPECT_EQ(utf8_length("a"), 1u);
  EXPECT_EQ(utf8_length("\xc3\xbc"), 2u);
  EXPECT_EQ(utf8_length("\xe2\x82\xac"), 3u);
  EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80 and more"), 4u);
  EXPECT_EQ(utf8_length(""), 0u);
  EXPECT_EQ(utf8_length("\xc1\xbf"), 0u);
  EXPECT_EQ(utf8_length("\xe2\x82"), 0u);
}

TEST(Utf8, AllOfATextIsWellFormedOrItIsNot) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a \xc3\xbc \xe2\x82\xac"));
  EXPECT_FALSE(is_utf8("a \xc3"));
  EXPECT_FALSE(is_utf8("\xff a"));
}

}  // namespace
}  // namespace oomkit
