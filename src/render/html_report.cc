#include "render/html_report.h"

#include <algorithm>
#include <utility>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/html_table.h"
#include "render/quantity.h"
#include "render/svg_chart.h"

namespace oomkit {
namespace {

void append_element(std::string& out, std::string_view open, std::string_view close,
                    std::string_view text) {
  out += '<';
  out += open;
  out += '>';
  append_html(out, text);
  out += "</";
  out += close;
  out += ">\n";
}

void append_heading(std::string& out, std::string_view text) {
  append_element(out, "h3", "h3", text);
}

void append_ledger(std::string& out, std::size_t index, const ReportView& view) {
  if (!view.ledger) return;
  const LedgerView& ledger = *view.ledger;
  append_heading(out, ledger.title);
  out += "<figure class=\"ledger\">";
  append_ledger_chart(out, ledger, index);
  out += "</figure>\n";
  HtmlTable table;
  table.add_column("what");
  table.add_column("amount", "n");
  table.add_column("share", "n");
  table.add_column("", "soft wide");
  for (std::size_t i = 0; i < ledger.lines.size(); ++i) {
    const LedgerLine& line = ledger.lines[i];
    const bool whole = line.kind == LedgerLine::Kind::whole;
    std::string label;
    if (!whole) label = "<span class=\"key " + ledger_class(ledger, i) + "\"></span>";
    append_html(label, line.label);
    std::string note = line.in_no_process ? "in no process" : "";
    if (!line.note.empty()) note += (note.empty() ? "" : "; ") + html(line.note);
    table.add_row({std::move(label), size_text(line.amount),
                   whole ? "" : share_percent_text(line.share), std::move(note)},
                  whole ? "whole" : "");
  }
  table.append_to(out);
  if (ledger.some_in_no_process) {
    out += "<p class=\"soft\">Killing a process frees nothing of what is in no process.</p>\n";
  }
}

void append_facts(std::string& out, const ReportView& view) {
  if (view.facts.empty()) return;
  out += "<dl>";
  for (const ReportFact& fact : view.facts) {
    append_element(out, "dt", "dt", fact.label);
    append_element(out, "dd", "dd", fact.text);
  }
  out += "</dl>\n";
}

void append_bar_keys(std::string& out, const TaskView& tasks) {
  out += "<ul class=\"keys\"><li><span class=\"key f-p1\"></span>rss</li>";
  if (tasks.has_swap) out += "<li><span class=\"key f-p3\"></span>swap</li>";
  if (tasks.ranked && tasks.has_pgtables)
    out += "<li><span class=\"key f-w5\"></span>page tables</li>";
  if (tasks.has_adj_share) out += "<li><span class=\"key f-w3\"></span>added by oom_score_adj</li>";
  if (tasks.has_taken_off) out += "<li>faint: does not count (oom_score_adj)</li>";
  out += "</ul>\n";
}

void html_tasks(std::string& out, const ReportView& view) {
  if (view.tasks.lines.empty()) return;
  append_heading(out, view.tasks.title);
  HtmlTable table;
  table.add_column("rank", "n");
  table.add_column("pid", "n");
  table.add_column("task", "name");
  table.add_column("", "bar");
  for (const char* title : {"rss", "swap"})
    table.add_column(title, "n");
  table.add_column("page tables", "n wide");
  for (const char* title : {"adj", "points", "score"})
    table.add_column(title, "n");
  table.add_column("");
  for (const TaskLine& line : view.tasks.lines) {
    std::string bar;
    append_task_bar(bar, line);
    const bool victim = line.standing == TaskLine::Standing::victim;
    const bool exempt = line.standing == TaskLine::Standing::exempt;
    table.add_row(
        {line.rank ? std::to_string(*line.rank) : "", std::to_string(line.task->pid),
         html(line.task->comm), std::move(bar), line.rss, view.tasks.has_swap ? line.swap : "",
         line.pgtables, line.adj, line.points, line.score, html(line.note)},
        victim   ? "victim"
        : exempt ? "exempt"
                 : "");
  }
  table.append_to(out);
  append_bar_keys(out, view.tasks);
  if (!view.tasks.footnote.empty())
    append_element(out, "p class=\"soft\"", "p", view.tasks.footnote);
}

void html_names(std::string& out, const ReportView& view) {
  if (view.names.empty()) return;
  append_heading(out, "Together by name");
  HtmlTable table;
  table.add_column("task", "name");
  for (const char* title : {"processes", "rss", "swap"})
    table.add_column(title, "n");
  for (const NameLine& line : view.names)
    table.add_row({html(line.comm), grouped_text(line.count), line.rss, line.swap});
  table.append_to(out);
  append_element(out, "p class=\"soft\"", "p", view.names_footnote);
}

void html_zones(std::string& out, const ReportView& view) {
  if (view.zones.empty()) return;
  append_heading(out, "Which zones could have served the request");
  HtmlTable table;
  table.add_column("zone");
  for (const char* title : {"free", "set apart", "min", "reserve"})
    table.add_column(title, "n");
  table.add_column("result");
  for (const ZoneLine& line : view.zones) {
    const std::string verdict = html(line.verdict);
    table.add_row({html(line.zone), line.free, line.unusable, line.min, line.reserve,
                   line.failed ? "<span class=\"bad\">" + verdict + "</span>" : verdict});
  }
  table.append_to(out);
  append_element(out, "p class=\"soft\"", "p", view.zones_footnote);
}

void append_state(std::string& out, std::size_t index, const ReportView& view) {
  out += view.complete ? "<p class=\"state\">" : "<p class=\"state incomplete\">";
  out += "Report " + std::to_string(index) + ", <b>";
  append_html(out, view.state);
  out += "</b>";
  if (!view.evidence.empty()) {
    out += "; evidence: ";
    append_html(out, view.evidence);
  }
  out += "</p>\n";
}

void append_growth(std::string& out, const Incident& incident) {
  if (incident.culprits.empty()) return;
  append_heading(out, "Who grew");
  HtmlTable table;
  table.add_column("task", "name");
  for (const char* title : {"pid", "from", "to", "growth"})
    table.add_column(title, "n");
  table.add_column("");
  for (const Culprit& culprit : incident.culprits) {
    table.add_row({html(culprit.comm), std::to_string(culprit.pid), size_text(culprit.first),
                   size_text(culprit.last), rate_text(culprit.growth_bytes_per_s),
                   culprit.killed ? "killed" : ""});
  }
  table.append_to(out);
}

// The numbers of the drawing, for who does not see it; closed until asked for.
void append_track_table(std::string& out, const Incident& incident) {
  constexpr std::size_t kColumnsMax = 12;
  std::vector<std::pair<std::size_t, double>> times;  // Reports with their time.
  for (const IncidentTrack& track : incident.tracks) {
    for (const IncidentPoint& point : track.points)
      times.emplace_back(point.report, point.at_s);
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  const std::size_t left_out = times.size() > kColumnsMax ? times.size() - kColumnsMax : 0;
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(left_out));
  out += "<details><summary>The numbers of the drawing</summary>\n";
  HtmlTable table;
  table.add_column("task", "name");
  table.add_column("pid", "n");
  for (const auto& time : times)
    table.add_column("report " + std::to_string(time.first) + ", +" + duration_text(time.second),
                     "n");
  for (const IncidentTrack& track : incident.tracks) {
    std::vector<std::string> cells = {html(track.comm), std::to_string(track.pid)};
    for (const auto& time : times) {
      const auto point = std::find_if(
          track.points.begin(), track.points.end(),
          [&](const IncidentPoint& candidate) { return candidate.report == time.first; });
      cells.push_back(point == track.points.end() ? "" : size_text(point->use));
    }
    table.add_row(std::move(cells));
  }
  table.append_to(out);
  if (left_out > 0) {
    append_element(out, "p class=\"soft\"", "p",
                   grouped_text(left_out) + " earlier reports are left out here");
  }
  out += "</details>\n";
}

void append_deaths(std::string& out, const Incident& incident) {
  constexpr std::size_t kRowsMax = 50;
  append_heading(out, "Who died");
  HtmlTable table;
  table.add_column("after", "n");
  table.add_column("task", "name");
  for (const char* title : {"pid", "held", "report"})
    table.add_column(title, "n");
  table.add_column("");
  for (const IncidentVictim& victim : incident.victims) {
    if (&victim - incident.victims.data() == kRowsMax) break;
    table.add_row({victim.at_s ? duration_text(*victim.at_s) : "", html(victim.comm),
                   victim.pid ? std::to_string(*victim.pid) : "",
                   victim.size ? size_text(*victim.size) : "",
                   "<a href=\"#report-" + std::to_string(victim.report) + "\">" +
                       std::to_string(victim.report) + "</a>",
                   victim.culprit ? "<span class=\"bad\">was growing</span>" : "did not cause it"});
  }
  table.append_to(out);
  if (incident.victims.size() > kRowsMax) {
    append_element(out, "p class=\"soft\"", "p",
                   grouped_text(incident.victims.size() - kRowsMax) + " more died");
  }
}

std::vector<std::string> all_advice(const std::vector<Finding>& findings) {
  std::vector<std::string> advice;
  for (const Finding& finding : findings) {
    for (const std::string& item : finding.advice) {
      if (std::find(advice.begin(), advice.end(), item) == advice.end()) advice.push_back(item);
    }
  }
  return advice;
}

}  // namespace

void append_html_list(std::string& out, const std::vector<std::string>& items) {
  if (items.empty()) return;
  out += "<ul class=\"advice\">";
  for (const std::string& item : items)
    append_element(out, "li", "li", item);
  out += "</ul>\n";
}

void append_html_findings(std::string& out, const std::vector<const Finding*>& findings) {
  if (findings.empty()) return;
  out += "<ul class=\"findings\">\n";
  for (const Finding* finding : findings) {
    const std::string severity(name_of(finding->severity));
    out.append("<li class=\"").append(severity).append("\"><p class=\"title\">");
    append_html(out, finding->title);
    if (finding->severity != Severity::info)
      out.append("<span class=\"mark ")
          .append(severity)
          .append("\">")
          .append(severity)
          .append("</span>");
    out += "</p>";
    if (!finding->detail.empty()) append_element(out, "p", "p", finding->detail);
    out += "</li>\n";
  }
  out += "</ul>\n";
}

void append_html_report(std::string& out, std::size_t index, const ReportView& view) {
  out += "<article id=\"report-" + std::to_string(index) + "\">\n";
  append_element(out, "h2", "h2", view.headline);
  append_element(out, "p class=\"lead\"", "p", view.verdict);
  if (!view.circumstances.empty()) {
    out += "<ul class=\"circumstances\">";
    for (const std::string& known : view.circumstances)
      append_element(out, "li", "li", known);
    out += "</ul>\n";
  }
  append_ledger(out, index, view);
  append_facts(out, view);
  html_tasks(out, view);
  html_names(out, view);
  html_zones(out, view);
  if (!view.findings.empty()) append_heading(out, "What else the log shows");
  append_html_findings(out, view.findings);
  if (!view.advice.empty()) append_heading(out, "What would have helped");
  append_html_list(out, view.advice);
  append_state(out, index, view);
  out += "</article>\n";
}

void append_html_incident(std::string& out, const Incident& incident, std::size_t id) {
  out += "<section>\n";
  append_element(out, "h2", "h2", incident.title);
  std::string chart;
  append_timeline(chart, incident, id);
  if (!chart.empty()) {
    out += "<figure class=\"timeline\">" + chart + "</figure>\n";
    append_track_table(out, incident);
  }
  append_growth(out, incident);
  if (!incident.victims.empty()) append_deaths(out, incident);
  std::vector<const Finding*> findings;
  for (const Finding& finding : incident.findings)
    findings.push_back(&finding);
  if (!findings.empty()) append_heading(out, "What the reports show together");
  append_html_findings(out, findings);
  const std::vector<std::string> advice = all_advice(incident.findings);
  if (!advice.empty()) append_heading(out, "What would have helped");
  append_html_list(out, advice);
  out += "</section>\n";
}

}  // namespace oomkit
