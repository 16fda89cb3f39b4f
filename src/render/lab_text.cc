#include "render/lab_text.h"

#include <algorithm>
#include <utility>

#include "render/escape.h"
#include "render/quantity.h"
#include "render/run_text.h"
#include "render/text_table.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

constexpr std::size_t kTimeColumns = 9;
constexpr std::size_t kKindColumns = 9;
constexpr std::size_t kMomentIndent = 2 + kTimeColumns + 2 + kKindColumns + 2;

// What a person calls a kind of event.
std::string_view kind_text(std::string_view kind) {
  struct Word {
    std::string_view kind;
    std::string_view text;
  };
  static constexpr Word kWords[] = {{"oom_kill", "KILL"}, {"panic", "PANIC"}, {"notified", "told"}};
  for (const Word& word : kWords) {
    if (word.kind == kind) return word.text;
  }
  return kind;
}

Role role_of(const StoryMoment& moment) {
  if (moment.kind == "oom_kill" || moment.kind == "panic") return Role::critical;
  if (moment.refused || moment.kind == "refused") return Role::warning;
  if (moment.kind == "mark" || moment.kind == "start") return Role::aside;
  return Role::plain;
}

std::string seconds_of(std::int64_t ms) {
  std::string text = std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 10 + 100);
  text.erase(text.find('.') + 1, 1);
  return text + " s";
}

void append_setting(TextScreen screen, const std::vector<StoryValue>& setting) {
  std::size_t width = 0;
  for (const StoryValue& value : setting)
    width = std::max(width, display_width(visible(value.name)));
  for (const StoryValue& value : setting) {
    std::string line = "  ";
    append_left(line, visible(value.name), width + 2);
    screen.out += line;
    append_wrapped(screen.out, visible(value.text), screen.columns, width + 4, width + 4);
  }
}

void append_say(TextScreen screen, const std::string& say) {
  if (say.empty()) return;
  std::string text;
  append_paragraph(text, visible(say), std::min<std::size_t>(screen.columns, 100),
                   2 + kTimeColumns + 2);
  screen.paint.append(screen.out, Role::strong, text);
}

void append_values(TextScreen screen, const std::vector<StoryValue>& values) {
  for (const StoryValue& value : values) {
    append_spaces(screen.out, kMomentIndent + 2);
    screen.out += visible(value.name) + "  " + visible(value.text) + "\n";
  }
}

void append_moment(TextScreen screen, const StoryMoment& moment) {
  std::string line = "  ";
  if (moment.kind != "begin" && moment.kind != "end") {
    append_right(line, seconds_of(moment.t_ms), kTimeColumns);
    line += "  ";
    append_left(line, kind_text(moment.kind), kKindColumns);
    line += "  " + visible(moment.what);
    if (moment.times > 1) line += " ×" + std::to_string(moment.times);
    const bool single = moment.values.size() == 1 && moment.values.front().name.empty();
    if (single) {
      line += moment.kind == "write" ? " = " : ": ";
      line += visible(moment.values.front().text);
    }
    screen.paint.append(screen.out, role_of(moment), shortened(line, screen.columns));
    screen.out += '\n';
    if (!single) append_values(screen, moment.values);
  }
  append_say(screen, moment.say);
}

void append_outcome(TextScreen screen, const LabStory& story) {
  const RunRecord& record = story.record;
  append_heading(screen, "Outcome");
  const auto line = [&](const char* label, const std::string& text) {
    std::string row = "  ";
    append_left(row, label, 10);
    screen.out += row;
    append_wrapped(screen.out, text, screen.columns, 12, 12);
  };
  line("killed", lab_names_text(record.victims));
  line("lived", lab_names_text(record.survivors));
  if (record.ended == "panic") line("ended", "by a panic of the kernel");
  if (record.ended == "limit") line("ended", "hanging, at its limit");
  if (record.ended == "vm_died") line("ended", "with the machine");
  for (const StoryValue& value : story.values) {
    std::string row = "  ";
    append_left(row, visible(value.name), 24);
    screen.out += row + visible(value.text) + "\n";
  }
}

void append_verdict(TextScreen screen, const LabStory& story) {
  append_heading(screen, "Expected");
  const auto failed = std::count_if(story.checks.begin(), story.checks.end(),
                                    [](const StoryCheck& check) { return !check.holds; });
  const bool all = failed == 0 && (!story.record.expect || story.record.expect->holds);
  screen.out += "  ";
  if (all) {
    screen.out += "all of it holds: who died and who lived, and " +
                  std::to_string(story.checks.size()) + " checks of the kernel's rules\n";
  } else {
    screen.paint.append(screen.out, Role::critical, "not all of it holds");
    screen.out += '\n';
  }
  if (story.record.expect) {
    for (const std::string& difference : story.record.expect->differences) {
      screen.paint.begin(screen.out, Role::critical);
      append_paragraph(screen.out, visible(difference), screen.columns, 2);
      screen.paint.end(screen.out, Role::critical);
    }
  }
  std::size_t width = 0;
  for (const StoryCheck& check : story.checks)
    width = std::max(width, display_width(visible(check.text)));
  width = std::min<std::size_t>(width, 64);
  for (const StoryCheck& check : story.checks) {
    std::string line = check.holds ? "  ok   " : "  NO   ";
    append_left(line, visible(check.text), width);
    line += "  " + visible(check.found);
    screen.paint.append(screen.out, check.holds ? Role::aside : Role::critical,
                        shortened(line, screen.columns));
    screen.out += '\n';
  }
  for (const std::string& warning : story.record.warnings) {
    screen.paint.begin(screen.out, Role::warning);
    append_paragraph(screen.out, "doubtful: " + visible(warning), screen.columns, 2);
    screen.paint.end(screen.out, Role::warning);
  }
}

// Of each report what it says in one paragraph, and the findings that matter.
void append_explained(TextScreen screen, const std::vector<Explanation>& explained) {
  constexpr std::size_t kReportsMax = 6;
  if (explained.empty()) return;
  append_heading(screen, "The kernel's log, explained");
  for (std::size_t i = 0; i < std::min(explained.size(), kReportsMax); ++i) {
    append_paragraph(screen.out, visible(explained[i].verdict), screen.columns, 2);
    for (const Finding& finding : explained[i].findings) {
      if (finding.severity == Severity::info) continue;
      std::string line = "  - " + visible(finding.title);
      screen.out += shortened(line, screen.columns) + "\n";
    }
  }
  if (explained.size() > kReportsMax) {
    screen.out += "  and " + std::to_string(explained.size() - kReportsMax) +
                  " reports more of the same kind\n";
  }
}

}  // namespace

std::string lab_names_text(const std::vector<std::string>& names) {
  if (names.empty()) return "–";
  std::string text;
  for (std::size_t i = 0; i < names.size();) {
    std::size_t end = i;
    while (end < names.size() && names[end] == names[i])
      ++end;
    text += (text.empty() ? "" : ", ") + visible(names[i]);
    if (end - i > 1) text += " ×" + std::to_string(end - i);
    i = end;
  }
  return text;
}

void append_lab_list(TextScreen screen, const std::vector<LabEntry>& entries) {
  std::size_t width = 0;
  for (const LabEntry& entry : entries)
    width = std::max(width, entry.name.size());
  std::string_view topic;
  for (const LabEntry& entry : entries) {
    if (entry.topic != topic) append_heading(screen, entry.topic);
    topic = entry.topic;
    std::string line = "  ";
    append_left(line, entry.name, width + 2);
    line += entry.title;
    if (!entry.kernels.empty()) line += "  (" + entry.kernels + ")";
    if (entry.here) line += "  (also here)";
    screen.out += shortened(line, screen.columns) + "\n";
  }
}

void append_lab_story(TextScreen screen, const LabStory& story,
                      const std::vector<Explanation>& explained) {
  screen.paint.append(screen.out, Role::strong, visible(story.name) + ": " + visible(story.title));
  screen.out += "    " + visible(short_release(story.record.kernel.value_or("?"))) + "\n";
  append_paragraph(screen.out, visible(story.description), screen.columns, 0);
  screen.out += '\n';
  append_setting(screen, story.setting);
  append_heading(screen, "What happened");
  for (const StoryMoment& moment : story.moments)
    append_moment(screen, moment);
  append_outcome(screen, story);
  append_verdict(screen, story);
  append_explained(screen, explained);
}

bool holds(const LabRun& run) {
  return run.story && (!run.story->record.expect || run.story->record.expect->holds);
}

void append_lab_runs(TextScreen screen, const std::vector<LabRun>& runs) {
  TextTable table;
  table.add_column("EXPERIMENT", TextTable::Align::left);
  table.add_column("KERNEL", TextTable::Align::left);
  table.add_column("HOLDS", TextTable::Align::left);
  table.add_column("TOOK", TextTable::Align::right);
  table.add_column("KILLED", TextTable::Align::left);
  table.add_column("LIVED", TextTable::Align::left);
  std::size_t held = 0;
  for (const LabRun& run : runs) {
    const RunRecord* record = run.story ? &run.story->record : nullptr;
    if (holds(run)) ++held;
    const std::string took =
        record != nullptr && record->wall_ms ? seconds_of(*record->wall_ms) : "";
    const char* verdict = holds(run) ? "yes" : "NO";
    table.add_row({run.experiment, visible(run.kernel), run.story ? verdict : "no run", took,
                   record != nullptr ? lab_names_text(record->victims) : "",
                   record != nullptr ? lab_names_text(record->survivors) : ""},
                  holds(run) ? Role::plain : Role::critical);
  }
  table.append_to(screen.out, screen.paint, 0, screen.columns);
  for (const LabRun& run : runs) {
    std::vector<std::string> sentences;
    if (!run.problem.empty()) sentences.push_back(run.problem);
    if (run.story && !holds(run)) {
      const RunRecord& record = run.story->record;
      sentences = record.expect->differences;
      sentences.push_back("it ended " + run_end_text(record));
      sentences.insert(sentences.end(), record.warnings.begin(), record.warnings.end());
    }
    for (const std::string& sentence : sentences) {
      screen.paint.begin(screen.out, Role::critical);
      append_wrapped(screen.out,
                     run.experiment + " " + visible(run.kernel) + ": " + visible(sentence),
                     screen.columns, 2, 0);
      screen.paint.end(screen.out, Role::critical);
    }
  }
  screen.out += std::to_string(held) + " of " + std::to_string(runs.size()) + " runs hold\n";
}

std::int64_t refusals_of(const RunRecord& record) {
  return std::count_if(record.events.begin(), record.events.end(),
                       [](const RunEvent& event) { return event.kind == "refused"; });
}

std::string stall_text(const RunRecord& record) {
  if (!record.host.psi) return "–";
  return seconds_of(record.host.psi->full_us / 1000);
}

void append_lab_strategies(TextScreen screen, const std::vector<LabRun>& runs) {
  TextTable table;
  table.add_column("STRATEGY", TextTable::Align::left);
  table.add_column("KERNEL", TextTable::Align::left);
  table.add_column("KILLED", TextTable::Align::left);
  table.add_column("LIVED", TextTable::Align::left);
  table.add_column("REFUSED", TextTable::Align::right);
  table.add_column("STOOD STILL", TextTable::Align::right);
  for (const LabRun& run : runs) {
    if (!run.story) continue;
    const RunRecord& record = run.story->record;
    const std::string title =
        run.title.substr(run.title.find(": ") == std::string::npos ? 0 : run.title.find(": ") + 2);
    table.add_row({title, visible(run.kernel), lab_names_text(record.victims),
                   lab_names_text(record.survivors), std::to_string(refusals_of(record)),
                   stall_text(record)});
  }
  table.append_to(screen.out, screen.paint, 0, screen.columns);
  append_paragraph(screen.out,
                   "refused: requests for memory that failed with ENOMEM. stood still: all "
                   "processes waited for memory at once (/proc/pressure/memory, full).",
                   screen.columns, 0);
}

}  // namespace oomkit
