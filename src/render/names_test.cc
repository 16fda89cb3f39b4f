#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "explain/explanation.h"
#include "render/report_view.h"

namespace oomkit {
namespace {

// The sums of a report whose names have so many processes each.
Explanation with_names(const std::vector<std::size_t>& counts) {
  Explanation explanation;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto size = static_cast<std::int64_t>(100 - i) << 20;
    explanation.by_name.push_back({"name" + std::to_string(i), counts[i], Bytes(size), Bytes(0)});
  }
  return explanation;
}

TEST(NameTable, TellsWhatNamesHoldTogether) {
  const Explanation explanation = with_names({1, 3, 1});
  const ReportView view = make_report_view(explanation);
  ASSERT_EQ(view.names.size(), 3U);
  EXPECT_EQ(view.names[1].comm, "name1");
  EXPECT_EQ(view.names[1].count, 3U);
}

TEST(NameTable, ShowsTheFirstSix) {
  EXPECT_EQ(make_report_view(with_names({2, 2, 2, 2, 2, 2, 2, 2})).names.size(), 6U);
}

// Where each name that would be shown has one process, the table says what the rows of the task
// table have said: a name further down that has more is not shown anyway.
TEST(NameTable, IsHiddenWhereItSaysNoMoreThanTheTasks) {
  EXPECT_TRUE(make_report_view(with_names({1, 1, 1})).names.empty());
  EXPECT_TRUE(make_report_view(with_names({1, 1, 1, 1, 1, 1, 9})).names.empty());
  EXPECT_EQ(make_report_view(with_names({1, 1, 1, 1, 1, 9})).names.size(), 6U);
  EXPECT_TRUE(make_report_view(with_names({})).names.empty());
}

}  // namespace
}  // namespace oomkit
