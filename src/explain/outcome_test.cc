// What came of it, and what the log does not say.
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

ReportBuilder box() {
  ReportBuilder report;
  report.group(400'000, 400'000).task(7, "web", 50'000).task(8, "db", 90'000);
  return report;
}

TEST(AllocatingTaskTest, NamesWhoWouldHaveBeenChosen) {
  ReportBuilder report = box();
  report.kill(7, "web", 200'000);
  EXPECT_EQ(find(explained(report), FindingId::allocating_task_killed), nullptr);
  report.raw().allocating_task_killed = true;
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::allocating_task_killed);
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->advice.at(0).find("here db (pid 8)"), std::string::npos);
  EXPECT_TRUE(says(find(e, FindingId::why_this_victim), "not chosen by points"));
}

TEST(GroupKillTest, CountsItsVictims) {
  ReportBuilder report = box();
  report.kill(8, "db", 360'000);
  EXPECT_EQ(find(explained(report), FindingId::group_kill), nullptr);
  report.kill(7, "web", 200'000);
  report.last_victim().role = Victim::Role::group_member;
  report.raw().selection->pid = 8;
  report.raw().oom_group = "/box";
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::group_kill);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "victims"), 2);
  EXPECT_EQ(number(finding, "sum_bytes"), 560'000LL * 1024);
  EXPECT_NE(e.verdict.find("db (pid 8) and 1 more process were killed"), std::string::npos)
      << e.verdict;
}

TEST(DescendantTest, AChildDiedForItsParent) {
  ReportBuilder report = box();
  report.kill(7, "web", 200'000);
  EXPECT_EQ(find(explained(report), FindingId::killed_descendant), nullptr);
  report.last_victim().role = Victim::Role::child;
  report.raw().selection->pid = 8;
  report.raw().selection->comm = "db";
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::killed_descendant);
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(says(finding, "web (pid 7) died in the place of db (pid 8)"));
  EXPECT_EQ(number(finding, "parent_bytes"), 90'000LL * 4096);
  EXPECT_EQ(e.predicted_agrees, true) << "the choice was the parent";
}

TEST(NotReapedTest, AFailureAndWhatIsLeft) {
  ReportBuilder report = box();
  report.kill(8, "db", 360'000);
  EXPECT_EQ(find(explained(report), FindingId::not_reaped), nullptr);
  report.last_victim().reaped = true;
  report.last_victim().reaped_anon_rss = KiB(0);
  report.last_victim().reaped_shmem_rss = KiB(100);
  EXPECT_EQ(find(explained(report), FindingId::not_reaped), nullptr);
  report.last_victim().reaped_shmem_rss = KiB(10'240);
  EXPECT_EQ(number(find(explained(report), FindingId::not_reaped), "shmem_left_bytes"),
            10'240LL * 1024);
  report.last_victim().reaped = false;
  report.last_victim().reap_line = 99;
  EXPECT_EQ(find(explained(report), FindingId::not_reaped)->severity, Severity::warning);
}

TEST(NoKillableTest, SaysWhyNobodyWasLeft) {
  ReportBuilder report;
  report.host(1'000'000, 0).task(1, "init", 10).task(5, "sshd", 10, -1000);
  report.raw().verdict = Verdict::no_killable;
  EXPECT_TRUE(says(find(explained(report), FindingId::no_killable_task), "All of the 2 tasks"));
  report.task(6, "atd", 10);
  EXPECT_TRUE(says(find(explained(report), FindingId::no_killable_task), "1 task of the 3 listed"));
  ReportBuilder killed = box();
  EXPECT_EQ(find(explained(killed.kill(8, "db", 1)), FindingId::no_killable_task), nullptr);
}

TEST(PanicTest, NamesTheSettingThatAskedForIt) {
  const auto panic = [](const char* text) {
    ReportBuilder report;
    report.host(1'000'000, 0).task(6, "atd", 10);
    report.raw().verdict = Verdict::panic;
    report.raw().panic_text = text;
    report.raw().panic_line = 99;
    return explained(report);
  };
  const Explanation wide = panic("Out of memory: system-wide panic_on_oom is enabled");
  EXPECT_TRUE(says(find(wide, FindingId::kernel_panic), "vm.panic_on_oom is 1"));
  EXPECT_EQ(find(wide, FindingId::kernel_panic)->lines, (std::vector<std::uint64_t>{99}));
  EXPECT_EQ(find(wide, FindingId::no_killable_task), nullptr);
  EXPECT_TRUE(says(
      find(panic("Out of memory: compulsory panic_on_oom is enabled"), FindingId::kernel_panic),
      "vm.panic_on_oom is 2"));
  const Explanation deadlock = panic("System is deadlocked on memory");
  EXPECT_TRUE(says(find(deadlock, FindingId::kernel_panic), "No setting asked for it"));
  EXPECT_NE(find(deadlock, FindingId::no_killable_task), nullptr);
  EXPECT_EQ(find(explained(box().kill(8, "db", 1)), FindingId::kernel_panic), nullptr);
}

TEST(UserspaceTest, NamesTheDaemonItsReasonAndItsSetting) {
  ReportBuilder report("");
  report.raw().killer = Killer::earlyoom;
  report.raw().killer_reason = "mem 3.00 % <= 10.00 %, swap 2.00 % <= 10.00 %";
  report.raw().complete = false;
  Victim victim;
  victim.pid = 7;
  victim.comm = "web";
  victim.rss = KiB(1'024);
  victim.signal = "SIGTERM";
  victim.escalated_to = "SIGKILL";
  victim.line = 5;
  report.raw().victims.push_back(victim);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::userspace_kill);
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(says(finding, "It said: mem 3.00 %"));
  EXPECT_TRUE(says(finding, "SIGKILL followed"));
  EXPECT_NE(finding->advice.at(0).find("-m and -s"), std::string::npos);
  EXPECT_EQ(find(e, FindingId::truncated_report), nullptr) << "a daemon prints no more";
  EXPECT_EQ(find(e, FindingId::why_this_victim), nullptr);
  EXPECT_NE(e.verdict.find("by earlyoom, not by the kernel"), std::string::npos) << e.verdict;
  EXPECT_EQ(find(explained(box().kill(8, "db", 1)), FindingId::userspace_kill), nullptr);
}

TEST(ManualTest, SysrqIsNoShortage) {
  ReportBuilder report;
  report.trigger("kworker/0:2", 5, "GFP_KERNEL", -1).host(1'000'000, 0).kill(8, "db", 1);
  EXPECT_EQ(find(explained(report), FindingId::manual_request), nullptr);
  report.raw().manual = true;
  const Explanation e = explained(report);
  EXPECT_NE(find(e, FindingId::manual_request), nullptr);
  EXPECT_NE(e.verdict.find("somebody asked for it (sysrq f)"), std::string::npos) << e.verdict;
}

TEST(ContainerExitTest, OnlyTheLastProcessSurelyEndsTheContainer) {
  const std::string path = "/docker/" + std::string(64, 'a');
  ReportBuilder alone;
  alone.group(path, path, 4'000, 4'000).task(7, "web", 900).kill(7, "web", 3'600);
  EXPECT_TRUE(says(find(explained(alone), FindingId::container_exit), "only process"));
  ReportBuilder two = alone;
  two.task(8, "sh", 10);
  EXPECT_TRUE(says(find(explained(two), FindingId::container_exit), "may not mention memory"));
  EXPECT_EQ(find(explained(box().kill(8, "db", 1)), FindingId::container_exit), nullptr);
}

TEST(TruncatedTest, SaysWhatIsMissingAndWhatCannotBeSaid) {
  ReportBuilder report = box();
  report.kill(8, "db", 360'000);
  EXPECT_EQ(find(explained(report), FindingId::truncated_report), nullptr);
  report.raw().complete = false;
  report.raw().begins_cut = true;
  report.raw().missing = {Part::trigger, Part::memcg_stats};
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::truncated_report);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::notice);
  EXPECT_TRUE(says(finding, "the log begins inside it"));
  EXPECT_TRUE(says(finding,
                   "Not known therefore: who asked and for what kind of memory; what "
                   "filled it."))
      << finding->detail;
  EXPECT_EQ(e.verdict.find("The report is not complete"), std::string::npos);
  report.raw().missing = {Part::task_table};
  const Explanation without_table = explained(report);
  EXPECT_EQ(find(without_table, FindingId::truncated_report)->severity, Severity::warning);
  EXPECT_NE(without_table.verdict.find("it lacks the table of tasks"), std::string::npos);
}

TEST(SuppressedTest, CountsAreLowerBounds) {
  ReportBuilder report = box();
  report.kill(8, "db", 360'000);
  EXPECT_EQ(find(explained(report), FindingId::reports_suppressed), nullptr);
  report.raw().suppressed_before = 41;
  EXPECT_EQ(number(find(explained(report), FindingId::reports_suppressed), "suppressed"), 41);
}

}  // namespace
}  // namespace oomkit
