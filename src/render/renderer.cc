#include "render/renderer.h"

#include <utility>

#include "render/html_renderer.h"
#include "render/json_renderer.h"
#include "render/markdown_renderer.h"
#include "render/redact.h"
#include "render/summary_renderer.h"
#include "render/text_renderer.h"

namespace oomkit {
namespace {

std::unique_ptr<Renderer> make_plain(const RenderOptions& options, Renderer::Output output) {
  switch (options.format) {
    case OutputFormat::summary:
      return make_summary_renderer(options, std::move(output));
    case OutputFormat::json:
      return make_json_renderer(options, std::move(output));
    case OutputFormat::markdown:
      return make_markdown_renderer(std::move(output));
    case OutputFormat::html:
      return make_html_renderer(options, std::move(output));
    case OutputFormat::text:
      break;
  }
  return make_text_renderer(options, std::move(output));
}

}  // namespace

std::unique_ptr<TextStore> make_store(const RenderOptions& options) {
  return options.make_store ? options.make_store() : std::make_unique<MemoryTextStore>();
}

std::unique_ptr<Renderer> make_renderer(const RenderOptions& options, Renderer::Output output) {
  std::unique_ptr<Renderer> renderer = make_plain(options, std::move(output));
  return options.redact ? make_redacting_renderer(std::move(renderer)) : std::move(renderer);
}

}  // namespace oomkit
