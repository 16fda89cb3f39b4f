// Why this victim: the ranking with each term, and what it says or hides.
#include <gtest/gtest.h>

#include "explain/explain_testing.h"

namespace oomkit {
namespace {

using testing::explained;
using testing::find;
using testing::number;
using testing::ReportBuilder;

bool says(const Finding* finding, std::string_view words) {
  return finding != nullptr && (finding->detail.find(words) != std::string::npos ||
                                finding->title.find(words) != std::string::npos);
}

// A group of 100,000 pages: one unit of oom_score_adj is worth 100 of them.
ReportBuilder box(std::string release = "6.1.0-18-amd64") {
  ReportBuilder report(std::move(release));
  report.group(400'000, 400'000).swap_counter(0, 0);
  return report;
}

TEST(WhyTest, ShowsEachTermOfTheVictimsPoints) {
  ReportBuilder report = box();
  report.task(7, "web", 50'000, 100, 300, 819'200).task(8, "db", 40'000, -10);
  const Explanation e = explained(report.kill(7, "web", 1, 100));
  EXPECT_EQ(e.predicted, 0U);
  EXPECT_EQ(e.predicted_agrees, true);
  const Finding* why = find(e, FindingId::why_this_victim);
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(number(why, "rank"), 1);
  EXPECT_EQ(number(why, "candidates"), 2);
  EXPECT_EQ(number(why, "rss_pages"), 50'000);
  EXPECT_EQ(number(why, "swap_pages"), 300);
  EXPECT_EQ(number(why, "pgtables_pages"), 200);
  EXPECT_EQ(number(why, "adj_points"), 10'000);
  EXPECT_EQ(number(why, "points"), 60'500);
  EXPECT_EQ(number(why, "totalpages"), 100'000);
  EXPECT_TRUE(says(why,
                   "rss 50,000 + swap 300 + page tables 200 + 10,000 (oom_score_adj 100) = 60,500 "
                   "pages"))
      << why->detail;
  EXPECT_TRUE(says(why,
                   "With an oom_score_adj of -116 instead of 100 the victim would have come "
                   "after it"))
      << why->detail;
  EXPECT_EQ(why->lines, (std::vector<std::uint64_t>{70, 97, 98}));
}

TEST(WhyTest, TheCounterfactualAdjDoesChangeTheChoice) {
  const auto victim_with = [](int adj) {
    ReportBuilder report = box();
    report.task(7, "web", 50'000, adj, 300, 819'200).task(8, "db", 40'000, -10);
    return report.build().at.tasks[*explained(report.kill(7, "web", 1)).predicted].comm;
  };
  EXPECT_EQ(victim_with(-114), "web") << "-115 makes them equal";
  EXPECT_EQ(victim_with(-116), "db");
}

TEST(WhyTest, ATaskThatIsAloneNeedsNoRank) {
  ReportBuilder report = box();
  report.task(7, "web", 50'000, -997).kill(7, "web", 1, -997);
  EXPECT_TRUE(
      says(find(explained(report), FindingId::why_this_victim), "was the only task in the"));
}

TEST(WhyTest, ADisagreementIsStatedWithWhatMayExplainIt) {
  ReportBuilder report = box();
  report.task(7, "web", 50'000).task(8, "db", 40'000).kill(8, "db", 1);
  const Explanation e = explained(report);
  EXPECT_EQ(e.predicted_agrees, false);
  const Finding* why = find(e, FindingId::why_this_victim);
  EXPECT_EQ(why->severity, Severity::notice);
  EXPECT_EQ(number(why, "rank"), 2);
  EXPECT_TRUE(says(why, "By the table web (pid 7) with 50,000 should have been taken"));
}

TEST(WhyTest, AVictimThatIsNotInTheTableIsNotRanked) {
  ReportBuilder report = box();
  report.task(7, "web", 50'000).kill(9, "db", 1);
  const Explanation e = explained(report);
  EXPECT_EQ(e.predicted, std::nullopt);
  EXPECT_EQ(e.predicted_agrees, std::nullopt);
  EXPECT_TRUE(says(find(e, FindingId::why_this_victim), "not in the table"));
}

TEST(WhyTest, OldKernelsRuleCannotBeComputed) {
  ReportBuilder report("2.6.32-5-amd64");
  report.trigger("web", 7).host(1'000'000, 0).kill(7, "web", 1);
  report.raw().trigger->oom_score_adj.reset();
  report.raw().trigger->oom_adj = 0;
  report.raw().trigger->gfp_text.reset();
  report.raw().selection->constraint_word.reset();
  report.raw().selection->score = 4321;
  report.raw().victims[0].pgtables.reset();
  EXPECT_TRUE(says(find(explained(report), FindingId::why_this_victim), "before 2.6.36"));
}

TEST(WhyTest, AnotherRuleThatExplainsTheChoiceIsNamed) {
  // By 5.4's rule all come out as 1 and the last is taken; a kernel with 5.9's takes the largest.
  ReportBuilder report = box("5.4.0-100-generic");
  report.task(7, "web", 50'000, -998).task(8, "pause", 1, -998).kill(7, "web", 1, -998);
  const Explanation e = explained(report);
  EXPECT_EQ(e.predicted_agrees, true);
  EXPECT_TRUE(says(find(e, FindingId::why_this_victim), "That is the rule of 5.10"));
}

TEST(WhyTest, AThreadOfTheOnlyProcessIsRecognised) {
  ReportBuilder report = box();
  report.trigger("web", 900).task(7, "web", 50'000).kill(7, "web", 1);
  const Explanation e = explained(report);
  EXPECT_EQ(e.trigger_task, 0U);
  EXPECT_TRUE(e.trigger_in_victim);
  EXPECT_NE(e.who_asked.find("web (thread 900 of pid 7), for one page (4.0 KiB)"),
            std::string::npos)
      << e.who_asked;
  EXPECT_TRUE(says(find(e, FindingId::why_this_victim), "it is a thread of web (pid 7)"));
}

TEST(WhyTest, AThreadIsNotRecognisedWithoutSupport) {
  ReportBuilder other_name = box();
  other_name.trigger("pool-1", 900).task(7, "web", 50'000).kill(7, "web", 1);
  EXPECT_EQ(explained(other_name).trigger_task, std::nullopt);

  ReportBuilder two = box();
  two.trigger("web", 900).task(7, "web", 50'000).task(8, "web", 10).kill(7, "web", 1);
  EXPECT_EQ(explained(two).trigger_task, std::nullopt);

  ReportBuilder rows_missing = box();
  rows_missing.trigger("web", 900).task(7, "web", 50'000).kill(7, "web", 1);
  rows_missing.raw().elided = true;
  EXPECT_EQ(explained(rows_missing).trigger_task, std::nullopt);

  ReportBuilder on_host;
  on_host.trigger("web", 900).host(1'000'000, 0).task(7, "web", 50'000).kill(7, "web", 1);
  EXPECT_EQ(explained(on_host).trigger_task, std::nullopt);
}

TEST(WhyTest, TheOnlyNamesakeIsMostLikelyTheOwner) {
  ReportBuilder report = box();
  report.trigger("db", 900).task(7, "web", 50'000).task(8, "db", 10).kill(7, "web", 1);
  const Explanation e = explained(report);
  EXPECT_EQ(e.trigger_task, 1U);
  EXPECT_FALSE(e.trigger_in_victim);
  EXPECT_NE(e.who_asked.find("most likely of pid 8"), std::string::npos);
}

TEST(NotLargestTest, SaysWhatAdjMoved) {
  ReportBuilder report = box();
  report.task(7, "web", 10'000, 500).task(8, "db", 40'000, -100).kill(7, "web", 1, 500);
  const Explanation e = explained(report);
  EXPECT_EQ(e.predicted_agrees, true);
  const Finding* finding = find(e, FindingId::victim_not_largest);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "victim_bytes"), 10'000 * 4096);
  EXPECT_EQ(number(finding, "largest_bytes"), 40'000 * 4096);
  EXPECT_EQ(number(finding, "adj_moved_bytes"), 60'000LL * 4096);
  EXPECT_TRUE(says(finding, "moves them 234.4 MiB apart")) << finding->detail;
}

TEST(NotLargestTest, AnExemptTaskIsNamedAsSuch) {
  ReportBuilder report = box();
  report.task(7, "web", 10'000).task(8, "db", 40'000, -1000).kill(7, "web", 1);
  EXPECT_TRUE(says(find(explained(report), FindingId::victim_not_largest), "-1000 exempts it"));
}

TEST(NotLargestTest, IsSilentForTheLargestAndWithinATenth) {
  ReportBuilder report = box();
  report.task(7, "web", 10'000, 100).task(8, "db", 10'900).kill(7, "web", 1);
  EXPECT_EQ(find(explained(report), FindingId::victim_not_largest), nullptr);
}

TEST(NotCulpritTest, ATwentiethDidNotFillIt) {
  ReportBuilder report = box();
  report.task(7, "web", 4'000, 900).task(8, "db", 80'000).kill(7, "web", 1, 900);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::victim_not_culprit);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "largest_pid"), 8);
  EXPECT_NE(e.verdict.find("web is a victim and not the cause"), std::string::npos);
}

TEST(NotCulpritTest, IsSilentAboutSocketsThatMayBeItsOwnAndAboutLargerVictims) {
  ReportBuilder sockets = box();
  sockets.stat("anon", 1).stat("sock", 300'000'000).task(7, "web", 100).kill(7, "web", 1);
  EXPECT_EQ(find(explained(sockets), FindingId::victim_not_culprit), nullptr);
  ReportBuilder larger = box();
  larger.task(7, "web", 6'000, 900).task(8, "db", 80'000).kill(7, "web", 1, 900);
  EXPECT_EQ(find(explained(larger), FindingId::victim_not_culprit), nullptr);
  ReportBuilder swarm = box();
  for (int i = 0; i < 40; ++i)
    swarm.task(100 + i, "web", 2'000);
  EXPECT_EQ(find(explained(swarm.kill(139, "web", 1)), FindingId::victim_not_culprit), nullptr);
}

TEST(DegenerateTest, BeforeFiveNineAllClampedToOneIsChance) {
  ReportBuilder report = box("5.0.0-1-amd64");
  report.task(7, "pause", 1, -998).task(8, "db", 90'000, -998).kill(7, "pause", 4, -998);
  report.raw().victims[0].pgtables.reset();
  const Explanation e = explained(report);
  EXPECT_EQ(e.predicted_agrees, true) << "the first of equals";
  const Finding* finding = find(e, FindingId::scores_degenerate);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::warning);
  EXPECT_TRUE(says(finding, "all 2 tasks were the same"));
  EXPECT_TRUE(says(find(e, FindingId::victim_not_largest), "both came out as 1"));
}

TEST(DegenerateTest, FromFiveNineEqualAdjLeavesTheSize) {
  ReportBuilder report = box();
  report.task(7, "a", 50'000, -997).task(8, "b", 40'000, -997).kill(7, "a", 1, -997);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::scores_degenerate);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::info);
  EXPECT_TRUE(says(finding, "all 2 tasks have -997"));
}

TEST(DegenerateTest, InATinyGroupAdjCountsForNothing) {
  ReportBuilder report;
  report.group(3'000, 3'000).swap_counter(0, 0);
  report.task(7, "a", 500, 0).task(8, "b", 100, 900).kill(7, "a", 1);
  EXPECT_TRUE(says(find(explained(report), FindingId::scores_degenerate), "had no effect"));
}

TEST(DegenerateTest, IsSilentAtZeroAndWhereAdjTellsThemApart) {
  ReportBuilder zero = box();
  zero.task(7, "a", 50'000).task(8, "b", 40'000).kill(7, "a", 1);
  EXPECT_EQ(find(explained(zero), FindingId::scores_degenerate), nullptr);
  ReportBuilder apart = box();
  apart.task(7, "a", 50'000, -100).task(8, "b", 40'000, -900).kill(7, "a", 1, -100);
  EXPECT_EQ(find(explained(apart), FindingId::scores_degenerate), nullptr);
}

TEST(ProtectedTest, SaysFromWhatItProtected) {
  const std::string path =
      "/kubepods.slice/kubepods-pod11111111_2222_3333_4444_555555555555.slice/cri-containerd-"
      "aaaaaaaaaaaabbbbbbbbbbbbccccccccccccddddddddddddeeeeeeeeeeeeffff.scope";
  ReportBuilder report;
  report.group(path, path, 400'000, 400'000).task(7, "web", 50'000, -997);
  const Explanation e = explained(report.kill(7, "web", 1, -997));
  const Finding* finding = find(e, FindingId::protected_victim);
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(says(finding, "oom_score_adj -997, Guaranteed")) << finding->title;
  EXPECT_EQ(number(finding, "oom_score_adj"), -997);
  EXPECT_EQ(number(finding, "adj_worth_bytes"), -99'700LL * 4096);
}

TEST(ProtectedTest, IsSilentWithoutProtection) {
  ReportBuilder report = box();
  report.task(7, "web", 50'000, 0).kill(7, "web", 1);
  EXPECT_EQ(find(explained(report), FindingId::protected_victim), nullptr);
}

}  // namespace
}  // namespace oomkit
