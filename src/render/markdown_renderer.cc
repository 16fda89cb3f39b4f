#include "render/markdown_renderer.h"

#include <string>
#include <utility>
#include <vector>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/report_view.h"

namespace oomkit {
namespace {

// A table; columns without any text are left out.
class MarkdownTable {
 public:
  void add_column(std::string_view title, bool right = false) {
    titles_.emplace_back(title);
    right_.push_back(right);
    used_.push_back(false);
  }
  // Cells are Markdown already.
  void add_row(std::vector<std::string> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      used_[i] = used_[i] || !cells[i].empty();
    rows_.push_back(std::move(cells));
  }
  void append_to(std::string& out) const {
    append_cells(out, titles_);
    for (std::size_t i = 0; i < titles_.size(); ++i) {
      if (used_[i]) out += right_[i] ? "|--:" : "|---";
    }
    out += "|\n";
    for (const auto& row : rows_)
      append_cells(out, row);
    out += '\n';
  }

 private:
  void append_cells(std::string& out, const std::vector<std::string>& cells) const {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (used_[i]) out += "| " + cells[i] + " ";
    }
    out += "|\n";
  }

  std::vector<std::string> titles_;
  std::vector<bool> right_, used_;
  std::vector<std::vector<std::string>> rows_;
};

std::string bold(const std::string& text) {
  return text.empty() ? "" : "**" + text + "**";
}

void append_section(std::string& out, std::string_view title) {
  out += "### ";
  out += title;
  out += "\n\n";
}

void append_list(std::string& out, const std::vector<std::string>& items) {
  for (const std::string& item : items)
    out += "- " + markdown(item) + "\n";
  if (!items.empty()) out += '\n';
}

void append_ledger(std::string& out, const ReportView& view) {
  if (!view.ledger) return;
  append_section(out, markdown(view.ledger->title));
  MarkdownTable table;
  table.add_column("what");
  table.add_column("amount", true);
  table.add_column("share", true);
  table.add_column("");
  table.add_column("note");
  for (const LedgerLine& line : view.ledger->lines) {
    const bool whole = line.kind == LedgerLine::Kind::whole;
    const std::string amount = markdown(size_text(line.amount));
    const std::string share = share_percent_text(line.share);
    std::string note = line.in_no_process ? "in no process" : "";
    if (!line.note.empty()) note += (note.empty() ? "" : "; ") + markdown(line.note);
    table.add_row({whole ? bold(markdown(line.label)) : markdown(line.label),
                   whole ? bold(amount) : amount, whole ? "" : share,
                   whole ? "" : bar_text(line.share, 20), note});
  }
  table.append_to(out);
}

void markdown_tasks(std::string& out, const ReportView& view) {
  if (view.tasks.lines.empty()) return;
  append_section(out, view.tasks.title);
  MarkdownTable table;
  for (const char* title : {"rank", "pid"})
    table.add_column(title, true);
  table.add_column("task");
  for (const char* title : {"rss", "swap", "page tables", "adj", "points", "score"})
    table.add_column(title, true);
  table.add_column("");
  for (const TaskLine& line : view.tasks.lines) {
    const std::string name = markdown(line.task->comm);
    const bool victim = line.standing == TaskLine::Standing::victim;
    table.add_row({line.rank ? std::to_string(*line.rank) : "", std::to_string(line.task->pid),
                   victim ? bold(name) : name, line.rss, view.tasks.has_swap ? line.swap : "",
                   line.pgtables, line.adj, line.points, line.score,
                   victim ? bold(markdown(line.note)) : markdown(line.note)});
  }
  table.append_to(out);
  if (!view.tasks.footnote.empty()) out += markdown(view.tasks.footnote) + "\n\n";
}

void markdown_names(std::string& out, const ReportView& view) {
  if (view.names.empty()) return;
  append_section(out, "Together by name");
  MarkdownTable table;
  table.add_column("task");
  for (const char* title : {"processes", "rss", "swap"})
    table.add_column(title, true);
  for (const NameLine& line : view.names)
    table.add_row({markdown(line.comm), grouped_text(line.count), line.rss, line.swap});
  table.append_to(out);
  out += markdown(view.names_footnote) + "\n\n";
}

void markdown_zones(std::string& out, const ReportView& view) {
  if (view.zones.empty()) return;
  append_section(out, "Which zones could have served the request");
  MarkdownTable table;
  table.add_column("zone");
  for (const char* title : {"free", "set apart", "min", "reserve"})
    table.add_column(title, true);
  table.add_column("result");
  for (const ZoneLine& line : view.zones) {
    const std::string verdict = markdown(line.verdict);
    table.add_row({markdown(line.zone), line.free, line.unusable, line.min, line.reserve,
                   line.failed ? bold(verdict) : verdict});
  }
  table.append_to(out);
  out += markdown(view.zones_footnote) + "\n\n";
}

void append_finding(std::string& out, const Finding& finding) {
  out += "- " + bold(markdown(finding.title));
  if (finding.severity >= Severity::warning) {
    out += " (";
    out += name_of(finding.severity);
    out += ")";
  }
  if (!finding.detail.empty()) out += "\n  " + markdown(finding.detail);
  out += '\n';
}

class MarkdownRenderer final : public Renderer {
 public:
  explicit MarkdownRenderer(Output output) : output_(std::move(output)) {}

  void begin() override {}

  void report(std::size_t index, const Explanation& explanation) override {
    const ReportView view = make_report_view(explanation);
    text_ += "## " + std::to_string(index) + ": " + markdown(view.headline) + "\n\n";
    text_ += markdown(view.verdict) + "\n\n";
    std::string circumstances;
    for (const std::string& known : view.circumstances)
      circumstances += (circumstances.empty() ? "" : ", ") + markdown(known);
    if (!circumstances.empty()) text_ += "_" + circumstances + "_\n\n";
    append_ledger(text_, view);
    for (const ReportFact& fact : view.facts)
      text_ += "- " + bold(markdown(fact.label)) + ": " + markdown(fact.text) + "\n";
    if (!view.facts.empty()) text_ += '\n';
    markdown_tasks(text_, view);
    markdown_names(text_, view);
    markdown_zones(text_, view);
    if (!view.findings.empty()) append_section(text_, "What else the log shows");
    for (const Finding* finding : view.findings)
      append_finding(text_, *finding);
    if (!view.findings.empty()) text_ += '\n';
    if (!view.advice.empty()) append_section(text_, "What would have helped");
    append_list(text_, view.advice);
    text_ += "Report " + std::to_string(index) + ", " + markdown(view.state);
    if (!view.evidence.empty()) text_ += "; evidence: " + markdown(view.evidence);
    text_ += "\n\n";
    drain();
  }

  void other(const OtherEvent& event) override {
    text_ += "**Not an OOM kill** (line " + std::to_string(event.first_line);
    if (!event.input.empty()) text_ += " of " + markdown(event.input);
    text_ += "): " + markdown(event.sentence) + "\n\n";
    drain();
  }

  void incident(const Incident& incident) override {
    text_ += "## The story of these kills\n\n" + markdown(incident.title) + "\n\n";
    MarkdownTable table;
    table.add_column("grew");
    for (const char* title : {"pid", "from", "to", "at"})
      table.add_column(title, true);
    table.add_column("");
    for (const Culprit& culprit : incident.culprits) {
      table.add_row({markdown(culprit.comm), std::to_string(culprit.pid), size_text(culprit.first),
                     size_text(culprit.last), rate_text(culprit.growth_bytes_per_s),
                     culprit.killed ? "killed" : ""});
    }
    if (!incident.culprits.empty()) table.append_to(text_);
    for (const Finding& finding : incident.findings) {
      append_finding(text_, finding);
      for (const std::string& advice : finding.advice)
        text_ += "  - " + markdown(advice) + "\n";
    }
    if (!incident.findings.empty()) text_ += '\n';
    drain();
  }

  void end(const std::vector<InputLine>& inputs, const DamageCounts& damage) override {
    static_cast<void>(inputs);
    std::vector<std::string> warnings;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Damage::kCount); ++i) {
      const auto kind = static_cast<Damage>(i);
      if (damage.of(kind) == 0) continue;
      warnings.push_back(damage_text(kind, damage.of(kind)));
    }
    if (!warnings.empty()) text_ += "## About the log\n\n";
    append_list(text_, warnings);
    drain();
  }

 private:
  void drain() {
    output_(text_);
    text_.clear();
  }

  Output output_;
  std::string text_;
};

}  // namespace

std::unique_ptr<Renderer> make_markdown_renderer(Renderer::Output output) {
  return std::make_unique<MarkdownRenderer>(std::move(output));
}

}  // namespace oomkit
