#include "sim/table_marks.h"

#include <gtest/gtest.h>

namespace oomkit::sim {
namespace {

void leave(TableMark& mark) {
  mark.untouched = true;
}
void use(TableMark& mark) {
  mark.untouched = false;
}

TEST(TableMarks, AreOfARange) {
  TableMarks marks;
  EXPECT_TRUE(marks.empty());
  marks.change(3, 6, leave);
  EXPECT_FALSE(marks.at(2).untouched);
  EXPECT_TRUE(marks.at(3).untouched);
  EXPECT_TRUE(marks.at(5).untouched);
  EXPECT_FALSE(marks.at(6).untouched);
  EXPECT_EQ(marks.next_change(0, 100), 3);
  EXPECT_EQ(marks.next_change(3, 100), 6);
  EXPECT_EQ(marks.next_change(3, 5), 5);
}

TEST(TableMarks, AreChangedInTheirMiddle) {
  TableMarks marks;
  marks.change(0, 1'000'000'000, leave);
  marks.change(10, 12, use);
  EXPECT_TRUE(marks.at(9).untouched);
  EXPECT_FALSE(marks.at(10).untouched);
  EXPECT_FALSE(marks.at(11).untouched);
  EXPECT_TRUE(marks.at(12).untouched);
}

TEST(TableMarks, BecomeOneAgainWhereTheyAgree) {
  TableMarks marks;
  for (int table = 0; table < 50; ++table)
    marks.change(table, table + 1, leave);
  EXPECT_EQ(marks.next_change(0, 100), 50);
  EXPECT_EQ(marks.next_change(50, 100), 100);
}

}  // namespace
}  // namespace oomkit::sim
