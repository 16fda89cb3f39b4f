// One self-contained page: styles and drawings inside, no script, nothing fetched.
#pragma once

#include <memory>

#include "render/renderer.h"

namespace oomkit {

std::unique_ptr<Renderer> make_html_renderer(const RenderOptions& options, Renderer::Output output);

}  // namespace oomkit
