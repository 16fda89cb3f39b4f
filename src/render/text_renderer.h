// One report on one screen of a terminal: the verdict first, then what it rests on.
#pragma once

#include <memory>

#include "render/renderer.h"

namespace oomkit {

std::unique_ptr<Renderer> make_text_renderer(const RenderOptions& options, Renderer::Output output);

}  // namespace oomkit
