// What a page for people shows of one report, decided once for all formats.
//
// The terminal, Markdown and HTML differ in how they draw, not in what they say: which
// rows, which order, which words. That is settled here, as plain values; the texts hold
// whatever the log held and are escaped by whoever writes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "explain/explanation.h"

namespace oomkit {

// "Where the 200.0 MiB went": rows that add up to the last one.
struct LedgerLine {
  enum class Kind { part, unaccounted, whole };
  Kind kind = Kind::part;
  std::string key;  // The kernel's word: what a drawing colours by.
  std::string label;
  Bytes amount;
  double share = 0;  // Of the limit where there is one, else of the whole.
  bool in_no_process = false;
  std::string note;
};
struct LedgerView {
  std::string title;
  Bytes whole;
  std::optional<Bytes> limit;
  std::vector<LedgerLine> lines;
  bool some_in_no_process = false;
};

// The tasks worth a row: the first of the ranking, the victims, the protected ones.
struct TaskLine {
  enum class Standing { plain, victim, exempt };
  Standing standing = Standing::plain;
  std::optional<std::size_t> rank;
  const Task* task = nullptr;
  std::string rss, swap, pgtables;  // "" for unknown.
  std::string adj, points, score;
  // What the points are made of, each as a share of the longest bar in the table; `counted`
  // is what is left of them when oom_score_adj takes away.
  double rss_share = 0, swap_share = 0, pgtables_share = 0, adj_share = 0, counted = 0;
  std::string note;  // "killed"
};
struct TaskView {
  std::string title;
  bool ranked = false;
  bool has_swap = false, has_pgtables = false, has_points = false, has_score = false;
  bool has_adj_share = false, has_taken_off = false;
  std::vector<TaskLine> lines;
  std::size_t listed = 0;  // Rows in the log.
  std::string footnote;    // "97 more tasks", what the points are.
};

struct NameLine {
  std::string comm;
  std::size_t count = 0;
  std::string rss, swap;
};

struct ZoneLine {
  std::string zone;  // "node 0 Normal"
  std::string free, min, reserve, unusable;
  std::string verdict;
  bool failed = false;  // The test that this request needed did not hold.
};

struct ReportFact {
  std::string label;  // "Whose limit"
  std::string text;
};

struct ReportView {
  std::string verdict;
  std::string headline;
  std::vector<std::string> circumstances;  // Time, host, kernel: what is known of them.
  std::optional<LedgerView> ledger;
  std::vector<ReportFact> facts;
  TaskView tasks;
  std::vector<NameLine> names;
  std::string names_footnote;  // What the sums by name count, and what not.
  std::vector<ZoneLine> zones;
  std::string zones_footnote;
  std::vector<const Finding*> findings;  // Those that the rest does not say already.
  std::vector<std::string> advice;
  std::string evidence;  // "lines 1, 41-44 of kern.log"
  std::string state;     // "complete", or what is missing and damaged.
  bool complete = false;
};

// Views point into `explanation`, which must outlive the result.
ReportView make_report_view(const Explanation& explanation);

// Its parts, each in a file of its own.
std::optional<LedgerView> make_ledger_view(const Explanation& explanation);
TaskView make_task_view(const Explanation& explanation);
std::vector<ZoneLine> make_zone_lines(const Explanation& explanation);
std::vector<ReportFact> make_facts(const Explanation& explanation);
std::string state_text(const OomReport& report);
std::string evidence_text(const Explanation& explanation);

// "xray (pid 1586608)"; "a process whose name is not in the log" where nothing is known.
std::string victim_text(const Victim& victim);

}  // namespace oomkit
