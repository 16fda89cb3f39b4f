#include "kernel/badness.h"

#include <limits>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

Task task_of(std::int64_t pid, std::int64_t rss, int adj) {
  Task task;
  task.pid = pid;
  task.tgid = pid;
  task.uid = 1000;
  task.total_vm = Pages(rss);
  task.rss = Pages(rss);
  task.swapents = Pages(0);
  task.pgtables = Bytes(0);
  task.oom_score_adj = adj;
  return task;
}

std::int64_t points(const Task& task, const KernelVersion& version, std::int64_t totalpages) {
  BadnessContext context;
  context.totalpages = Pages(totalpages);
  return badness(task, judged_by(version, context))->points;
}

struct RuleRow {
  const char* name;
  KernelVersion version;
  BadnessRule rule;
  TieRule tie;
};

class RuleOfVersion : public testing::TestWithParam<RuleRow> {};

TEST_P(RuleOfVersion, IsTheOneInForceThen) {
  EXPECT_EQ(badness_rule(GetParam().version), GetParam().rule);
  EXPECT_EQ(tie_rule(GetParam().version), GetParam().tie);
}

constexpr RuleRow kRules[] = {
    {"LastOfTheOldHeuristic", {2, 6, 35}, BadnessRule::v0, TieRule::first},
    {"TheRewrite", {2, 6, 36}, BadnessRule::v1, TieRule::first},
    {"LastPerMille", {3, 4, 113}, BadnessRule::v1, TieRule::first},
    {"FirstInPages", {3, 5, 0}, BadnessRule::v2, TieRule::first},
    {"Long310TookTheRootRuleBack", {3, 10, 65}, BadnessRule::v3, TieRule::first},
    {"Short313DidNot", {3, 13, 0}, BadnessRule::v2, TieRule::first},
    {"RootPaysInShares", {3, 14, 0}, BadnessRule::v3, TieRule::first},
    {"LastRootDiscount", {4, 16, 18}, BadnessRule::v3, TieRule::first},
    {"NoRootDiscount", {4, 17, 0}, BadnessRule::v4, TieRule::first},
    {"LastFirstWins", {5, 2, 21}, BadnessRule::v4, TieRule::first},
    {"NewestWins", {5, 3, 0}, BadnessRule::v4, TieRule::last},
    {"LastFloor", {5, 8, 18}, BadnessRule::v4, TieRule::last},
    {"Signed", {5, 9, 0}, BadnessRule::v5, TieRule::last},
    {"Newest", {7, 2, 0}, BadnessRule::v5, TieRule::last},
};
INSTANTIATE_TEST_SUITE_P(Badness, RuleOfVersion, testing::ValuesIn(kRules),
                         [](const auto& test) { return test.param.name; });

// 4 GiB of RAM, a task of 1 GiB with 512 MiB in swap and 2 MiB of page tables.
Task loaded_task(int adj) {
  Task task = task_of(42, 262144, adj);
  task.swapents = Pages(131072);
  task.pgtables = Bytes(2097152);
  return task;
}
constexpr std::int64_t kFourGiB = 1048576;
constexpr std::int64_t kUnit = kFourGiB / 1000;  // What one adj is worth.
constexpr std::int64_t kOwn = 262144 + 131072 + 512;

TEST(BadnessTest, TodayEveryPageCountsAndAdjAddsThousandths) {
  EXPECT_EQ(points(loaded_task(0), {6, 1, 0}, kFourGiB), kOwn);
  EXPECT_EQ(points(loaded_task(300), {6, 1, 0}, kFourGiB), kOwn + 300 * kUnit);
  EXPECT_EQ(points(loaded_task(-500), {6, 1, 0}, kFourGiB), kOwn - 500 * kUnit);
}

TEST(BadnessTest, TheRemainderOfTotalpagesIsLostBeforeAdjCounts) {
  // 50 MiB are 12,800 pages: an adj is worth 12 pages, not 12.8.
  EXPECT_EQ(points(task_of(9, 100, 1000), {6, 1, 0}, 12800), 100 + 12000);
  // Below 1000 pages adj counts nothing at all.
  EXPECT_EQ(points(task_of(9, 100, 1000), {6, 1, 0}, 999), 100);
}

TEST(BadnessTest, AFloorOfOneHidesTheOrderUpToFiveEight) {
  BadnessContext context;
  context.totalpages = Pages(kFourGiB);
  const Task guaranteed = task_of(7, 5000, -997);
  const auto floored = badness(guaranteed, judged_by({4, 19, 0}, context));
  EXPECT_EQ(floored->points, 1);
  EXPECT_TRUE(floored->floored);
  const auto shown = badness(guaranteed, judged_by({5, 10, 0}, context));
  EXPECT_EQ(shown->points, 5000 - 997 * kUnit);
  EXPECT_FALSE(shown->floored);
}

TEST(BadnessTest, RootHadADiscountInThreeForms) {
  Task root = loaded_task(0);
  root.uid = 0;
  EXPECT_EQ(points(root, {3, 2, 0}, kFourGiB), kOwn * 1000 / kFourGiB - 30);
  EXPECT_EQ(points(root, {3, 13, 0}, kFourGiB), kOwn - 30 * kUnit);
  EXPECT_EQ(points(root, {4, 4, 0}, kFourGiB), kOwn - kOwn * 3 / 100);
  EXPECT_EQ(points(root, {4, 17, 0}, kFourGiB), kOwn);
}

TEST(BadnessTest, ThatUidZeroHasTheCapabilityIsMarkedAsAGuess) {
  Task root = loaded_task(0);
  root.uid = 0;
  BadnessContext context;
  context.totalpages = Pages(kFourGiB);
  EXPECT_FALSE(badness(root, judged_by({4, 4, 0}, context))->exact);
  EXPECT_TRUE(badness(root, judged_by({4, 19, 0}, context))->exact);
  context.root_bonus_known = true;
  EXPECT_TRUE(badness(root, judged_by({4, 4, 0}, context))->exact);
}

TEST(BadnessTest, PerMilleStaysBetweenOneAndAThousand) {
  EXPECT_EQ(points(task_of(5, 262144, 0), {3, 2, 0}, kFourGiB), 250);
  EXPECT_EQ(points(task_of(5, 262144, 900), {3, 2, 0}, kFourGiB), 1000);
  EXPECT_EQ(points(task_of(5, 262144, -999), {3, 2, 0}, kFourGiB), 1);
}

TEST(BadnessTest, PageTablesCountFromThePatchThatCountsThem) {
  Task task = task_of(5, 104857, 0);
  task.pgtables.reset();
  task.nr_ptes = 104859;
  EXPECT_EQ(points(task, {2, 6, 36}, kFourGiB), 99);
  EXPECT_EQ(points(task, {3, 2, 0}, kFourGiB), 200);
}

TEST(BadnessTest, OldTablesAddTheirPageTableColumns) {
  Task task = task_of(5, 1000, 0);
  task.pgtables.reset();
  task.nr_ptes = 30;
  task.nr_pmds = 4;
  EXPECT_EQ(points(task, {4, 9, 0}, kFourGiB), 1034);
}

// The report that led to the fix: a task of 24,303,939 pages had the score 1. Which one
// comes out depends on totalpages, for it is the wrapped value's low bits.
TEST(BadnessTest, IntArithmeticOf30ForgetsTheLargestTask) {
  const Task huge = task_of(3366, 24303939, 0);
  EXPECT_EQ(points(huge, {3, 2, 0}, 33554432), 724);
  EXPECT_EQ(points(huge, {3, 0, 0}, 33554432), 1);
  EXPECT_EQ(points(huge, {3, 0, 0}, 24903680), 1000) << "by mere chance";
  EXPECT_EQ(points(huge, {2, 6, 36}, 33554432), 724) << "computed in one unsigned long there";
  EXPECT_EQ(points(huge, {3, 0, 16}, 33554432), 724);
  // Below 2,147,483 pages (8 GiB) nothing wraps.
  EXPECT_EQ(points(task_of(1, 2147483, 0), {3, 0, 0}, 4194304), 511);
  EXPECT_EQ(points(task_of(1, 2147483, 0), {3, 2, 0}, 4194304), 511);
}

TEST(BadnessTest, WhatTheTableLacksIsNotZeroButMarked) {
  BadnessContext context;
  Task task = task_of(5, 10, 0);
  EXPECT_TRUE(badness(task, context)->exact);
  task.swapents.reset();
  EXPECT_FALSE(badness(task, context)->exact);
  task.rss.reset();
  EXPECT_FALSE(badness(task, context));
  context.rule = BadnessRule::v0;
  EXPECT_FALSE(badness(task_of(5, 10, 0), context));
}

TEST(BadnessTest, TheThreePartsOfRssWillDo) {
  Task task = task_of(5, 0, 0);
  task.rss.reset();
  task.rss_anon = Pages(100);
  task.rss_file = Pages(20);
  task.rss_shmem = Pages(3);
  EXPECT_EQ(points(task, {6, 8, 0}, kFourGiB), 123);
}

TEST(BadnessTest, HostileNumbersSaturate) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  Task task = task_of(5, kMax, 1000);
  task.total_vm = Pages(kMax);
  task.swapents = Pages(kMax);
  task.pgtables.reset();
  task.nr_ptes = kMax;
  task.nr_pmds = kMax;
  for (const RuleRow& row : kRules) {
    if (row.rule == BadnessRule::v0) continue;
    const std::int64_t top = row.rule == BadnessRule::v1 ? 1000 : kMax;
    EXPECT_LE(points(task, row.version, kMax), top) << row.name;
    EXPECT_GT(points(task, row.version, kMax), 0) << row.name;
  }
  task.rss = Pages(std::numeric_limits<std::int64_t>::min() + 1);  // The lowest is "not known".
  EXPECT_NO_FATAL_FAILURE(points(task, {6, 1, 0}, 0));
}

TEST(OomScoreTest, FollowsTheFileOfEachKernel) {
  const Pages host(kFourGiB);
  EXPECT_EQ(oom_score(723, false, BadnessRule::v1, host), 723);
  EXPECT_EQ(oom_score(262144, false, BadnessRule::v4, host), 250);
  EXPECT_EQ(oom_score(0, false, BadnessRule::v5, host), 666);
  EXPECT_EQ(oom_score(262144, false, BadnessRule::v5, host), 833);
  EXPECT_EQ(oom_score(1000 * kUnit, false, BadnessRule::v5, host), 1332);
  EXPECT_EQ(oom_score(-998 * kUnit, false, BadnessRule::v5, host), 2);
  EXPECT_EQ(oom_score(262144, true, BadnessRule::v5, host), 0);
}

TEST(OomAdjTest, ConvertsWithTheKernelsLosses) {
  EXPECT_EQ(score_adj_of_oom_adj(-17), -1000);
  EXPECT_EQ(score_adj_of_oom_adj(15), 1000);
  EXPECT_EQ(score_adj_of_oom_adj(8), 470);
  EXPECT_EQ(oom_adj_of_score_adj(470), 7);
  EXPECT_EQ(oom_adj_of_score_adj(1000), 15);
  EXPECT_EQ(oom_adj_of_score_adj(-1000), -17);
  EXPECT_EQ(score_adj_of_oom_adj(std::numeric_limits<int>::max()), 1000);
  EXPECT_EQ(oom_adj_of_score_adj(std::numeric_limits<int>::min()), -17);
}

Ranking rank(const std::vector<Task>& tasks, const KernelVersion& version) {
  BadnessContext context;
  context.totalpages = Pages(kFourGiB);
  auto ranking = rank_tasks(tasks, version, context);
  EXPECT_TRUE(ranking);
  return ranking ? *ranking : Ranking{};
}

TEST(RankTasksTest, TheLargestIsChosenAndTheExemptComeLast) {
  const Ranking ranking =
      rank({task_of(1, 900, 0), task_of(20, 800, -1000), task_of(30, 5, 0), task_of(40, 700, 0)},
           {6, 1, 0});
  EXPECT_EQ(ranking.chosen, 3U);
  EXPECT_EQ(ranking.tied, 1U);
  ASSERT_EQ(ranking.tasks.size(), 4U);
  EXPECT_EQ(ranking.tasks[1].index, 2U);
  EXPECT_EQ(ranking.tasks[2].badness.unkillable, Unkillable::init);
  EXPECT_EQ(ranking.tasks[3].badness.unkillable, Unkillable::adj_minus_1000);
}

TEST(RankTasksTest, AmongEqualsTheOldestDiedAndNowTheNewestDoes) {
  const std::vector<Task> equal = {task_of(10, 50, 0), task_of(11, 50, 0), task_of(12, 50, 0)};
  EXPECT_EQ(rank(equal, {4, 19, 0}).chosen, 0U);
  EXPECT_EQ(rank(equal, {6, 12, 0}).chosen, 2U);
  EXPECT_EQ(rank(equal, {6, 12, 0}).tied, 3U);
}

TEST(RankTasksTest, TheFloorTiesGuaranteedPodsUpToFiveEight) {
  const std::vector<Task> pods = {task_of(10, 500, -997), task_of(11, 90000, -997)};
  EXPECT_EQ(rank(pods, {4, 19, 0}).chosen, 0U);
  EXPECT_EQ(rank(pods, {4, 19, 0}).tied, 2U);
  EXPECT_EQ(rank(pods, {5, 10, 0}).chosen, 1U);
}

TEST(RankTasksTest, NobodyIsChosenAmongTheExempt) {
  const Ranking ranking = rank({task_of(10, 500, -1000), task_of(11, 90, -1000)}, {6, 1, 0});
  EXPECT_FALSE(ranking.chosen);
  EXPECT_EQ(ranking.tied, 0U);
}

TEST(RankTasksTest, TheOldHeuristicCannotBeComputedFromATable) {
  EXPECT_FALSE(rank_tasks({task_of(10, 500, 0)}, {2, 6, 32}, {}));
  EXPECT_FALSE(rank_tasks({}, {6, 1, 0}, {}));
}

}  // namespace
}  // namespace oomkit
