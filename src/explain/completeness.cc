// What the log does not say, and what therefore cannot be said here.
#include <algorithm>
#include <array>

#include "explain/catalogue.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
namespace {

struct PartWords {
  Part part;
  std::string_view name;
  std::string_view unknown;  // What cannot be known without it.
};
constexpr std::array<PartWords, 8> kParts = {{
    {Part::trigger, "the line of who asked", "who asked and for what kind of memory"},
    {Part::stack, "the stack", "what the asking thread was doing"},
    {Part::memory, "the host's memory", "where the RAM was and which zone was short"},
    {Part::memcg_usage, "usage and limit of the group", "how high the limit was"},
    {Part::memcg_stats, "the statistics of the group", "what filled it"},
    {Part::task_table, "the table of tasks", "who else was there and who held most"},
    {Part::constraint, "the constraint", "for certain whose memory ran out"},
    {Part::kill_line, "the kill line", "who died"},
}};

const PartWords& words_of(Part part) {
  return kParts[static_cast<std::size_t>(part)];
}

std::string_view unknown_without(Part part, const Context& context) {
  if (part != Part::kill_line || !context.victim) return words_of(part).unknown;
  return context.victim_row ? "how large the victim was when it died" : "how large the victim was";
}

// Without these the question that people come with has no answer.
bool grave(const Context& context) {
  const auto lacks = [&](Part part) {
    const auto& missing = context.report.missing;
    return std::find(missing.begin(), missing.end(), part) != missing.end();
  };
  if (lacks(Part::task_table) || lacks(Part::memory)) return true;
  if (lacks(Part::memcg_usage) && lacks(Part::memcg_stats)) return true;
  return lacks(Part::kill_line) && !context.victim;
}

void add_damage(std::vector<std::string>& damage, const OomReport& report) {
  if (report.begins_cut) damage.emplace_back("the log begins inside it");
  if (report.ends_cut) damage.emplace_back("it breaks off before its end");
  if (report.elided) damage.emplace_back("somebody took lines out");
  const auto count = [&](std::uint64_t number, std::string_view noun, std::string_view what) {
    if (number == 0) return;
    const auto shown = static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
    damage.push_back(text_of({count_text(shown, noun), what}));
  };
  count(report.lines_lost, "line", " of it got lost when it was logged");
  count(report.damaged_lines, "line", " of it cannot be read in full");
  count(report.tasks_dropped, "task", " more than are kept were listed");
}

}  // namespace

std::optional<Finding> find_truncated_report(const Context& context) {
  const OomReport& report = context.report;
  if (report.complete || report.killer != Killer::kernel) return std::nullopt;
  std::vector<std::string> damage;
  add_damage(damage, report);
  if (report.missing.empty() && damage.empty()) return std::nullopt;
  std::vector<std::string> parts;
  std::string unknown;
  for (const Part part : report.missing) {
    parts.emplace_back(words_of(part).name);
    unknown += text_of({unknown.empty() ? "" : "; ", unknown_without(part, context)});
  }
  std::string title = "The report is not complete";
  if (!parts.empty()) title += text_of({": it lacks ", list_text(parts)});
  const bool is_grave = grave(context);
  auto finding = say(FindingId::truncated_report, is_grave ? Severity::warning : Severity::notice,
                     std::move(title), "");
  if (!damage.empty()) finding.detail = text_of({"Damage: ", list_text(damage), ". "});
  if (!unknown.empty()) {
    finding.detail += text_of({"Not known therefore: ", unknown, "."});
  }
  finding.numbers = {count_number("missing_parts", static_cast<std::int64_t>(parts.size()))};
  finding.lines = evidence({report.first_line, report.last_line});
  if (is_grave) {
    finding.advice = {
        "look for the whole report: dmesg -T or journalctl -k around that time; logs "
        "that keep only warnings lose the table (its level is info)"};
  }
  return finding;
}

std::optional<Finding> find_reports_suppressed(const Context& context) {
  const std::uint64_t count = context.report.suppressed_before;
  if (count == 0) return std::nullopt;
  const auto shown = static_cast<std::int64_t>(std::min<std::uint64_t>(count, INT64_MAX));
  auto finding = say(
      FindingId::reports_suppressed, Severity::notice,
      text_of({"The kernel left out ", count_text(shown, "message"), " just before this report"}),
      "It prints at most 10 reports in 5 seconds: there were more kills than reports, "
      "and counters such as oom_kill in memory.events or /proc/vmstat are higher than "
      "what can be counted in a log.");
  finding.numbers = {count_number("suppressed", shown)};
  finding.lines = evidence({context.report.first_line});
  return finding;
}

}  // namespace oomkit
