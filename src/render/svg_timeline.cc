// The memory of an incident's processes over time, with the kills marked.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/svg_chart.h"
#include "render/width.h"

namespace oomkit {
namespace {

constexpr double kChartWidth = 1000, kChartHeight = 360;
constexpr double kLeft = 72, kRight = 150, kTop = 34, kBottom = 34;
constexpr std::size_t kTracksMax = 8;
constexpr double kLabelGap = 16;

class Timeline {
 public:
  Timeline(const Incident& incident, std::string& out) : incident_(incident), out_(out) {
    for (const IncidentTrack& track : incident.tracks) {
      for (const IncidentPoint& point : track.points) {
        end_s_ = std::max(end_s_, point.at_s);
        most_ = std::max(most_, static_cast<double>(point.use.count()));
      }
    }
    for (const IncidentTrack& track : incident.tracks) {
      if (tracks_.size() < kTracksMax && matters(track)) tracks_.push_back(&track);
    }
    for (const IncidentVictim& victim : incident.victims)
      end_s_ = std::max(end_s_, victim.at_s.value_or(0));
  }

  bool drawable() const { return !tracks_.empty() && end_s_ > 0 && most_ > 0; }

  void draw(std::size_t id) {
    const std::string name = "chart-" + std::to_string(id);
    out_ += "<svg viewBox=\"0 0 1000 360\" role=\"img\" aria-labelledby=\"" + name + "-t " + name +
            "-d\"><title id=\"" + name +
            "-t\">Memory of the processes over time</title><desc id=\"" + name + "-d\">";
    append_html(out_, incident_.title);
    out_ += "</desc>";
    draw_amounts();
    draw_times();
    draw_kills();
    for (std::size_t i = 0; i < tracks_.size(); ++i)
      draw_track(i);
    draw_names();
    out_ += "</svg>";
  }

 private:
  struct Name {
    double x = 0, y = 0;
    std::size_t track = 0;
  };

  // What lies on the ground line all the time only hides its own name: the table has it.
  bool matters(const IncidentTrack& track) const {
    constexpr double kVisibleShare = 0.03;
    return !track.points.empty() &&
           (track.killed_in ||
            std::any_of(track.points.begin(), track.points.end(), [&](const IncidentPoint& point) {
              return static_cast<double>(point.use.count()) >= kVisibleShare * most_;
            }));
  }

  double x_of(double at_s) const { return kLeft + (kChartWidth - kLeft - kRight) * at_s / end_s_; }
  double y_of(double use) const {
    return kChartHeight - kBottom - (kChartHeight - kTop - kBottom) * use / top_;
  }

  void line(std::string_view css_class, double x1, double y1, double x2, double y2) {
    out_ += "<line class=\"";
    out_ += css_class;
    const struct {
      std::string_view name;
      double value;
    } ends[] = {{"\" x1=\"", x1}, {"\" y1=\"", y1}, {"\" x2=\"", x2}, {"\" y2=\"", y2}};
    for (const auto& end : ends) {
      out_ += end.name;
      append_coordinate(out_, end.value);
    }
    out_ += "\"/>";
  }

  void text(std::string_view css_class, double x, double y, std::string_view anchor,
            std::string_view content) {
    out_ += "<text class=\"";
    out_ += css_class;
    out_ += "\" x=\"";
    append_coordinate(out_, x);
    out_ += "\" y=\"";
    append_coordinate(out_, y);
    out_ += "\" text-anchor=\"";
    out_ += anchor;
    out_ += "\">";
    append_html(out_, content);
    out_ += "</text>";
  }

  // Steps of a power of two, so that the marks are round in binary units.
  void draw_amounts() {
    double step = 1;
    while (most_ / step > 5)
      step *= 2;
    top_ = step * std::ceil(most_ / step);
    for (int i = 0; i * step <= top_; ++i) {
      const double use = i * step;
      line("axis", kLeft, y_of(use), kChartWidth - kRight, y_of(use));
      text("tick", kLeft - 8, y_of(use) + 4, "end",
           use == 0 ? "0" : size_text(Bytes(static_cast<std::int64_t>(std::min(use, 9e18)))));
    }
  }

  void draw_times() {
    constexpr double kSteps[] = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600};
    double step = 86400;
    for (const double candidate : kSteps) {
      if (end_s_ / candidate <= 8) {
        step = candidate;
        break;
      }
    }
    while (end_s_ / step > 10)
      step *= 2;
    if (end_s_ < 1) step = end_s_;
    const int ticks = step > 0 ? static_cast<int>(end_s_ * 1.0001 / step) : 0;
    for (int i = 0; i <= ticks; ++i) {
      const double at = i * step;
      text("tick", x_of(at), kChartHeight - kBottom + 20, "middle",
           at == 0 ? "first kill" : "+" + duration_text(at));
    }
  }

  void draw_kills() {
    double last_label_end[2] = {-1, -1};
    for (const IncidentVictim& victim : incident_.victims) {
      if (!victim.at_s) continue;
      const double x = x_of(*victim.at_s);
      line("kill", x, kTop - 4, x, kChartHeight - kBottom);
      const std::string label = visible(victim.comm) + " killed";
      const double half = 3.6 * static_cast<double>(display_width(label));
      // Names that would run into each other take a second row, or are left to the table.
      for (std::size_t row = 0; row < 2; ++row) {
        if (x - half <= last_label_end[row]) continue;
        const bool at_edge = x - half < kLeft - 20;
        text("halo", at_edge ? kLeft - 10 : x, kTop - 10 - 14 * static_cast<double>(row),
             at_edge ? "start" : "middle", label);
        last_label_end[row] = x + half + 8;
        break;
      }
    }
  }

  void draw_track(std::size_t index) {
    const IncidentTrack& track = *tracks_[index];
    const std::string number = std::to_string(index + 1);
    if (track.points.size() > 1) {
      out_ += "<polyline class=\"curve s" + number + "\" points=\"";
      for (const IncidentPoint& point : track.points) {
        append_coordinate(out_, x_of(point.at_s));
        out_ += ',';
        append_coordinate(out_, y_of(static_cast<double>(point.use.count())));
        out_ += ' ';
      }
      out_ += "\"/>";
    }
    for (const IncidentPoint& point : track.points) {
      out_ += "<circle r=\"4\" class=\"d" + number + "\" cx=\"";
      append_coordinate(out_, x_of(point.at_s));
      out_ += "\" cy=\"";
      append_coordinate(out_, y_of(static_cast<double>(point.use.count())));
      out_ += "\"><title>";
      append_html(out_, track.comm + " (" + std::to_string(track.pid) +
                            "): " + size_text(point.use) + ", +" + duration_text(point.at_s));
      out_ += "</title></circle>";
    }
    const IncidentPoint& last = track.points.back();
    const double x = x_of(last.at_s);
    const double y = y_of(static_cast<double>(last.use.count()));
    if (track.killed_in && *track.killed_in == last.report) {
      line("cross", x - 6, y - 6, x + 6, y + 6);
      line("cross", x - 6, y + 6, x + 6, y - 6);
    }
    names_.push_back({x + 12, y + 4, index});
  }

  // Names stand at the ends of their lines, pushed up where two would overlap.
  void draw_names() {
    std::sort(names_.begin(), names_.end(), [](const Name& a, const Name& b) {
      return a.y != b.y ? a.y > b.y : a.track < b.track;
    });
    for (std::size_t i = 0; i < names_.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        const bool same_place = std::fabs(names_[k].x - names_[i].x) < 110;
        if (same_place && names_[k].y - names_[i].y < kLabelGap)
          names_[i].y = names_[k].y - kLabelGap;
      }
      const IncidentTrack& track = *tracks_[names_[i].track];
      const std::string css_class = "halo l" + std::to_string(names_[i].track + 1);
      text(css_class, names_[i].x, names_[i].y, "start",
           shortened(visible(track.comm), 12) + " " + std::to_string(track.pid));
    }
  }

  const Incident& incident_;
  std::string& out_;
  std::vector<const IncidentTrack*> tracks_;
  std::vector<Name> names_;
  double end_s_ = 0;
  double most_ = 0;
  double top_ = 1;
};

}  // namespace

void append_timeline(std::string& out, const Incident& incident, std::size_t id) {
  Timeline timeline(incident, out);
  if (timeline.drawable()) timeline.draw(id);
}

}  // namespace oomkit
