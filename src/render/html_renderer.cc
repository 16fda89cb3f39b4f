// The page begins with what is known last: how many kills there were, and the story that
// they are. So its parts wait in stores and are put together at the end.
#include "render/html_renderer.h"

#include <string>
#include <utility>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/html_report.h"
#include "render/html_style.h"
#include "render/quantity.h"
#include "render/summary_line.h"

namespace oomkit {
namespace {

class HtmlRenderer final : public Renderer {
 public:
  HtmlRenderer(const RenderOptions& options, Output output)
      : output_(std::move(output)),
        incidents_(make_store(options)),
        overview_(make_store(options)),
        reports_(make_store(options)),
        others_(make_store(options)) {}

  void begin() override {}

  void report(std::size_t index, const Explanation& explanation) override {
    ++reports_shown_;
    if (reports_shown_ == 1) first_headline_ = explanation.headline;
    std::string part;
    append_html_report(part, index, make_report_view(explanation));
    reports_->append(part);
    overview_->append(overview_row(make_summary_line(index, explanation)));
  }

  void other(const OtherEvent& event) override {
    std::string part = "<li>";
    append_html(part, event.sentence);
    part += " <span class=\"soft\">(line " + std::to_string(event.first_line);
    if (!event.input.empty()) part += " of " + html(event.input);
    part += ")</span></li>\n";
    others_->append(part);
  }

  void incident(const Incident& incident) override {
    std::string part;
    // Ids of charts: those of reports are their numbers; incidents count down from above.
    append_html_incident(part, incident, kIncidentIds + incidents_shown_++);
    incidents_->append(part);
  }

  void end(const std::vector<InputLine>& inputs, const DamageCounts& damage) override {
    write_head();
    incidents_->drain(output_);
    if (reports_shown_ > 1) {
      output_(
          "<section><h2>All kills</h2><div class=\"scroll\"><table><thead><tr>"
          "<th class=\"n\">#</th><th>when</th><th>who</th><th class=\"n\">pid</th>"
          "<th class=\"n\">held</th><th>where</th><th class=\"n\">of</th><th>why</th></tr>"
          "</thead><tbody>\n");
      overview_->drain(output_);
      output_("</tbody></table></div></section>\n");
    }
    reports_->drain(output_);
    if (!others_->empty()) {
      output_("<section><h2>Not OOM kills</h2><ul class=\"advice\">");
      others_->drain(output_);
      output_("</ul></section>\n");
    }
    write_foot(inputs, damage);
  }

 private:
  static constexpr std::size_t kIncidentIds = 1'000'000'000;

  static std::string overview_row(const SummaryLine& line) {
    const std::string number = std::to_string(line.report);
    std::string row = "<tr><td class=\"n\"><a href=\"#report-" + number + "\">" + number +
                      "</a></td><td class=\"n\" style=\"text-align:left\">" + html(line.time) +
                      "</td><td class=\"name\">" + html(line.victim) + "</td><td class=\"n\">" +
                      html(line.pid) + "</td><td class=\"n\">" + html(line.size) + "</td><td>" +
                      html(line.scope) + "</td><td class=\"n\">" + html(line.limit) + "</td><td>" +
                      html(line.note) + "</td></tr>\n";
    return row;
  }

  void write_head() {
    std::string title = "No OOM kill found";
    if (reports_shown_ == 1) title = first_headline_;
    if (reports_shown_ > 1) {
      title = grouped_text(reports_shown_) + " kills for lack of memory";
      if (incidents_shown_ == 1) title += ", one incident";
      if (incidents_shown_ > 1) title += ", " + grouped_text(incidents_shown_) + " incidents";
    }
    std::string head =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        // The page needs nothing from anywhere, and whatever a log smuggled into it would
        // get nothing either.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\">\n<title>";
    append_html(head, title);
    head += "</title>\n<style>";
    head += html_style();
    head += "</style>\n</head>\n<body>\n<main>\n";
    if (reports_shown_ != 1) {
      head += "<h1>";
      append_html(head, title);
      head += "</h1>\n";
    }
    output_(head);
  }

  void write_foot(const std::vector<InputLine>& inputs, const DamageCounts& damage) {
    std::string foot = "<footer>\n";
    for (const InputLine& input : inputs) {
      foot += "<p>";
      append_html(foot, input.name);
      foot += ": " + grouped_text(input.lines) + " lines, " +
              size_text(Bytes(static_cast<std::int64_t>(input.bytes))) + "</p>\n";
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(Damage::kCount); ++i) {
      const auto kind = static_cast<Damage>(i);
      if (damage.of(kind) == 0) continue;
      foot += "<p>" + html(damage_text(kind, damage.of(kind))) + "</p>\n";
    }
    foot += "<p>Written by oom explain.</p>\n</footer>\n</main>\n</body>\n</html>\n";
    output_(foot);
  }

  Output output_;
  std::string first_headline_;
  std::size_t reports_shown_ = 0;
  std::size_t incidents_shown_ = 0;
  std::unique_ptr<TextStore> incidents_, overview_, reports_, others_;
};

}  // namespace

std::unique_ptr<Renderer> make_html_renderer(const RenderOptions& options,
                                             Renderer::Output output) {
  return std::make_unique<HtmlRenderer>(options, std::move(output));
}

}  // namespace oomkit
