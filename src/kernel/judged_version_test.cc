#include "kernel/judged_version.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

OomReport report_of(const char* release) {
  OomReport report;
  report.at.kernel_release = release;
  return report;
}

TEST(JudgedVersionTest, TheReleaseIsTakenWhereTheTextDoesNotContradict) {
  const auto judged = judged_version(report_of("6.1.0-18-amd64"));
  ASSERT_TRUE(judged);
  EXPECT_EQ(judged->version, (KernelVersion{6, 1, 0}));
  EXPECT_TRUE(judged->stated);
}

TEST(JudgedVersionTest, ACarriedBackScoreAdjIsJudgedByTheRulesItCameWith) {
  OomReport report = report_of("2.6.32-642.el6.x86_64");
  Task task;
  task.oom_adj = 0;
  task.oom_score_adj = 0;
  report.at.tasks.push_back(task);
  const auto judged = judged_version(report);
  ASSERT_TRUE(judged);
  EXPECT_EQ(judged->version, (KernelVersion{2, 6, 36}));
  EXPECT_FALSE(judged->stated);
}

TEST(JudgedVersionTest, WithoutAReleaseTheColumnsTell) {
  OomReport report;
  Task task;
  task.nr_ptes = 5;
  report.at.tasks.push_back(task);
  EXPECT_EQ(judged_version(report)->version, (KernelVersion{3, 5, 0}));

  report.at.tasks.front().nr_pmds = 3;
  EXPECT_EQ(judged_version(report)->version, (KernelVersion{4, 0, 0}));
}

TEST(JudgedVersionTest, AModernKillLineMeansTheRulesInForceSince) {
  OomReport report;
  Victim victim;
  victim.pgtables = KiB(72);
  report.victims.push_back(victim);
  EXPECT_EQ(judged_version(report)->version, (KernelVersion{5, 10, 0}));
  report.at.tasks.emplace_back().rss_anon = Pages(1);
  EXPECT_EQ(judged_version(report)->version, (KernelVersion{6, 8, 0}));
}

TEST(JudgedVersionTest, NothingDatedMeansNoVersion) {
  EXPECT_FALSE(judged_version(OomReport{}));
  EXPECT_FALSE(judged_version(report_of("6.x")));
}

}  // namespace
}  // namespace oomkit
