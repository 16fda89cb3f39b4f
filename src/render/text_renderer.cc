#include "render/text_renderer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "render/escape.h"
#include "render/quantity.h"
#include "render/text_screen.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

class TextRenderer final : public Renderer {
 public:
  TextRenderer(const RenderOptions& options, Output output)
      : columns_(static_cast<std::size_t>(std::max(options.columns, 80))),
        paint_(options.colour),
        output_(std::move(output)) {}

  void begin() override {}

  void report(std::size_t index, const Explanation& explanation) override {
    separate();
    append_report_screen(screen(), index, make_report_view(explanation));
    drain();
  }

  void other(const OtherEvent& event) override {
    separate();
    append_heading(screen(), "Not an OOM kill");
    std::string text = visible(event.sentence);
    text += " (line";
    text += event.last_line > event.first_line
                ? "s " + std::to_string(event.first_line) + "-" + std::to_string(event.last_line)
                : " " + std::to_string(event.first_line);
    if (!event.input.empty()) text += " of " + visible(event.input);
    text += ")";
    append_paragraph(text_, text, columns_, 2);
    drain();
  }

  void incident(const Incident& incident) override {
    separate();
    append_incident_screen(screen(), incident);
    drain();
  }

  void end(const std::vector<InputLine>& inputs, const DamageCounts& damage) override {
    // Where nothing was found the caller says so; only what was left out is said here.
    static_cast<void>(inputs);
    bool first = true;
    for (std::size_t i = 0; i < static_cast<std::size_t>(Damage::kCount); ++i) {
      const auto kind = static_cast<Damage>(i);
      if (damage.of(kind) == 0) continue;
      if (first) {
        separate();
        append_heading(screen(), "About the log");
        first = false;
      }
      const std::string line = damage_text(kind, damage.of(kind));
      const bool info = describe(kind).severity == DamageSeverity::info;
      paint_.begin(text_, info ? Role::aside : Role::warning);
      append_paragraph(text_, line, columns_, 2);
      paint_.end(text_, info ? Role::aside : Role::warning);
    }
    drain();
  }

 private:
  TextScreen screen() { return {text_, paint_, columns_}; }

  void separate() {
    if (!any_) {
      any_ = true;
      return;
    }
    std::string rule;
    for (std::size_t i = 0; i < columns_; ++i)
      rule += "─";
    text_ += '\n';
    paint_.append(text_, Role::aside, rule);
    text_ += "\n\n";
  }

  void drain() {
    output_(text_);
    text_.clear();
  }

  std::size_t columns_;
  Paint paint_;
  Output output_;
  std::string text_;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<Renderer> make_text_renderer(const RenderOptions& options,
                                             Renderer::Output output) {
  return std::make_unique<TextRenderer>(options, std::move(output));
}

}  // namespace oomkit
