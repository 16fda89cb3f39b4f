#include "render/sweep_text.h"

#include <algorithm>

#include "render/escape.h"
#include "render/quantity.h"
#include "render/text_table.h"

namespace oomkit {
namespace {

constexpr std::size_t kOutcomesShown = 5;  // In columns; the rest is one.

std::string share_text(std::int64_t part, std::int64_t whole) {
  const std::int64_t tenths = whole == 0 ? 0 : (part * 1000 + whole / 2) / whole;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

std::string first_kill_text(const SweepCount& count) {
  if (!count.median_ms) return "";
  return duration_text(static_cast<double>(*count.median_ms) / 1000.0);
}

Role role_of(const std::string& outcome) {
  if (outcome == "nobody") return Role::plain;
  return outcome == "refused" ? Role::warning : Role::critical;
}

void append_counts(TextScreen screen, const char* title, const std::vector<SweepCount>& counts,
                   std::int64_t all) {
  TextTable table;
  table.add_column(title, TextTable::Align::left);
  table.add_column("runs", TextTable::Align::right);
  table.add_column("share", TextTable::Align::right);
  table.add_column("first kill, median", TextTable::Align::right);
  for (const SweepCount& count : counts)
    table.add_row({visible(count.name), std::to_string(count.runs), share_text(count.runs, all),
                   first_kill_text(count)},
                  role_of(count.name));
  table.append_to(screen.out, screen.paint, 0, screen.columns);
  screen.out += '\n';
}

std::string range_text(const SweepBin& bin) {
  return visible(bin.from == bin.to ? bin.from : bin.from + " – " + bin.to);
}

void append_field(TextScreen screen, const SweepReport& report, const SweepByField& field) {
  const std::size_t shown = std::min(report.outcomes.size(), kOutcomesShown);
  std::vector<std::string> titles = {visible(field.field)};
  for (std::size_t i = 0; i < shown; ++i)
    titles.push_back(visible(report.outcomes[i].name));
  TextTable table;
  table.add_column(titles.front(), TextTable::Align::left);
  table.add_column("runs", TextTable::Align::right);
  for (std::size_t i = 0; i < shown; ++i)
    table.add_column(titles[i + 1], TextTable::Align::right);
  if (shown < report.outcomes.size()) table.add_column("other", TextTable::Align::right);
  for (const SweepBin& bin : field.bins) {
    std::vector<std::string> cells = {range_text(bin), std::to_string(bin.runs)};
    std::int64_t rest = bin.runs;
    for (std::size_t i = 0; i < shown; ++i) {
      cells.push_back(std::to_string(bin.outcomes[i]));
      rest -= bin.outcomes[i];
    }
    if (shown < report.outcomes.size()) cells.push_back(std::to_string(rest));
    table.add_row(std::move(cells));
  }
  table.append_to(screen.out, screen.paint, 0, screen.columns);
  for (const SweepTip& tip : field.tips) {
    screen.paint.append(screen.out, Role::strong, "tips");
    screen.out += " from " + visible(tip.before) + " to " + visible(tip.after) + " between " +
                  visible(tip.below) + " and " + visible(tip.above) + ", true of " +
                  share_text(tip.as_said, tip.runs) + " of the runs around it\n";
  }
  screen.out += '\n';
}

}  // namespace

void append_sweep(TextScreen screen, const SweepReport& report) {
  const auto all = static_cast<std::int64_t>(report.runs.size());
  screen.paint.append(screen.out, Role::strong, visible(report.scenario));
  screen.out += ", " + grouped_text(report.runs.size()) + " runs in the model, seed " +
                std::to_string(report.seed) + "\n\n";
  append_counts(screen, "what happened", report.outcomes, all);
  if (!report.deaths.empty()) append_counts(screen, "who died", report.deaths, all);
  for (const SweepByField& field : report.by_field)
    append_field(screen, report, field);
  for (const SweepRun& run : report.runs) {
    if (run.problem.empty()) continue;
    screen.out +=
        "refused, run " + std::to_string(run.index) + " for one: " + visible(run.problem) + "\n";
    break;
  }
}

}  // namespace oomkit
