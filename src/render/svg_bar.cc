// The bars: where memory went, and what a task's points are made of.
#include <algorithm>
#include <charconv>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/svg_chart.h"
#include "render/width.h"

namespace oomkit {
namespace {

constexpr double kWidth = 1000;
constexpr double kBarTop = 22;
constexpr double kBarHeight = 44;
constexpr double kHeight = kBarTop + kBarHeight + 8;
constexpr double kGlyphWidth = 7.4;  // Of the 13 px font, on average.

double number(Bytes bytes) {
  return static_cast<double>(bytes.count());
}

void append_rect(std::string& out, double x, double y, double width, double height,
                 std::string_view css_class, std::string_view fill = "") {
  out += "<rect x=\"";
  append_coordinate(out, x);
  out += "\" y=\"";
  append_coordinate(out, y);
  out += "\" width=\"";
  append_coordinate(out, width);
  out += "\" height=\"";
  append_coordinate(out, height);
  if (!css_class.empty()) {
    out += "\" class=\"";
    out += css_class;
  }
  if (!fill.empty()) {
    out += "\" fill=\"";
    out += fill;
  }
  out += "\">";
}

std::string part_text(const LedgerLine& line) {
  return line.label + ": " + size_text(line.amount) + " (" + share_percent_text(line.share) + ")";
}

void append_pattern(std::string& out, const std::string& name) {
  out += "<defs><pattern id=\"" + name +
         "\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
         "patternTransform=\"rotate(45)\"><rect width=\"3\" height=\"6\" class=\"f-rest\"/>"
         "</pattern></defs>";
}

// A mark across the bar with its text above it.
void append_mark(std::string& out, double x, const std::string& text) {
  out += "<line class=\"limit\" x1=\"";
  append_coordinate(out, x);
  out += "\" x2=\"";
  append_coordinate(out, x);
  out += "\" y1=\"";
  append_coordinate(out, kBarTop - 6);
  out += "\" y2=\"";
  append_coordinate(out, kBarTop + kBarHeight + 6);
  out += "\"/><text y=\"12\" x=\"";
  append_coordinate(out, x);
  out += x > kWidth / 2 ? "\" text-anchor=\"end\">" : "\">";
  append_html(out, text);
  out += "</text>";
}

}  // namespace

void append_coordinate(std::string& out, double value) {
  char digits[40];
  const double bounded = std::clamp(value, -1e6, 1e6);
  const auto [end, error] =
      std::to_chars(digits, digits + sizeof(digits), bounded, std::chars_format::fixed, 1);
  if (error == std::errc()) out.append(digits, end);
}

std::string ledger_class(const LedgerView& ledger, std::size_t line) {
  const LedgerLine& wanted = ledger.lines[line];
  if (wanted.kind == LedgerLine::Kind::unaccounted) return "f-rest";
  if (wanted.key == "free" || wanted.key == "free_pcp") return "f-free";
  // The place among its like: the same hue for one kind of memory, another tone for each.
  std::size_t before = 0;
  for (std::size_t i = 0; i < line; ++i) {
    const LedgerLine& other = ledger.lines[i];
    if (other.kind == LedgerLine::Kind::part && other.in_no_process == wanted.in_no_process &&
        other.key != "free" && other.key != "free_pcp") {
      ++before;
    }
  }
  return wanted.in_no_process ? "f-w" + std::to_string(before % 5 + 1)
                              : "f-p" + std::to_string(before % 3 + 1);
}

void append_ledger_chart(std::string& out, const LedgerView& ledger, std::size_t id) {
  double sum = 0;
  for (const LedgerLine& line : ledger.lines) {
    if (line.kind != LedgerLine::Kind::whole) sum += std::max(0.0, number(line.amount));
  }
  const double limit = ledger.limit ? number(*ledger.limit) : 0;
  const double scale = std::max({sum, number(ledger.whole), limit, 1.0});
  const std::string name = "chart-" + std::to_string(id);
  out += "<svg viewBox=\"0 0 1000 " + std::to_string(static_cast<int>(kHeight)) +
         "\" role=\"img\" aria-labelledby=\"" + name + "-t " + name + "-d\"><title id=\"" + name +
         "-t\">";
  append_html(out, ledger.title);
  out += "</title><desc id=\"" + name + "-d\">";
  for (const LedgerLine& line : ledger.lines) {
    if (line.kind != LedgerLine::Kind::whole) append_html(out, part_text(line) + ". ");
  }
  out += "</desc>";
  append_pattern(out, name + "-p");
  append_rect(out, 0, kBarTop, kWidth, kBarHeight, "f-track");
  out += "</rect>";
  double x = 0;
  for (std::size_t i = 0; i < ledger.lines.size(); ++i) {
    const LedgerLine& line = ledger.lines[i];
    if (line.kind == LedgerLine::Kind::whole || line.amount.count() <= 0) continue;
    const double width = kWidth * number(line.amount) / scale;
    const bool rest = line.kind == LedgerLine::Kind::unaccounted;
    // A hair of the background between two parts keeps them apart in every theme.
    append_rect(out, x, kBarTop, width > 3 ? width - 1.5 : width, kBarHeight,
                rest ? "" : ledger_class(ledger, i), rest ? "url(#" + name + "-p)" : "");
    out += "<title>";
    append_html(out, part_text(line));
    out += "</title></rect>";
    const std::string label = visible(line.label);
    if (static_cast<double>(display_width(label)) * kGlyphWidth + 16 < width) {
      const std::string tone = ledger_class(ledger, i);
      const bool dark = tone == "f-p1" || tone == "f-w1" || tone == "f-w4" || tone == "f-w5";
      out += std::string("<text class=\"") + (dark ? "on-dark" : "on") + "\" y=\"" +
             std::to_string(static_cast<int>(kBarTop + kBarHeight / 2 + 5)) + "\" x=\"";
      append_coordinate(out, x + 8);
      out += "\">";
      append_html(out, label);
      out += "</text>";
    }
    x += width;
  }
  if (ledger.limit) append_mark(out, kWidth * limit / scale, "limit " + size_text(*ledger.limit));
  out += "</svg>";
}

void append_task_bar(std::string& out, const TaskLine& line) {
  out += "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";
  const struct {
    double share;
    std::string_view css_class;
  } parts[] = {{line.rss_share, "f-p1"},
               {line.swap_share, "f-p3"},
               {line.pgtables_share, "f-w5"},
               {line.adj_share, "f-w3"}};
  double x = 0;
  for (const auto& part : parts) {
    if (part.share <= 0) continue;
    // What oom_score_adj takes off is still there, but does not count: it is drawn faint.
    const double counted = std::clamp(line.counted - x, 0.0, part.share);
    if (counted > 0) {
      append_rect(out, 100 * x, 0, 100 * counted, 10, part.css_class);
      out += "</rect>";
    }
    if (counted < part.share) {
      append_rect(out, 100 * (x + counted), 0, 100 * (part.share - counted), 10,
                  std::string(part.css_class) + " off");
      out += "</rect>";
    }
    x += part.share;
  }
  out += "</svg>";
}

}  // namespace oomkit
