// Markdown to paste into a ticket: headings, tables, nothing that a log could format.
#pragma once

#include <memory>

#include "render/renderer.h"

namespace oomkit {

std::unique_ptr<Renderer> make_markdown_renderer(Renderer::Output output);

}  // namespace oomkit
