#include "render/report_view.h"

#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "kernel/cgroup_identity.h"
#include "render/quantity.h"

namespace oomkit {
namespace {

// Shown by another part of the page in full: saying it twice makes it harder to read.
bool is_said_elsewhere(const Explanation& explanation, FindingId id) {
  switch (id) {
    case FindingId::memory_sums:
      return explanation.ledger.has_value();
    case FindingId::memcg_limit:  // In the verdict, and the rest of it among the facts.
    case FindingId::host_exhausted:
    case FindingId::why_this_victim:
    case FindingId::truncated_report:
      return true;
    default:
      return false;
  }
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

std::string_view words_of(Part part) {
  constexpr std::array<std::string_view, 8> kWords = {
      "who asked",          "the call trace",          "the memory of the host",
      "the cgroup's usage", "the cgroup's statistics", "the task table",
      "the constraint",     "the kill itself"};
  return kWords[static_cast<std::size_t>(part)];
}

std::string counted(std::uint64_t count, const char* one, const char* many) {
  return grouped_text(count) + " " + (count == 1 ? one : many);
}

const Finding* find(const Explanation& explanation, FindingId id) {
  const auto found = std::find_if(explanation.findings.begin(), explanation.findings.end(),
                                  [id](const Finding& finding) { return finding.id == id; });
  return found == explanation.findings.end() ? nullptr : &*found;
}

std::string owner_fact(const Explanation& explanation, const std::string& path) {
  std::string text = explanation.limit_owner ? owner_text(*explanation.limit_owner, path) : path;
  if (explanation.pod_name) text += ", " + *explanation.pod_name;
  return text;
}

void add_memcg_facts(std::vector<ReportFact>& facts, const Explanation& explanation) {
  const auto& memcg = explanation.report.at.memcg;
  if (!memcg) return;
  if (memcg->oom_path) {
    facts.push_back({"Whose limit", owner_fact(explanation, *memcg->oom_path)});
    if (memcg->task_path && memcg->task_path != memcg->oom_path && explanation.victim_owner) {
      facts.push_back({"Who was in it", owner_text(*explanation.victim_owner, *memcg->task_path)});
    }
  }
}

// One victim stands in the verdict; several, and what is left of them, need a list.
void add_victim_fact(std::vector<ReportFact>& facts, const OomReport& report) {
  if (report.victims.size() < 2) return;
  constexpr std::size_t kNamedMax = 12;
  std::vector<std::string> names;
  for (const Victim& victim : report.victims) {
    if (names.size() == kNamedMax) break;
    names.push_back(victim_text(victim));
  }
  if (report.victims.size() > kNamedMax)
    names.push_back(grouped_text(report.victims.size() - kNamedMax) + " more");
  facts.push_back({"Who died", joined(names)});
}

std::vector<std::string> circumstances_of(const OomReport& report) {
  std::vector<std::string> known;
  if (report.at.time) known.push_back(wall_time_text(*report.at.time));
  if (!report.at.time && report.at.uptime) {
    known.push_back(duration_text(static_cast<double>(report.at.uptime->count()) / 1e9) +
                    " after boot");
  }
  if (report.at.host) known.push_back("host " + *report.at.host);
  if (report.at.memcg && report.at.memcg->version)
    known.push_back("cgroup v" + std::to_string(*report.at.memcg->version));
  if (report.at.kernel_release) known.push_back("kernel " + *report.at.kernel_release);
  return known;
}

std::vector<NameLine> name_lines(const Explanation& explanation) {
  constexpr std::size_t kNamesMax = 6;
  std::vector<NameLine> lines;
  for (const NameSum& sum : explanation.by_name) {
    if (lines.size() == kNamesMax) break;
    lines.push_back({sum.comm, sum.count, size_text(sum.rss),
                     sum.swap.count() == 0 ? "" : size_text(sum.swap)});
  }
  // Of the shown names each may have one process: that the task table has told.
  const bool together =
      std::any_of(lines.begin(), lines.end(), [](const NameLine& line) { return line.count > 1; });
  return together ? lines : std::vector<NameLine>();
}

std::string names_footnote(const OomReport& report) {
  const bool private_only = std::any_of(report.at.tasks.begin(), report.at.tasks.end(),
                                        [](const Task& task) { return task.rss_anon.has_value(); });
  if (!private_only) return "Memory that processes share is in the sum of each of them.";
  return "Anonymous memory only: shared memory (shmem) and file pages are left out, for every "
         "process that maps them would count them again.";
}

}  // namespace

std::string victim_text(const Victim& victim) {
  std::string text = victim.comm ? *victim.comm : "a process whose name is not in the log";
  if (victim.pid) text += " (pid " + std::to_string(*victim.pid) + ")";
  return text;
}

std::vector<ReportFact> make_facts(const Explanation& explanation) {
  std::vector<ReportFact> facts;
  const OomReport& report = explanation.report;
  const auto add_detail = [&](const char* label, FindingId id) {
    const Finding* const found = find(explanation, id);
    if (found != nullptr && !found->detail.empty()) facts.push_back({label, found->detail});
  };
  add_detail("The limit", FindingId::memcg_limit);
  add_detail("The host", FindingId::host_exhausted);
  add_memcg_facts(facts, explanation);
  add_victim_fact(facts, report);
  if (!explanation.who_asked.empty()) facts.push_back({"Who asked", explanation.who_asked});
  if (report.killer != Killer::kernel && report.killer_reason)
    facts.push_back({"In its words", *report.killer_reason});
  if (const Finding* why = find(explanation, FindingId::why_this_victim)) {
    std::string label = "Why this one";
    if (!report.victims.empty() && report.victims.front().comm)
      label = "Why " + *report.victims.front().comm;
    facts.push_back({label, why->detail.empty() ? why->title : why->detail});
  }
  return facts;
}

std::string state_text(const OomReport& report) {
  if (report.complete) return "complete";
  std::vector<std::string> parts;
  if (report.begins_cut) parts.emplace_back("the log begins inside the report");
  if (report.ends_cut) parts.emplace_back("it ends before the verdict");
  std::vector<std::string> lacking;
  for (const Part part : report.missing)
    lacking.emplace_back(words_of(part));
  if (!lacking.empty()) parts.push_back("the log lacks " + joined(lacking));
  if (report.elided) parts.emplace_back("somebody took lines out");
  if (report.lines_lost != 0)
    parts.push_back(counted(report.lines_lost, "line was lost", "lines were lost"));
  if (report.damaged_lines != 0)
    parts.push_back(counted(report.damaged_lines, "line is damaged", "lines are damaged"));
  if (report.tasks_dropped != 0)
    parts.push_back(counted(report.tasks_dropped, "task row was", "task rows were") +
                    " beyond what is kept");
  std::string text = "incomplete";
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? ": " : "; ") + parts[i];
  return text;
}

std::string evidence_text(const Explanation& explanation) {
  constexpr std::size_t kRangesMax = 12;
  std::vector<std::uint64_t> lines;
  for (const Finding& finding : explanation.findings)
    lines.insert(lines.end(), finding.lines.begin(), finding.lines.end());
  for (const Victim& victim : explanation.report.victims) {
    lines.push_back(victim.line);
    lines.push_back(victim.reap_line);
  }
  if (explanation.report.trigger) lines.push_back(explanation.report.trigger->line);
  if (explanation.report.selection) lines.push_back(explanation.report.selection->line);
  const std::string ranges = line_ranges_text(std::move(lines), kRangesMax);
  if (ranges.empty()) return "";
  const bool several = ranges.find_first_of(",-") != std::string::npos;
  std::string text = (several ? "lines " : "line ") + ranges;
  if (!explanation.report.input.empty()) text += " of " + explanation.report.input;
  return text;
}

ReportView make_report_view(const Explanation& explanation) {
  const OomReport& report = explanation.report;
  ReportView view;
  view.verdict = explanation.verdict;
  view.headline = explanation.headline;
  view.circumstances = circumstances_of(report);
  view.ledger = make_ledger_view(explanation);
  view.facts = make_facts(explanation);
  view.tasks = make_task_view(explanation);
  view.names = name_lines(explanation);
  if (!view.names.empty()) view.names_footnote = names_footnote(explanation.report);
  view.zones = make_zone_lines(explanation);
  if (!view.zones.empty()) {
    view.zones_footnote =
        "A zone serves a request only while free, less what is set apart, stays above min plus "
        "reserve. Free is what was left after reclaim had failed.";
  }
  for (const Finding& finding : explanation.findings) {
    if (!is_said_elsewhere(explanation, finding.id)) view.findings.push_back(&finding);
    for (const std::string& advice : finding.advice)
      add_once(view.advice, advice);
  }
  view.evidence = evidence_text(explanation);
  view.state = state_text(report);
  view.complete = report.complete;
  return view;
}

}  // namespace oomkit
