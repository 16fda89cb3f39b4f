#include "render/run_text.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kKillsShown = 12;
constexpr std::size_t kNamesMax = 60;  // Columns that a list of names may take.

std::string seconds_text(std::int64_t ms) {
  return duration_text(static_cast<double>(ms) / 1000.0);
}

std::vector<const RunEvent*> kills_of(const RunRecord& record) {
  std::vector<const RunEvent*> kills;
  for (const RunEvent& event : record.events) {
    if (event.kind == "oom_kill" || event.kind == "guard_kill") kills.push_back(&event);
  }
  return kills;
}

std::string who(const RunEvent& event) {
  std::string text = visible(event.comm.value_or("?"));
  if (event.instance.value_or(1) > 1) text += "." + std::to_string(*event.instance);
  return text;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

// "CONSTRAINT_MEMCG /box", as the kernel says it.
std::string circumstances(const RunEvent& kill) {
  if (kill.kind == "guard_kill") return "guard: " + visible(kill.by.value_or("?"));
  std::string text;
  if (kill.constraint && *kill.constraint != "unknown")
    text = "CONSTRAINT_" + upper(visible(*kill.constraint));
  if (kill.cgroup) text += (text.empty() ? "" : " ") + visible(*kill.cgroup);
  if (kill.group) text += ", with its group";
  if (kill.by == "sysrq") text += (text.empty() ? "" : ", ") + std::string("by sysrq");
  return text;
}

std::string run_names_text(const std::vector<std::string>& names) {
  if (names.empty()) return "–";
  // Many processes of one name are counted.
  std::string text;
  for (std::size_t i = 0; i < names.size();) {
    std::size_t end = i;
    while (end < names.size() && names[end] == names[i])
      ++end;
    if (!text.empty()) text += ", ";
    text += visible(names[i]);
    if (end - i > 1) text += " ×" + std::to_string(end - i);
    i = end;
  }
  return shortened(text, kNamesMax);
}

struct RunRow {
  std::string label;
  std::vector<std::string> cells;  // One a run.
  std::string note;
  Role role = Role::plain;
};

class Table {
 public:
  explicit Table(const std::vector<RunColumn>& columns) : columns_(columns) {}

  void add(const std::string& label, const std::function<std::string(const RunColumn&)>& cell,
           Role role = Role::plain) {
    RunRow row{visible(label), {}, "", role};
    for (const RunColumn& column : columns_)
      row.cells.push_back(cell(column));
    rows_.push_back(std::move(row));
  }
  void note(std::string text) { rows_.back().note = std::move(text); }

  // Columns as wide as what is in them; the note gets what is left of the line.
  void append_to(TextScreen screen) const {
    std::size_t label = 0;
    std::vector<std::size_t> widths(columns_.size());
    for (const RunRow& row : rows_) {
      label = std::max(label, display_width(row.label));
      for (std::size_t i = 0; i < widths.size(); ++i)
        widths[i] = std::max(widths[i], display_width(row.cells[i]));
    }
    for (const RunRow& row : rows_) {
      std::string line;
      append_left(line, row.label, label);
      for (std::size_t i = 0; i < widths.size(); ++i) {
        append_spaces(line, kGap);
        append_left(line, row.cells[i], widths[i]);
      }
      append_spaces(line, kGap);
      const std::size_t used = display_width(line);
      const std::size_t room = screen.columns > used ? screen.columns - used : 0;
      line += shortened(row.note, room);
      while (line.ends_with(' '))
        line.pop_back();
      screen.paint.append(screen.out, row.role, line);
      screen.out += '\n';
    }
  }

 private:
  const std::vector<RunColumn>& columns_;
  std::vector<RunRow> rows_;
};

// The kills, one a row: the first of each run side by side, then the second ...
void add_kills(Table& table, const std::vector<RunColumn>& columns) {
  std::vector<std::vector<const RunEvent*>> kills;
  std::size_t most = 0;
  for (const RunColumn& column : columns) {
    kills.push_back(column.record != nullptr ? kills_of(*column.record)
                                             : std::vector<const RunEvent*>());
    most = std::max(most, kills.back().size());
  }
  for (std::size_t i = 0; i < std::max<std::size_t>(1, std::min(most, kKillsShown)); ++i) {
    std::size_t at = 0;
    std::string note;
    table.add(i == 0 ? "killed" : "", [&](const RunColumn& column) -> std::string {
      const auto& mine = kills[at++];
      if (column.record == nullptr) return "";
      if (i >= mine.size()) return i == 0 ? "nobody" : "";
      const std::string here = circumstances(*mine[i]);
      if (!here.empty() && note.find(here) == std::string::npos)
        note += (note.empty() ? "" : " / ") + here;
      return who(*mine[i]) + " " + seconds_text(mine[i]->t_ms);
    });
    table.note(note);
  }
  if (most <= kKillsShown) return;
  std::size_t at = 0;
  table.add("", [&](const RunColumn&) {
    const std::size_t count = kills[at++].size();
    return count > kKillsShown ? "and " + std::to_string(count - kKillsShown) + " more" : "";
  });
}

std::string expectation_text(const RunColumn& column) {
  if (column.record == nullptr) return "no run";
  if (!column.record->expect) return "";
  return column.record->expect->holds ? "yes" : "no";
}

// Below the table: sentences that are too long for a column.
void append_remarks(TextScreen screen, const std::vector<RunColumn>& columns) {
  const auto say = [&](const RunColumn& column, Role role, const std::string& sentence) {
    screen.paint.begin(screen.out, role);
    const std::string text = visible(column.kernel) + ": " + visible(sentence);
    append_wrapped(screen.out, text, screen.columns, 2, 0);
    screen.paint.end(screen.out, role);
  };
  for (const RunColumn& column : columns) {
    if (!column.problem.empty()) say(column, Role::critical, column.problem);
    if (column.record == nullptr) continue;
    if (column.record->expect) {
      for (const std::string& difference : column.record->expect->differences)
        say(column, Role::critical, difference);
    }
    for (const std::string& warning : column.record->warnings)
      say(column, Role::warning, warning);
  }
}

}  // namespace

std::string run_end_text(const RunRecord& record) {
  const std::string after = "after " + seconds_text(record.duration_ms);
  if (record.ended == "condition") return after + ", as wanted";
  if (record.ended == "time") return after + ", its time over";
  if (record.ended == "panic") return after + ", by a panic";
  if (record.ended == "limit") return after + ", hanging";
  if (record.ended == "vm_died") return after + ", the machine died";
  return after;
}

std::string short_release(std::string_view release) {
  // Up to the part of the flavour: the first that begins with a letter.
  for (std::size_t at = release.find('-'); at != std::string_view::npos;
       at = release.find('-', at + 1)) {
    const char next = at + 1 < release.size() ? release[at + 1] : '\0';
    if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z'))
      return std::string(release.substr(0, at));
  }
  return std::string(release);
}

void append_run_table(TextScreen screen, const std::string& scenario_file,
                      const std::vector<RunColumn>& columns) {
  Table table(columns);
  table.add(
      scenario_file,
      [](const RunColumn& column) {
        return visible(column.record != nullptr && column.record->kernel
                           ? short_release(*column.record->kernel)
                           : column.kernel);
      },
      Role::strong);
  table.add("booted", [](const RunColumn& column) {
    if (column.record == nullptr) return std::string();
    if (column.record->world == "model") return std::string("a model");
    return column.boot_ms ? seconds_text(*column.boot_ms) : std::string("never");
  });
  add_kills(table, columns);
  table.add("survived", [](const RunColumn& column) {
    return column.record != nullptr ? run_names_text(column.record->survivors) : std::string();
  });
  table.add("ended", [](const RunColumn& column) {
    return column.record != nullptr ? run_end_text(*column.record) : std::string();
  });
  if (std::any_of(columns.begin(), columns.end(),
                  [](const RunColumn& it) { return !expectation_text(it).empty(); })) {
    table.add("as expected", expectation_text);
  }
  table.append_to(screen);
  append_remarks(screen, columns);
}

}  // namespace oomkit
