// Explanations to people and programs: terminal, one line a kill, JSON, Markdown, HTML.
//
// A renderer is fed report by report and writes as it goes, so that a file of any size
// comes out in constant memory. The only place with colours, widths and escapes; all
// text from a log is escaped here for the format at hand.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "explain/explanation.h"
#include "explain/incident.h"
#include "model/damage.h"
#include "model/oom_report.h"
#include "render/text_store.h"

namespace oomkit {

enum class OutputFormat { text, summary, json, markdown, html };

struct RenderOptions {
  OutputFormat format = OutputFormat::text;
  int columns = 100;  // Of the terminal; at least 80 is used.
  bool colour = false;
  bool redact = false;  // Hosts, users, paths and ids become stable stand-ins ("host-1").
  // Makes a place for text that must wait; absent: in memory.
  std::function<std::unique_ptr<TextStore>()> make_store = nullptr;
};

struct InputLine {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
};

class Renderer {
 public:
  // Takes what has been rendered since the last call; called often.
  using Output = std::function<void(std::string_view)>;

  virtual ~Renderer() = default;
  virtual void begin() = 0;
  virtual void report(std::size_t index, const Explanation& explanation) = 0;
  virtual void other(const OtherEvent& event) = 0;
  virtual void incident(const Incident& incident) = 0;
  virtual void end(const std::vector<InputLine>& inputs, const DamageCounts& damage) = 0;

  // Writes what waits for more to come, as far as the format allows: the input is slow,
  // and somebody may be watching.
  virtual void flush() {}
};

// For renderers: a store as the options say.
std::unique_ptr<TextStore> make_store(const RenderOptions& options);

std::unique_ptr<Renderer> make_renderer(const RenderOptions& options, Renderer::Output output);

}  // namespace oomkit
