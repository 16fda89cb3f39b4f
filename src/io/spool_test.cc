#include "io/spool.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

std::string drained(Spool& spool) {
  std::string text;
  spool.drain([&](std::string_view piece) { text += piece; });
  return text;
}

TEST(SpoolTest, GivesBackInOrderWhatNeverLeftMemory) {
  Spool spool(100);
  EXPECT_TRUE(spool.empty());
  spool.append("one ");
  spool.append("two");
  EXPECT_FALSE(spool.empty());
  EXPECT_EQ(drained(spool), "one two");
}

TEST(SpoolTest, GivesBackInOrderWhatWasSpilled) {
  Spool spool(10);
  std::string expected;
  for (int i = 0; i < 50'000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    spool.append(piece);
    expected += piece;
  }
  EXPECT_EQ(drained(spool), expected);
}

TEST(SpoolTest, IsEmptyAndUsableAfterDraining) {
  Spool spool(4);
  spool.append("a longer text");
  EXPECT_EQ(drained(spool), "a longer text");
  EXPECT_TRUE(spool.empty());
  EXPECT_EQ(drained(spool), "");
  spool.append("again, and longer");
  spool.append("!");
  EXPECT_EQ(drained(spool), "again, and longer!");
}

}  // namespace
}  // namespace oomkit
