// Real logs, where they lie beside the source: each explained without a crash, every claim
// on a line of the log, and two of them to the byte. Skipped by name elsewhere.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "explain/explain_testing.h"
#include "klog/reader.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;
using testing::find;
using testing::number;

const fs::path kLogs = fs::path(OOMKIT_SOURCE_DIR "/../shared/logs");

class Collector final : public ReportSink {
 public:
  void on_report(OomReport&& report) override { reports.push_back(std::move(report)); }
  void on_other(OtherEvent&& /*event*/) override {}

  std::vector<OomReport> reports;
};

std::vector<Explanation> explain_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  Collector collector;
  LogReader reader("log", collector);
  reader.feed(text.str());
  reader.finish();
  std::vector<Explanation> explanations;
  for (OomReport& report : collector.reports)
    explanations.push_back(explain(std::move(report), {}));
  return explanations;
}

// A log by the one word that tells it from the others: no name of it stands here.
std::vector<Explanation> sample(std::string_view word) {
  if (!fs::exists(kLogs)) return {};
  for (const fs::directory_entry& entry : fs::directory_iterator(kLogs)) {
    if (entry.path().filename().string().find(word) != std::string::npos) {
      return explain_file(entry.path());
    }
  }
  return {};
}

TEST(SampleTest, SocketBuffersFilledThePod) {
  const auto explained = sample("socket");
  if (explained.empty()) GTEST_SKIP() << "the log is not beside the source";
  ASSERT_EQ(explained.size(), 1U);
  const Explanation& e = explained[0];
  const Finding* sock = find(e, FindingId::socket_memory);
  ASSERT_NE(sock, nullptr);
  EXPECT_EQ(number(sock, "sock_bytes"), 183'623'680);
  EXPECT_EQ(number(sock, "limit_bytes"), 209'715'200);
  EXPECT_EQ(number(sock, "anon_bytes"), 28'139'520);
  EXPECT_NE(e.verdict.find("183,623,680 of 209,715,200 bytes, 87.6 %"), std::string::npos);
  EXPECT_NE(e.verdict.find("only 26.8 MiB of anonymous memory"), std::string::npos);
  ASSERT_TRUE(e.ledger);
  EXPECT_EQ(e.ledger->unaccounted, Bytes(86'016));
  EXPECT_LT(86'016 * 1000, e.ledger->total.count()) << "less than 0.1 %";
  EXPECT_NE(find(e, FindingId::memcg_limit)->detail.find("3.3 MiB above the limit: packets"),
            std::string::npos);
  EXPECT_NE(find(e, FindingId::protected_victim)->title.find("-997, Guaranteed"),
            std::string::npos);
  ASSERT_TRUE(e.limit_owner && e.limit_owner->pod_uid && e.limit_owner->container_id);
  EXPECT_EQ(e.limit_owner->qos, "Guaranteed");
  EXPECT_TRUE(e.trigger_in_victim);
  EXPECT_EQ(e.predicted_agrees, true);
  EXPECT_EQ(find(e, FindingId::victim_not_culprit), nullptr);
  EXPECT_EQ(find(e, FindingId::truncated_report), nullptr);
}

TEST(SampleTest, ThreeKillsOfOnePodAddUp) {
  const auto explained = sample("three");
  if (explained.empty()) GTEST_SKIP() << "the log is not beside the source";
  ASSERT_EQ(explained.size(), 3U);
  for (const Explanation& e : explained) {
    ASSERT_TRUE(e.ledger);
    EXPECT_LT(e.ledger->unaccounted, Bytes(0)) << "the statistics add up to more";
    EXPECT_LT(-e.ledger->unaccounted.count() * 500, e.ledger->total.count()) << "within 0.2 %";
    EXPECT_NE(find(e, FindingId::memory_sums)->detail.find("more than the usage"),
              std::string::npos);
    EXPECT_EQ(e.predicted_agrees, true);
    EXPECT_NE(find(e, FindingId::parent_limit), nullptr);
    EXPECT_NE(find(e, FindingId::protected_victim), nullptr);
    EXPECT_EQ(find(e, FindingId::victim_not_culprit), nullptr) << "one report cannot tell";
  }
}

TEST(SampleTest, EveryClaimPointsAtLinesOfItsReport) {
  if (!fs::exists(kLogs / "real")) GTEST_SKIP() << "real logs are not beside the source";
  std::size_t seen = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(kLogs / "real")) {
    if (entry.path().extension() != ".log") continue;
    for (const Explanation& e : explain_file(entry.path())) {
      ++seen;
      EXPECT_FALSE(e.verdict.empty());
      EXPECT_FALSE(e.headline.empty());
      if (e.ledger) {
        std::int64_t sum = 0;
        for (const LedgerRow& row : e.ledger->rows)
          sum += row.amount.count();
        EXPECT_EQ(sum + e.ledger->unaccounted.count(), e.ledger->total.count());
      }
      for (const Finding& finding : e.findings) {
        EXPECT_FALSE(finding.title.empty());
        EXPECT_FALSE(finding.detail.empty()) << name_of(finding.id);
        EXPECT_FALSE(finding.lines.empty()) << entry.path() << ": " << name_of(finding.id);
        for (const std::uint64_t line : finding.lines) {
          EXPECT_GE(line, e.report.first_line) << name_of(finding.id);
          EXPECT_TRUE(line <= e.report.last_line || finding.id == FindingId::not_reaped)
              << entry.path() << ": " << name_of(finding.id) << " " << line;
        }
      }
    }
  }
  EXPECT_GT(seen, 30U);
}

}  // namespace
}  // namespace oomkit
