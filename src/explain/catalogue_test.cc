// The table of findings and docs/FINDINGS.md say the same.
#include "explain/catalogue.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "explain/explain_testing.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 4> kSeverities = {"info", "notice", "warning", "critical"};

struct Entry {
  std::map<std::string, std::string> parts;  // "Severity" and what stands behind it.
};

std::string documentation() {
  std::ifstream file(OOMKIT_SOURCE_DIR "/docs/FINDINGS.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// "### id" begins an entry, "- Part: text" a part of it that may run over several lines.
std::map<std::string, Entry> entries_of(const std::string& document) {
  std::map<std::string, Entry> entries;
  Entry* entry = nullptr;
  std::string* part = nullptr;
  std::stringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("### ", 0) == 0) {
      const std::string id = line.substr(4);
      EXPECT_EQ(entries.count(id), 0U) << id << " stands twice in docs/FINDINGS.md";
      entry = &entries[id];
      part = nullptr;
    } else if (line.rfind("#", 0) == 0) {
      entry = nullptr;
      part = nullptr;
    } else if (entry != nullptr && line.rfind("- ", 0) == 0) {
      const std::size_t colon = line.find(": ");
      if (colon == std::string::npos) continue;
      part = &entry->parts[line.substr(2, colon - 2)];
      *part = line.substr(colon + 2);
    } else if (part != nullptr) {
      *part += line;
    }
  }
  return entries;
}

TEST(CatalogueTest, StandsInTheOrderOfTheIds) {
  for (std::size_t i = 0; i < kFindings.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kFindings[i].id), i) << kFindings[i].name;
  }
}

TEST(CatalogueTest, NamesAreUniqueAndPlain) {
  std::set<std::string_view> names;
  for (const FindingKind& kind : kFindings) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_EQ(kind.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos)
        << kind.name;
  }
}

TEST(CatalogueTest, TheDocumentHasAllFindingsAndNoOthers) {
  const auto entries = entries_of(documentation());
  for (const FindingKind& kind : kFindings) {
    const auto entry = entries.find(std::string(kind.name));
    ASSERT_NE(entry, entries.end()) << kind.name << " is not in docs/FINDINGS.md";
    for (const char* part : {"Said when", "Sum", "Severity", "Advice"}) {
      EXPECT_EQ(entry->second.parts.count(part), 1U) << kind.name << ": no \"" << part << "\"";
    }
  }
  EXPECT_EQ(entries.size(), kFindings.size()) << "an entry that no finding has";
}

bool documented(const std::string& severities, Severity severity) {
  const std::string_view word = kSeverities[static_cast<std::size_t>(severity)];
  const std::size_t found = severities.find(word);
  return found != std::string::npos;
}

// Every finding of these reports, with the severity that it has.
std::vector<Finding> samples() {
  std::vector<testing::ReportBuilder> reports;
  for (const std::int64_t percent : {12, 26, 45, 75}) {
    constexpr std::int64_t kOne = 1 << 20;
    testing::ReportBuilder box;
    box.group("/box", "/box/a (deleted)", 102'400, 102'400).swap_counter(0, 0);
    for (const char* name : {"anon", "sock", "file_dirty", "unevictable", "kernel_stack",
                             "pagetables", "slab_unreclaimable"}) {
      box.stat(name, percent * kOne);
    }
    box.stat("file", percent * kOne).stat("shmem", percent * kOne);
    box.task(7, "web", 100, -900).task(8, "db", percent * 200, -900).kill(7, "web", 400, -900);
    box.raw().complete = false;
    box.raw().missing = {Part::trigger};
    box.raw().suppressed_before = 3;
    reports.push_back(box);
    testing::ReportBuilder host;
    host.trigger("web", 7).host(1'000'000, 0).swap(0, 1'000).counter_of("free", percent * 10'000);
    host.counter_of("inactive_anon", 1'000).counter_of("shmem", percent * 10'000);
    host.zone("Normal", percent * 40'000, 10'000, 4'000'000).kill(7, "web", 400);
    host.raw().missing = {Part::task_table};
    host.raw().complete = false;
    reports.push_back(host);
  }
  std::vector<Finding> findings;
  for (const testing::ReportBuilder& report : reports) {
    for (Finding& finding : testing::explained(report).findings) {
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

TEST(CatalogueTest, SeveritiesAreThoseOfTheDocument) {
  const auto entries = entries_of(documentation());
  std::set<FindingId> seen;
  for (const Finding& finding : samples()) {
    seen.insert(finding.id);
    const std::string name(name_of(finding.id));
    EXPECT_TRUE(documented(entries.at(name).parts.at("Severity"), finding.severity))
        << name << " was " << name_of(finding.severity);
  }
  EXPECT_GE(seen.size(), 18U) << "the reports above should give most kinds of findings";
}

TEST(CatalogueTest, FindingsStandMostSevereFirst) {
  testing::ReportBuilder report;
  report.group(102'400, 102'400).stat("anon", 1).stat("sock", 60'000'000).kill(7, "web", 400);
  const Explanation e = testing::explained(report);
  EXPECT_TRUE(
      std::is_sorted(e.findings.begin(), e.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; }));
}

}  // namespace
}  // namespace oomkit
