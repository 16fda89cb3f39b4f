// Reading what was written gives the report back: every kernel, many reports, every frame.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "klog/reader.h"
#include "klog/writer.h"
#include "tests/support/frame_lines.h"
#include "tests/support/random_report.h"
#include "tests/support/report_difference.h"

namespace oomkit {

void PrintTo(const KernelVersion& version, std::ostream* out) {
  *out << to_string(version);
}

namespace {

struct Collected final : ReportSink {
  void on_report(OomReport&& report) override { reports.push_back(std::move(report)); }
  void on_other(OtherEvent&& event) override { others.push_back(std::move(event)); }
  std::vector<OomReport> reports;
  std::vector<OtherEvent> others;
};

Collected read(std::string_view text) {
  Collected collected;
  LogReader reader("test", collected);
  reader.feed(text);
  reader.finish();
  return collected;
}

class RoundTrip : public testing::TestWithParam<KernelVersion> {};

TEST_P(RoundTrip, ReadingWhatWasWrittenGivesTheReportBack) {
  const KernelVersion version = GetParam();
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    const OomReport report = test::random_report(random, version);
    const std::string text = write_report(report, version);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", written:\n" + text);
    const Collected collected = read(text);
    ASSERT_EQ(collected.reports.size(), text.empty() ? 0U : 1U);
    ASSERT_TRUE(collected.others.empty());
    if (text.empty()) continue;
    const OomReport expected = as_printed_by(report, version);
    ASSERT_EQ(test::report_difference(strip_provenance(collected.reports[0]), expected), "");
  }
}

// The conclusions are the reader's own rule on both sides of the test above: here they are
// held against what the report was made to be.
TEST_P(RoundTrip, WhatIsConcludedFromAWholeReportIsTrue) {
  const KernelVersion version = GetParam();
  int whole = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    const OomReport report = test::random_report(random, version);
    const bool kill = report.verdict == Verdict::killed && report.victims[0].total_vm &&
                      report.victims[0].role != Victim::Role::child;
    const bool all_there = report.trigger && !report.stack.empty() && !report.at.tasks.empty();
    if (!kill || !all_there || report.victims[0].already_exiting) continue;
    ++whole;
    const Collected collected = read(write_report(report, version));
    ASSERT_EQ(collected.reports.size(), 1U);
    const OomReport& found = collected.reports[0];
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_EQ(found.verdict, Verdict::killed);
    EXPECT_TRUE(found.complete);
    EXPECT_EQ(found.missing, std::vector<Part>());
    const bool memcg = report.constraint == Constraint::memcg;
    if (version >= KernelVersion{5, 0, 0} || (memcg && version >= KernelVersion{2, 6, 28})) {
      EXPECT_EQ(found.constraint, report.constraint);
    }
    if (version >= KernelVersion{2, 6, 36}) {
      EXPECT_EQ(found.at.page_size, report.at.page_size);
    }
    if (memcg && version >= KernelVersion{5, 3, 0}) {
      EXPECT_EQ(found.at.memcg->version, report.at.memcg->version);
    }
  }
  EXPECT_GT(whole, 20);
}

// What a kernel printed is all that it can print of it: nothing more is lost a second time.
TEST_P(RoundTrip, AReportAsPrintedIsPrintedTheSame) {
  const KernelVersion version = GetParam();
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    const OomReport report = test::random_report(random, version);
    SCOPED_TRACE("seed " + std::to_string(seed));
    const OomReport printed = as_printed_by(report, version);
    // "No limit" is a number of pages; and 4.9 puts four amounts under each other's names once
    // more if nothing shows that they were.
    if (!printed.at.page_size || version == KernelVersion{4, 9, 0}) continue;
    ASSERT_EQ(write_report(printed, version), write_report(report, version));
  }
}

// A report of any kernel can be written as any other's; what it cannot say is left out.
TEST_P(RoundTrip, AnotherKernelsReportIsWrittenInItsOwnWords) {
  const KernelVersion version = GetParam();
  for (const KernelVersion& origin : test::kernel_versions()) {
    Random random(
        static_cast<std::uint64_t>(origin.major * 1000 + origin.minor * 10 + origin.patch));
    const OomReport report = as_printed_by(test::random_report(random, origin), origin);
    const std::string text = write_report(report, version);
    SCOPED_TRACE("of " + to_string(origin) + ", written:\n" + text);
    const Collected collected = read(text);
    ASSERT_EQ(collected.reports.size(), text.empty() ? 0U : 1U);
    if (text.empty()) continue;
    const OomReport expected = as_printed_by(report, version);
    ASSERT_EQ(test::report_difference(strip_provenance(collected.reports[0]), expected), "");
  }
}

std::string name_of_version(const testing::TestParamInfo<KernelVersion>& info) {
  std::string name = "Linux_" + to_string(info.param);
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(Kernels, RoundTrip, testing::ValuesIn(test::kernel_versions_to_try()),
                         name_of_version);

OomReport without_times(OomReport report) {
  report = strip_provenance(std::move(report));
  report.at.uptime.reset();
  report.at.time.reset();
  report.at.host.reset();
  return report;
}

class Framed : public testing::TestWithParam<test::FrameStyle> {};

TEST_P(Framed, AFrameChangesNothingOfTheReport) {
  std::uint64_t seed = 0;
  for (const KernelVersion& version : test::kernel_versions()) {
    Random random(++seed);
    const OomReport report =
        test::random_report(random, version, {.tasks_max = 20, .nasty_names = false});
    const std::string text = test::frame_lines(write_report(report, version), GetParam());
    if (text.empty()) continue;
    SCOPED_TRACE("Linux " + to_string(version) + ":\n" + text);
    const Collected collected = read(text);
    ASSERT_EQ(collected.reports.size(), 1U);
    const OomReport expected = as_printed_by(report, version);
    ASSERT_EQ(test::report_difference(without_times(collected.reports[0]), expected), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Frames, Framed, testing::ValuesIn(test::kFrameStyles),
                         [](const auto& style) { return std::string(name_of(style.param)); });

// What the log of a real kernel says can be said by every other, and read again.
TEST(RoundTripTest, RealReportsAreReadAgainAsEveryKernelWouldHavePrintedThem) {
  const std::filesystem::path folder = OOMKIT_SOURCE_DIR "/../shared/logs";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no folder of sample logs";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string log((std::istreambuf_iterator<char>(file)), {});
    for (const OomReport& report : read(log).reports) {
      for (const KernelVersion& version : test::kernel_versions()) {
        const std::string text = write_report(report, version);
        SCOPED_TRACE("as Linux " + to_string(version) + ":\n" + text);
        const Collected collected = read(text);
        ASSERT_EQ(collected.reports.size(), text.empty() ? 0U : 1U);
        if (text.empty()) continue;
        ASSERT_EQ(test::report_difference(strip_provenance(collected.reports[0]),
                                          as_printed_by(report, version)),
                  "");
      }
    }
  }
}

// A log of several reports, one after the other, is as many reports.
TEST(RoundTripTest, ReportsInARowStayApart) {
  for (const KernelVersion& version : test::kernel_versions()) {
    Random random(7);
    std::string log;
    std::vector<OomReport> expected;
    test::FrameTime time;
    for (int i = 0; i < 5; ++i) {
      const OomReport report =
          test::random_report(random, version, {.tasks_max = 10, .nasty_names = false});
      log += test::frame_lines(write_report(report, version), test::FrameStyle::dmesg, time);
      expected.push_back(as_printed_by(report, version));
      time.uptime += std::chrono::seconds(20);
      if (report.verdict == Verdict::panic) break;
    }
    SCOPED_TRACE("Linux " + to_string(version) + ":\n" + log);
    const Collected collected = read(log);
    ASSERT_EQ(collected.reports.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_EQ(test::report_difference(without_times(collected.reports[i]), expected[i]), "");
  }
}

}  // namespace
}  // namespace oomkit
