// Any bytes: whatever reports the reader makes of them, every page stays well-formed.
//
// All is UTF-8 without control characters, JSON nests and closes its strings, HTML has no
// tag that the renderer does not write.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/utf8.h"
#include "explain/explanation.h"
#include "explain/incident.h"
#include "klog/reader.h"
#include "render/renderer.h"

namespace oomkit {
namespace {

void check_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    OOMKIT_CHECK(length != 0, "not UTF-8");
    const auto byte = static_cast<unsigned char>(text.front());
    OOMKIT_CHECK((byte >= 0x20 && byte != 0x7f) || byte == '\n', "a control character");
    text.remove_prefix(length);
  }
}

// Brackets match and strings end; commas and keys are the writer's own business.
void check_json(std::string_view text) {
  std::vector<char> open;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      open.push_back(c == '{' ? '}' : ']');
    } else if (c == '}' || c == ']') {
      OOMKIT_CHECK(!open.empty() && open.back() == c, "JSON brackets do not match");
      open.pop_back();
    }
  }
  OOMKIT_CHECK(open.empty() && !in_string, "JSON ends too early");
}

void check_html(std::string_view page) {
  for (std::size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    std::string_view tag = page.substr(at + 1, 12);
    if (tag.front() == '/') tag.remove_prefix(1);
    constexpr std::array<std::string_view, 8> kNever = {"script", "img",  "iframe", "object",
                                                        "embed",  "link", "base",   "form"};
    for (const std::string_view never : kNever)
      OOMKIT_CHECK(tag.substr(0, never.size()) != never, "a tag that a page never has");
  }
}

class Collector final : public ReportSink {
 public:
  Collector() {
    for (const OutputFormat format : {OutputFormat::text, OutputFormat::summary, OutputFormat::json,
                                      OutputFormat::markdown, OutputFormat::html}) {
      for (const bool redact : {false, true}) {
        RenderOptions options;
        options.format = format;
        options.redact = redact;
        options.columns = 80;
        pages_.push_back(std::make_unique<std::string>());
        std::string* const page = pages_.back().get();
        renderers_.push_back(
            make_renderer(options, [page](std::string_view text) { *page += text; }));
        formats_.push_back(format);
        renderers_.back()->begin();
      }
    }
  }

  void on_report(OomReport&& report) override {
    const Explanation explanation = explain(std::move(report), {});
    tracker_.add(++index_, explanation);
    for (const auto& renderer : renderers_)
      renderer->report(index_, explanation);
  }
  void on_other(OtherEvent&& event) override {
    for (const auto& renderer : renderers_)
      renderer->other(event);
  }

  void finish(const DamageCounts& damage) {
    tracker_.finish();
    for (const Incident& incident : tracker_.take_closed()) {
      for (const auto& renderer : renderers_)
        renderer->incident(incident);
    }
    for (std::size_t i = 0; i < renderers_.size(); ++i) {
      renderers_[i]->end({{"input", 1, 1}}, damage);
      check_text(*pages_[i]);
      if (formats_[i] == OutputFormat::json) check_json(*pages_[i]);
      if (formats_[i] == OutputFormat::html) check_html(*pages_[i]);
    }
  }

 private:
  std::vector<std::unique_ptr<std::string>> pages_;
  std::vector<std::unique_ptr<Renderer>> renderers_;
  std::vector<OutputFormat> formats_;
  IncidentTracker tracker_;
  std::size_t index_ = 0;
};

}  // namespace
}  // namespace oomkit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oomkit::Collector collector;
  oomkit::LogReader reader("input", collector);
  reader.feed(std::string_view(reinterpret_cast<const char*>(data), size));
  reader.finish();
  collector.finish(reader.damage());
  return 0;
}
