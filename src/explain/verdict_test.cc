// The paragraph that a tired person reads first, and the line of --summary.
#include "explain/verdict.h"

#include <gtest/gtest.h>

#include "explain/explain_testing.h"

namespace oomkit {
namespace {

using testing::explained;
using testing::ReportBuilder;

constexpr const char* kContainer =
    "/kubepods.slice/kubepods-pod11111111_2222_3333_4444_555555555555.slice/cri-containerd-"
    "aaaaaaaaaaaabbbbbbbbbbbbccccccccccccddddddddddddeeeeeeeeeeeeffff.scope";

TEST(VerdictTest, SaysWhoWhenWhoseLimitWhatFilledItAndWhatFirst) {
  ReportBuilder report;
  report.group(kContainer, kContainer, 208'204, 204'800)
      .stat("anon", 28'139'520)
      .stat("file", 8'192)
      .stat("kernel", 1'343'488)
      .stat("sock", 183'623'680)
      .task(7, "proxy", 6'593, -997)
      .kill(7, "proxy", 26'372, -997);
  report.raw().at.time = WallTime{std::chrono::seconds(1'692'293'367), true, true};
  const Explanation e = explained(report);
  EXPECT_EQ(
      e.verdict,
      "proxy (pid 7) was killed by the kernel on 2023-08-17 at 17:29:27: the 200.0 MiB memory "
      "limit of container aaaaaaaaaaaa (containerd) of pod 11111111-2222-3333-4444-555555555555 "
      "was reached. 175.1 MiB of it (183,623,680 of 209,715,200 bytes, 87.6 %) "
      "were network socket buffers. The process itself had only 26.8 MiB of anonymous "
      "memory. Look first at why data that had arrived was not read; a larger heap or limit "
      "does not help against that.");
  EXPECT_EQ(e.headline,
            "proxy (pid 7) killed: 200.0 MiB limit of container aaaaaaaaaaaa (containerd) of pod "
            "11111111-2222-3333-4444-555555555555; 87.6 % socket buffers");
}

TEST(VerdictTest, AHostWithOneLargeProcess) {
  ReportBuilder report;
  report.host(1'000'000, 0)
      .swap(0, 0)
      .counter_of("free", 10'000)
      .counter_of("inactive_anon", 900'000)
      .task(7, "db", 800'000)
      .task(8, "sh", 100)
      .kill(7, "db", 3'200'000);
  report.raw().at.uptime = std::chrono::hours(30) + std::chrono::minutes(5);
  EXPECT_EQ(
      explained(report).verdict,
      "db (pid 7) was killed by the kernel 30 h 5 min after the host had booted: the host ran "
      "out of memory (3.8 GiB of RAM, no swap). db (pid 7) alone held 3.1 GiB (80.0 %). db is "
      "the one that died; whether it grew or was always that large takes a second report to "
      "tell. Look first at whether db should need that much.");
}

TEST(VerdictTest, ManyWorkers) {
  ReportBuilder report;
  report.group(400'000, 400'000).stat("anon", 390'000'000);
  for (int i = 0; i < 90; ++i)
    report.task(100 + i, "php-fpm", 1'000);
  const Explanation e = explained(report.kill(189, "php-fpm", 4'000));
  EXPECT_NE(
      e.verdict.find("90 processes named php-fpm held 351.6 MiB together (90.0 %). Look first "
                     "at how many of them there should be."),
      std::string::npos)
      << e.verdict;
}

TEST(VerdictTest, ADamagedReportSaysWhatIsKnown) {
  ReportBuilder report("");
  report.raw().verdict = Verdict::unknown;
  report.raw().at.page_size.reset();
  report.raw().complete = false;
  report.raw().ends_cut = true;
  report.raw().missing = {Part::task_table, Part::kill_line};
  report.trigger("web", 7);
  const Explanation e = explained(report);
  EXPECT_EQ(
      e.verdict,
      "The kernel looked for somebody to kill: memory ran out, whose is not in the log. Whom "
      "it took is not in the log. The report is not complete: it lacks the table of tasks and "
      "the kill line.");
  EXPECT_EQ(e.headline, "victim not in the log: memory ran out, whose is not in the log");
}

TEST(VerdictTest, AnEmptyReportIsNoCrash) {
  const Explanation e = explain(OomReport(), {});
  EXPECT_FALSE(e.verdict.empty());
  EXPECT_FALSE(e.headline.empty());
}

TEST(VerdictTest, APanic) {
  ReportBuilder report;
  report.host(1'000'000, 0).counter_of("free", 10).counter_of("inactive_anon", 10);
  report.raw().verdict = Verdict::panic;
  report.raw().panic_text = "Out of memory: system-wide panic_on_oom is enabled";
  const Explanation e = explained(report);
  EXPECT_EQ(e.verdict.rfind("The kernel stopped (panic): the host ran out of memory", 0), 0U)
      << e.verdict;
}

TEST(VerdictTest, InBriefTheNotesAreTheSameAndTheSentencesLeftOut) {
  ReportBuilder report;
  report.group(kContainer, kContainer, 208'204, 204'800)
      .stat("anon", 28'139'520)
      .stat("sock", 183'623'680)
      .task(7, "proxy", 6'593, -997)
      .kill(7, "proxy", 26'372, -997);
  const Explanation full = explained(report);
  ExplainOptions options;
  options.brief = true;
  const Explanation brief = explain(report.build(), options);
  EXPECT_TRUE(brief.verdict.empty());
  ASSERT_FALSE(brief.findings.empty());
  EXPECT_EQ(brief.findings[0].title, testing::find(full, FindingId::socket_memory)->title);
  for (const Finding& finding : brief.findings) {
    const Finding* same = testing::find(full, finding.id);
    ASSERT_NE(same, nullptr);
    EXPECT_EQ(same->title, finding.title);
    EXPECT_EQ(same->severity, finding.severity);
  }
  EXPECT_EQ(testing::find(brief, FindingId::memory_sums), nullptr);
}

TEST(VerdictTest, ATimeThatNoCalendarHasIsLeftOut) {
  ReportBuilder report;
  report.group(1, 1).kill(7, "x", 1);
  report.raw().at.time = WallTime{std::chrono::microseconds::max(), true, true};
  EXPECT_NE(explained(report).verdict.find("by the kernel: "), std::string::npos);
  report.raw().at.time = WallTime{std::chrono::microseconds::min(), false, true};
  EXPECT_NE(explained(report).verdict.find("by the kernel: "), std::string::npos);
}

}  // namespace
}  // namespace oomkit
