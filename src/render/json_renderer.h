// The JSON document `oomkit.explain/1`, report by report as they come.
#pragma once

#include <memory>

#include "render/renderer.h"

namespace oomkit {

std::unique_ptr<Renderer> make_json_renderer(const RenderOptions& options, Renderer::Output output);

}  // namespace oomkit
