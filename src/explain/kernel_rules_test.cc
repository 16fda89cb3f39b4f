// The kernel's rules and the incidents against real reports that nobody here wrote.
//
// The samples stand beside the project, not in it; without them these tests skip by name.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "explain/context.h"
#include "explain/explanation.h"
#include "explain/incident.h"
#include "kernel/score_evidence.h"
#include "kernel/totalpages.h"
#include "klog/reader.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;

class Collector final : public ReportSink {
 public:
  void on_report(OomReport&& report) override { reports.push_back(std::move(report)); }
  void on_other(OtherEvent&& /*event*/) override {}
  std::vector<OomReport> reports;
};

std::vector<Explanation> explain_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  Collector collector;
  LogReader reader(path.filename(), collector);
  reader.feed(text.str());
  reader.finish();
  std::vector<Explanation> explanations;
  for (OomReport& report : collector.reports)
    explanations.push_back(explain(std::move(report), {}));
  return explanations;
}

class RealReports : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path logs = fs::path(OOMKIT_SOURCE_DIR) / ".." / "shared" / "logs";
    if (!fs::is_directory(logs)) GTEST_SKIP() << "no sample logs beside the project";
    for (const auto& entry : fs::recursive_directory_iterator(logs)) {
      if (entry.path().extension() == ".log") files_.push_back(entry.path());
    }
    std::sort(files_.begin(), files_.end());
  }
  std::vector<fs::path> files_;
};

std::string place(const Explanation& explanation) {
  return explanation.report.input + ":" + std::to_string(explanation.report.first_line);
}

// The score that the kernel printed, computed again from its own table. Where totalpages
// was worked out from that very score there is nothing to compare.
TEST_F(RealReports, PrintedScoresFollowFromTheTables) {
  int compared = 0;
  for (const fs::path& file : files_) {
    for (const Explanation& said : explain_file(file)) {
      const OomReport& report = said.report;
      if (!said.ranking || !report.selection || !report.selection->score) continue;
      if (!said.ranking->swap_known || !report.complete) continue;
      const auto totals = totalpages_of(report);
      if (!totals || totals->pages != said.ranking->context.totalpages) continue;
      for (const RankedTask& ranked : said.ranking->tasks) {
        if (report.at.tasks[ranked.index].pid != report.selection->pid) continue;
        const std::int64_t ours =
            oom_score(ranked.badness.points, false, said.ranking->context.rule, totals->pages);
        EXPECT_LE(std::abs(ours - *report.selection->score), 1) << place(said);
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 5);
}

TEST_F(RealReports, TheRankingChoosesWhoWasKilledWhereverTheTableIsWhole) {
  int compared = 0;
  for (const fs::path& file : files_) {
    for (const Explanation& said : explain_file(file)) {
      if (!said.report.complete || !said.predicted_agrees) continue;
      EXPECT_TRUE(*said.predicted_agrees) << place(said);
      ++compared;
    }
  }
  EXPECT_GE(compared, 10);
}

std::optional<Bytes> use_in(const OomReport& report, std::int64_t pid) {
  const auto row = find_row(report.at.tasks, pid);
  if (!row) return std::nullopt;
  return use_bytes(report.at.tasks[*row], page_size_of(report));
}

// Each culprit's rates, worked out again the long way: straight from the tables and the
// times of the reports.
TEST_F(RealReports, GrowthBetweenKillsIsWhatTheTablesSay) {
  int stories = 0;
  for (const fs::path& file : files_) {
    const std::vector<Explanation> reports = explain_file(file);
    IncidentTracker tracker;
    for (std::size_t i = 0; i < reports.size(); ++i)
      tracker.add(i + 1, reports[i]);
    tracker.finish();
    for (const Incident& incident : tracker.take_closed()) {
      for (const Culprit& culprit : incident.culprits) {
        if (culprit.processes > 1 || culprit.at_least) continue;
        std::vector<double> steps;
        const OomReport* before = nullptr;
        for (const std::size_t index : incident.reports) {
          const OomReport& report = reports[index - 1].report;
          if (!use_in(report, culprit.pid) || !report.at.time) continue;
          if (before != nullptr) {
            const double seconds = std::chrono::duration<double>(report.at.time->since_epoch -
                                                                 before->at.time->since_epoch)
                                       .count();
            steps.push_back(
                static_cast<double>(
                    (*use_in(report, culprit.pid) - *use_in(*before, culprit.pid)).count()) /
                seconds);
          }
          before = &report;
        }
        EXPECT_THAT(culprit.steps_bytes_per_s, testing::Pointwise(testing::DoubleNear(1.0), steps))
            << incident.title;
      }
      const bool innocent_first = incident.victims.size() >= 3 && incident.culprits.size() >= 2 &&
                                  !incident.victims.front().culprit;
      stories += innocent_first ? 1 : 0;
    }
  }
  EXPECT_GE(stories, 1) << "the samples have one of three kills, the first an innocent";
}

}  // namespace
}  // namespace oomkit
