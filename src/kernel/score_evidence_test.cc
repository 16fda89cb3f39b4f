#include "kernel/score_evidence.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

// 80,000 pages of root's on a host of 125,000: 640 per mille before any discount.
OomReport root_report(std::int64_t score) {
  OomReport report;
  Task task;
  task.pid = 42;
  task.uid = 0;
  task.total_vm = Pages(200000);
  task.rss = Pages(79000);
  task.nr_ptes = 1000;
  task.swapents = Pages(0);
  task.oom_score_adj = 0;
  report.at.tasks.push_back(task);
  report.selection = Selection{};
  report.selection->pid = 42;
  report.selection->score = score;
  return report;
}

BadnessContext context() {
  BadnessContext context;
  context.totalpages = Pages(125000);
  return context;
}

TEST(ScoreEvidenceTest, TheRuleOfTheVersionIsConfirmed) {
  const auto evidence = settle_by_score(root_report(610), {3, 10, 0}, context(), true);
  EXPECT_TRUE(evidence.confirmed);
  EXPECT_EQ(evidence.version, (KernelVersion{3, 10, 0}));
  EXPECT_TRUE(evidence.context.root_bonus_known);
}

TEST(ScoreEvidenceTest, ADiscountTakenBackIntoAnOlderKernelIsSeen) {
  const auto evidence = settle_by_score(root_report(620), {3, 13, 0}, context(), true);
  EXPECT_TRUE(evidence.confirmed);
  EXPECT_EQ(badness_rule(evidence.version), BadnessRule::v3);
}

TEST(ScoreEvidenceTest, UserZeroWithoutTheCapabilityIsSeen) {
  for (const KernelVersion& version : {KernelVersion{3, 10, 0}, KernelVersion{4, 8, 0}}) {
    const auto evidence = settle_by_score(root_report(640), version, context(), true);
    EXPECT_TRUE(evidence.confirmed);
    EXPECT_FALSE(evidence.context.root_discount);
    EXPECT_EQ(evidence.version, version);
  }
}

TEST(ScoreEvidenceTest, AnUnknownSwapPartFollowsFromTheScore) {
  OomReport report = root_report(320);
  report.at.tasks.front().uid = 1000;
  const auto evidence = settle_by_score(report, {3, 13, 0}, context(), false);
  EXPECT_TRUE(evidence.totalpages_found);
  EXPECT_NEAR(static_cast<double>(evidence.context.totalpages.count()), 250000, 500);
  // Beyond doubt is beyond doubt: then the score stays unexplained.
  EXPECT_FALSE(settle_by_score(report, {3, 13, 0}, context(), true).confirmed);
}

TEST(ScoreEvidenceTest, WithoutAScoreOrARowNothingChanges) {
  OomReport report = root_report(610);
  report.selection->pid = 7;
  EXPECT_FALSE(settle_by_score(report, {3, 10, 0}, context(), false).confirmed);
  report.selection.reset();
  const auto evidence = settle_by_score(report, {3, 10, 0}, context(), false);
  EXPECT_FALSE(evidence.confirmed);
  EXPECT_EQ(evidence.context.totalpages, Pages(125000));
}

}  // namespace
}  // namespace oomkit
