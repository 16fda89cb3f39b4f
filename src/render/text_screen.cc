#include "render/text_screen.h"

#include <algorithm>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/text_table.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kFactColumn = 15;

void append_circumstances(TextScreen screen, const ReportView& view) {
  std::string known;
  for (const std::string& circumstance : view.circumstances)
    known += (known.empty() ? "" : ", ") + visible(circumstance);
  if (known.empty()) return;
  screen.paint.begin(screen.out, Role::aside);
  append_wrapped(screen.out, known, screen.columns, 0, 0);
  screen.paint.end(screen.out, Role::aside);
}

// The columns of the ledger: label, amount, bar, share, and a note where there is room.
struct LedgerLayout {
  static constexpr std::size_t kLabelMax = 34;
  static constexpr std::size_t kAmount = 10;  // "1023.9 MiB"
  static constexpr std::size_t kShare = 7;    // "100.0 %"
  static constexpr std::size_t kNoteMin = 28;
  static constexpr std::size_t kBarWithNotes = 32;

  LedgerLayout(const LedgerView& ledger, std::size_t columns) {
    for (const LedgerLine& line : ledger.lines)
      label = std::max(label, display_width(label_of(line)));
    const std::size_t fixed = kIndent + label + 2 + kAmount + 2 + 2 + kShare;
    bar = columns > fixed + 10 ? columns - fixed : 10;
    if (bar >= kBarWithNotes + 2 + kNoteMin) {
      note = bar - kBarWithNotes - 2;
      bar = kBarWithNotes;
    }
  }

  static std::string label_of(const LedgerLine& line) {
    return shortened(visible(line.label), kLabelMax) + (line.in_no_process ? " *" : "");
  }

  std::size_t label = 0;
  std::size_t bar = 0;
  std::size_t note = 0;  // 0: no room.
};

void append_ledger_line(TextScreen screen, const LedgerLine& line, const LedgerLayout& layout) {
  std::string& out = screen.out;
  append_spaces(out, kIndent);
  append_left(out, LedgerLayout::label_of(line), layout.label);
  append_spaces(out, 2);
  append_right(out, size_text(line.amount), LedgerLayout::kAmount);
  append_spaces(out, 2);
  if (line.kind == LedgerLine::Kind::whole) {
    const std::size_t used = kIndent + layout.label + 2 + LedgerLayout::kAmount + 2;
    if (line.note.empty()) {
      out.erase(out.size() - 2);
      out += '\n';
      return;
    }
    append_wrapped(out, visible(line.note), screen.columns, used, used);
    return;
  }
  const std::string bar = bar_text(line.share, layout.bar);
  const Role role = line.kind == LedgerLine::Kind::unaccounted ? Role::aside
                    : line.in_no_process                       ? Role::unowned_memory
                                                               : Role::process_memory;
  screen.paint.append(out, role, bar);
  append_spaces(out, layout.bar - std::min(layout.bar, display_width(bar)));
  append_spaces(out, 2);
  append_right(out, share_percent_text(line.share), LedgerLayout::kShare);
  if (!line.note.empty() && display_width(visible(line.note)) <= layout.note) {
    append_spaces(out, 2);
    screen.paint.append(out, Role::aside, visible(line.note));
  }
  out += '\n';
}

// A screen has room for the parts that matter: the smallest become one line. They stand
// largest first.
LedgerView without_small_parts(const LedgerView& whole) {
  constexpr std::size_t kPartsMax = 8;
  LedgerView view = whole;
  std::size_t parts = 0;
  for (const LedgerLine& line : whole.lines)
    parts += line.kind == LedgerLine::Kind::part ? 1 : 0;
  if (parts <= kPartsMax) return view;
  view.lines.clear();
  LedgerLine rest;
  rest.label = std::to_string(parts - kPartsMax + 1) + " smaller parts";
  std::size_t seen = 0;
  for (const LedgerLine& line : whole.lines) {
    if (line.kind == LedgerLine::Kind::part && ++seen >= kPartsMax) {
      rest.amount += line.amount;
      rest.share += line.share;
      if (seen == parts) view.lines.push_back(rest);
      continue;
    }
    view.lines.push_back(line);
  }
  return view;
}

void append_ledger(TextScreen screen, const ReportView& view) {
  if (!view.ledger) return;
  append_heading(screen, view.ledger->title);
  const LedgerView ledger = without_small_parts(*view.ledger);
  const LedgerLayout layout(ledger, screen.columns);
  for (const LedgerLine& line : ledger.lines) {
    if (line.kind == LedgerLine::Kind::whole) {
      append_spaces(screen.out, kIndent);
      screen.paint.append(screen.out, Role::aside, std::string(screen.columns - kIndent, '-'));
      screen.out += '\n';
    }
    append_ledger_line(screen, line, layout);
  }
  if (view.ledger->some_in_no_process) {
    screen.paint.append(screen.out, Role::aside, "  * in no process: killing one frees none of it");
    screen.out += '\n';
  }
  screen.out += '\n';
}

void append_facts(TextScreen screen, const ReportView& view) {
  for (const ReportFact& fact : view.facts) {
    std::string label = shortened(visible(fact.label), 24);
    const std::size_t width = std::max(display_width(label), kFactColumn - 2);
    append_spaces(label, width - display_width(label));
    screen.paint.append(screen.out, Role::strong, label);
    screen.out += "  ";
    append_wrapped(screen.out, visible(fact.text), screen.columns, kFactColumn, width + 2);
  }
  if (!view.facts.empty()) screen.out += '\n';
}

Role role_of(TaskLine::Standing standing) {
  switch (standing) {
    case TaskLine::Standing::victim:
      return Role::critical;
    case TaskLine::Standing::exempt:
      return Role::aside;
    case TaskLine::Standing::plain:
      break;
  }
  return Role::plain;
}

void append_tasks(TextScreen screen, const ReportView& view) {
  if (view.tasks.lines.empty()) return;
  append_heading(screen, view.tasks.title);
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("rank", Align::right);
  table.add_column("pid", Align::right);
  table.add_column("task", Align::left);
  table.add_column("rss", Align::right);
  table.add_column("swap", Align::right);
  table.add_column("page tables", Align::right);
  table.add_column("adj", Align::right);
  table.add_column("points", Align::right);
  table.add_column("score", Align::right);
  table.add_column("", Align::left);
  // Eighty columns hold all of it but the smallest term of the sum.
  const bool narrow = screen.columns < 96;
  for (const TaskLine& line : view.tasks.lines) {
    table.add_row({line.rank ? std::to_string(*line.rank) : (view.tasks.ranked ? "-" : ""),
                   std::to_string(line.task->pid), shortened(visible(line.task->comm), 24),
                   line.rss, view.tasks.has_swap ? line.swap : "", narrow ? "" : line.pgtables,
                   line.adj, line.points, line.score, line.note},
                  role_of(line.standing));
  }
  table.append_to(screen.out, screen.paint, kIndent, screen.columns);
  if (!view.tasks.footnote.empty()) {
    screen.paint.append(screen.out, Role::aside, "  " + view.tasks.footnote);
    screen.out += '\n';
  }
  screen.out += '\n';
}

void append_names(TextScreen screen, const ReportView& view) {
  if (view.names.empty()) return;
  append_heading(screen, "Together by name");
  TextTable table;
  table.add_column("task", TextTable::Align::left);
  table.add_column("processes", TextTable::Align::right);
  table.add_column("rss", TextTable::Align::right);
  table.add_column("swap", TextTable::Align::right);
  for (const NameLine& line : view.names) {
    table.add_row(
        {shortened(visible(line.comm), 24), grouped_text(line.count), line.rss, line.swap});
  }
  table.append_to(screen.out, screen.paint, kIndent, screen.columns);
  screen.paint.begin(screen.out, Role::aside);
  append_paragraph(screen.out, view.names_footnote, screen.columns, kIndent);
  screen.paint.end(screen.out, Role::aside);
  screen.out += '\n';
}

void append_zones(TextScreen screen, const ReportView& view) {
  if (view.zones.empty()) return;
  append_heading(screen, "Which zones could have served the request");
  TextTable table;
  using Align = TextTable::Align;
  table.add_column("zone", Align::left);
  table.add_column("free", Align::right);
  table.add_column("set apart", Align::right);
  table.add_column("min", Align::right);
  table.add_column("reserve", Align::right);
  table.add_column("", Align::left);
  for (const ZoneLine& line : view.zones) {
    table.add_row({shortened(visible(line.zone), 24), line.free, line.unusable, line.min,
                   line.reserve, line.verdict},
                  line.failed ? Role::warning : Role::plain);
  }
  table.append_to(screen.out, screen.paint, kIndent, screen.columns);
  screen.paint.begin(screen.out, Role::aside);
  append_paragraph(screen.out, view.zones_footnote, screen.columns, kIndent);
  screen.paint.end(screen.out, Role::aside);
  screen.out += '\n';
}

// Of mere information the title is enough here, and of zones that the table above shows.
bool title_is_enough(const ReportView& view, const Finding& finding) {
  return finding.severity == Severity::info ||
         (finding.id == FindingId::free_but_unusable && !view.zones.empty());
}

void append_findings(TextScreen screen, const ReportView& view) {
  if (view.findings.empty()) return;
  append_heading(screen, "What else the log shows");
  for (const Finding* finding : view.findings) {
    if (!title_is_enough(view, *finding)) append_finding(screen, *finding);
  }
  for (const Finding* finding : view.findings) {
    if (title_is_enough(view, *finding))
      append_paragraph(screen.out, visible(finding->title), screen.columns, kIndent);
  }
  screen.out += '\n';
}

void append_advice(TextScreen screen, const std::vector<std::string>& advice) {
  if (advice.empty()) return;
  append_heading(screen, "What would have helped");
  for (const std::string& item : advice) {
    screen.out += "  - ";
    append_wrapped(screen.out, visible(item), screen.columns, 4, 4);
  }
  screen.out += '\n';
}

}  // namespace

void append_heading(TextScreen screen, std::string_view title) {
  screen.paint.append(screen.out, Role::strong, title);
  screen.out += '\n';
}

void append_finding(TextScreen screen, const Finding& finding) {
  const Role role = finding.severity == Severity::critical  ? Role::critical
                    : finding.severity == Severity::warning ? Role::warning
                                                            : Role::strong;
  screen.out += "  ";
  std::string title;
  append_wrapped(title, visible(finding.title), screen.columns, kIndent, kIndent);
  title.pop_back();
  screen.paint.append(screen.out, role, title);
  screen.out += '\n';
  const std::string detail = visible(finding.detail);
  if (!detail.empty()) append_paragraph(screen.out, detail, screen.columns, 2 * kIndent);
}

void append_report_screen(TextScreen screen, std::size_t index, const ReportView& view) {
  append_wrapped(screen.out, visible(view.verdict), screen.columns, 0, 0);
  append_circumstances(screen, view);
  screen.out += '\n';
  append_ledger(screen, view);
  append_facts(screen, view);
  append_tasks(screen, view);
  append_names(screen, view);
  append_zones(screen, view);
  append_findings(screen, view);
  append_advice(screen, view.advice);
  std::string last = "report " + std::to_string(index) + ", " + view.state;
  if (!view.evidence.empty()) last += "; evidence: " + view.evidence;
  screen.paint.begin(screen.out, view.complete ? Role::aside : Role::warning);
  append_wrapped(screen.out, visible(last), screen.columns, 0, 0);
  screen.out.pop_back();
  screen.paint.end(screen.out, view.complete ? Role::aside : Role::warning);
  screen.out += '\n';
}

void append_incident_screen(TextScreen screen, const Incident& incident) {
  append_heading(screen, "The story of these kills");
  append_paragraph(screen.out, visible(incident.title), screen.columns, kIndent);
  if (!incident.culprits.empty()) {
    TextTable table;
    using Align = TextTable::Align;
    table.add_column("grew", Align::left);
    table.add_column("pid", Align::right);
    table.add_column("from", Align::right);
    table.add_column("to", Align::right);
    table.add_column("at", Align::right);
    table.add_column("", Align::left);
    for (const Culprit& culprit : incident.culprits) {
      table.add_row({shortened(visible(culprit.comm), 24), std::to_string(culprit.pid),
                     size_text(culprit.first), size_text(culprit.last),
                     rate_text(culprit.growth_bytes_per_s), culprit.killed ? "killed" : ""});
    }
    screen.out += '\n';
    table.append_to(screen.out, screen.paint, kIndent, screen.columns);
  }
  if (!incident.findings.empty()) screen.out += '\n';
  for (const Finding& finding : incident.findings)
    append_finding(screen, finding);
  std::vector<std::string> advice;
  for (const Finding& finding : incident.findings) {
    for (const std::string& item : finding.advice) {
      if (std::find(advice.begin(), advice.end(), item) == advice.end()) advice.push_back(item);
    }
  }
  screen.out += '\n';
  append_advice(screen, advice);
  std::string reports = "reports ";
  reports += line_ranges_text(
      std::vector<std::uint64_t>(incident.reports.begin(), incident.reports.end()), 12);
  screen.paint.append(screen.out, Role::aside, reports);
  screen.out += '\n';
}

}  // namespace oomkit
