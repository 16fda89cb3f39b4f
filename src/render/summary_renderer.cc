// The lines of a kill wait, up to a bound, until the incident that they belong to is
// known: only then can a line say who grew and who only paid. A live input is flushed by
// the caller instead, and goes without that.
#include "render/summary_renderer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "render/escape.h"
#include "render/paint.h"
#include "render/quantity.h"
#include "render/summary_line.h"
#include "render/width.h"

namespace oomkit {
namespace {

constexpr std::size_t kPendingMax = 1024;

// Columns of a line in their order; the note is the rest of the line.
enum Column : std::size_t { report, time, host, victim, pid, size, scope, limit, kColumns };
constexpr std::array<bool, kColumns> kRightAligned = {true, false, false, false,
                                                      true, true,  false, true};

struct Pending {
  std::size_t report_index = 0;  // 0: a free text.
  std::array<std::string, kColumns> cells;
  std::string note;
  Role role = Role::plain;
};

class SummaryRenderer final : public Renderer {
 public:
  SummaryRenderer(const RenderOptions& options, Output output)
      : paint_(options.colour), output_(std::move(output)) {}

  void begin() override {}

  void report(std::size_t index, const Explanation& explanation) override {
    SummaryLine line = make_summary_line(index, explanation);
    Pending pending;
    pending.report_index = index;
    pending.cells = {std::to_string(index),
                     visible(line.time),
                     visible(line.host),
                     shortened(visible(line.victim), 24),
                     std::move(line.pid),
                     std::move(line.size),
                     shortened(visible(line.scope), 32),
                     std::move(line.limit)};
    pending.note = visible(line.note);
    if (!line.host.empty()) {
      hosts_differ_ |= !last_host_.empty() && last_host_ != line.host;
      last_host_ = std::move(line.host);
    }
    pending_.push_back(std::move(pending));
    if (pending_.size() >= kPendingMax) flush();
  }

  void other(const OtherEvent& event) override {
    std::string text = "not a kill, line " + std::to_string(event.first_line);
    if (!event.input.empty()) text += " of " + visible(event.input);
    add_text(text + ": " + visible(event.sentence), Role::aside, pending_.size());
  }

  void incident(const Incident& incident) override {
    for (const IncidentVictim& victim : incident.victims)
      annotate(incident, victim);
    std::size_t place = pending_.size();
    if (!incident.reports.empty()) {
      const std::size_t last = incident.reports.back();
      for (std::size_t i = 0; i < pending_.size(); ++i) {
        if (pending_[i].report_index == last) place = i + 1;
      }
    }
    add_text("one incident: " + visible(incident.title), Role::strong, place);
  }

  void end(const std::vector<InputLine>& inputs, const DamageCounts& damage) override {
    static_cast<void>(inputs);
    for (std::size_t i = 0; i < static_cast<std::size_t>(Damage::kCount); ++i) {
      const auto kind = static_cast<Damage>(i);
      if (damage.of(kind) == 0 || describe(kind).severity == DamageSeverity::info) continue;
      add_text("about the log: " + damage_text(kind, damage.of(kind)), Role::warning,
               pending_.size());
    }
    flush();
  }

  void flush() override {
    for (const Pending& pending : pending_) {
      if (pending.report_index == 0) continue;
      for (std::size_t i = 0; i < kColumns; ++i)
        widths_[i] = std::max(widths_[i], display_width(pending.cells[i]));
    }
    for (const Pending& pending : pending_) {
      append_line(pending);
      oldest_pending_ = std::max(oldest_pending_, pending.report_index + 1);
    }
    pending_.clear();
    output_(text_);
    text_.clear();
  }

 private:
  void add_text(std::string text, Role role, std::size_t place) {
    Pending pending;
    pending.note = std::move(text);
    pending.role = role;
    pending_.insert(pending_.begin() + static_cast<std::ptrdiff_t>(place), std::move(pending));
    if (pending_.size() >= kPendingMax) flush();
  }

  void annotate(const Incident& incident, const IncidentVictim& victim) {
    // Most victims of a long incident are of lines that are written already.
    if (victim.report < oldest_pending_) return;
    const auto line = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& pending) {
      return pending.report_index == victim.report && victim.report != 0;
    });
    if (line == pending_.end()) return;
    const auto culprit =
        std::find_if(incident.culprits.begin(), incident.culprits.end(), [&](const Culprit& c) {
          return victim.pid ? c.pid == *victim.pid : c.comm == victim.comm;
        });
    if (culprit != incident.culprits.end()) {
      line->note = "growing " + rate_text(culprit->growth_bytes_per_s);
      line->role = Role::critical;
    } else if (!incident.culprits.empty() && !victim.culprit) {
      line->note = "victim, not the cause";
    }
  }

  void append_line(const Pending& pending) {
    paint_.begin(text_, pending.role);
    const std::size_t begin = text_.size();
    if (pending.report_index != 0) {
      for (std::size_t i = 0; i < kColumns; ++i) {
        if (widths_[i] == 0 || (i == Column::host && !hosts_differ_)) continue;
        if (kRightAligned[i]) {
          append_right(text_, pending.cells[i], widths_[i]);
        } else {
          append_left(text_, pending.cells[i], widths_[i]);
        }
        text_ += "  ";
      }
    }
    text_ += pending.note;
    while (text_.size() > begin && text_.back() == ' ')
      text_.pop_back();
    paint_.end(text_, pending.role);
    text_ += '\n';
  }

  Paint paint_;
  Output output_;
  std::string text_;
  std::vector<Pending> pending_;
  std::array<std::size_t, kColumns> widths_{};  // Only ever wider: lines stay aligned.
  std::size_t oldest_pending_ = 1;
  std::string last_host_;
  bool hosts_differ_ = false;
};

}  // namespace

std::unique_ptr<Renderer> make_summary_renderer(const RenderOptions& options,
                                                Renderer::Output output) {
  return std::make_unique<SummaryRenderer>(options, std::move(output));
}

}  // namespace oomkit
