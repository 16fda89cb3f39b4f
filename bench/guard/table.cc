// The results as people read them: a table for each workload and kernel, a row for each daemon.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <utility>

#include "result.h"

namespace oomkit::bench {
namespace {

// Text in a column: to the left where `width` is negative, as printf has it.
struct Cell {
  int width = 0;
  std::string text;
};

void add_line(std::string& out, const std::vector<Cell>& cells) {
  std::string line = "  ";
  for (const Cell& cell : cells) {
    const auto width = static_cast<std::size_t>(cell.width < 0 ? -cell.width : cell.width);
    const std::string padding(width > cell.text.size() ? width - cell.text.size() : 0, ' ');
    line += cell.width < 0 ? cell.text + padding : padding + cell.text;
    line += ' ';
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

std::string decimals(double value, int count) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, count)
                       .ptr;
  return {buffer.data(), end};
}

std::string seconds(std::int64_t ms) {
  return decimals(static_cast<double>(ms) / 1000, 2);
}

std::string mib(std::int64_t kib) {
  return decimals(static_cast<double>(kib) / 1024, 1);
}

std::string verdict_of(const TrialResult& result) {
  if (!result.over) return "hung";
  if (result.right()) return "right";
  return result.innocents_dead.empty() ? "nobody" : "WRONG";
}

// "db, hog x3".
std::string names_of(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string text;
  for (auto from = names.begin(); from != names.end();) {
    const auto to = std::upper_bound(from, names.end(), *from);
    text += (text.empty() ? "" : ", ") + *from;
    if (to - from > 1) text += " x" + std::to_string(to - from);
    from = to;
  }
  return text;
}

void add_row(std::string& out, const TrialResult& result) {
  const auto time = [](const std::optional<std::int64_t>& ms) {
    return ms ? seconds(*ms) : std::string("-");
  };
  const double watched = static_cast<double>(std::max<std::int64_t>(1, result.watched_us));
  add_line(out, {{-13, result.daemon},
                 {-6, verdict_of(result)},
                 {5, std::to_string(result.culprits_dead)},
                 {4, std::to_string(result.innocents_dead.size())},
                 {6, std::to_string(result.kernel_kills)},
                 {8, time(result.relief_ms)},
                 {8, seconds(result.longest_gap_ms)},
                 {8, seconds(result.stalled_ms)},
                 {6, decimals(static_cast<double>(result.cpu_us) * 1000 / watched, 1)},
                 {6, mib(result.resident_kib)},
                 {6, mib(result.locked_kib)},
                 {-1, result.over ? names_of(result.innocents_dead) : result.why}});
}

struct Sum {
  int runs = 0, right = 0, false_kills = 0;
  std::size_t innocents = 0;
  std::int64_t kernel_kills = 0, stalled_ms = 0;
};

void add_sums(std::string& out, const std::vector<TrialResult>& results) {
  std::map<std::string, Sum> sums;
  for (const TrialResult& result : results) {
    Sum& sum = sums[result.daemon];
    ++sum.runs;
    sum.right += result.right() ? 1 : 0;
    sum.innocents += result.innocents_dead.size();
    sum.false_kills += result.nobody_may_die && !result.innocents_dead.empty() ? 1 : 0;
    sum.kernel_kills += result.kernel_kills;
    sum.stalled_ms += result.stalled_ms;
  }
  out += "all workloads\n";
  add_line(out, {{-13, "daemon"},
                 {9, "right"},
                 {9, "innocents"},
                 {6, "false"},
                 {6, "kernel"},
                 {8, "frozen"}});
  add_line(out, {{-13, ""}, {9, "of runs"}, {9, "dead"}, {6, "kills"}, {6, "kills"}, {8, "s"}});
  for (const auto& [daemon, sum] : sums) {
    add_line(out, {{-13, daemon},
                   {9, std::to_string(sum.right) + "/" + std::to_string(sum.runs)},
                   {9, std::to_string(sum.innocents)},
                   {6, std::to_string(sum.false_kills)},
                   {6, std::to_string(sum.kernel_kills)},
                   {8, seconds(sum.stalled_ms)}});
  }
}

}  // namespace

std::string trial_tables(const std::vector<TrialResult>& results) {
  std::vector<std::pair<std::string, std::string>> places;
  for (const TrialResult& result : results) {
    const std::pair place(result.workload, result.kernel);
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  }
  std::string out;
  for (const auto& [workload, kernel] : places) {
    out += workload + ", kernel " + kernel + "\n";
    const auto head = [&](const std::array<const char*, 12>& names) {
      constexpr std::array kWidths = {-13, -6, 5, 4, 6, 8, 8, 8, 6, 6, 6, -1};
      std::vector<Cell> cells;
      for (std::size_t i = 0; i < names.size(); ++i)
        cells.push_back({kWidths.at(i), names.at(i)});
      add_line(out, cells);
    };
    head({"daemon", "", "culp.", "inn.", "kernel", "relief", "longest", "frozen", "CPU", "res.",
          "locked", ""});
    head({"", "", "dead", "dead", "kills", "s", "gap s", "s", "ms/s", "MiB", "MiB", "innocents"});
    for (const TrialResult& result : results) {
      if (result.workload == workload && result.kernel == kernel) add_row(out, result);
    }
    out += '\n';
  }
  add_sums(out, results);
  return out;
}

}  // namespace oomkit::bench
