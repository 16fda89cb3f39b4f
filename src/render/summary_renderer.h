// One aligned line a kill, and one for each incident.
#pragma once

#include <memory>

#include "render/renderer.h"

namespace oomkit {

std::unique_ptr<Renderer> make_summary_renderer(const RenderOptions& options,
                                                Renderer::Output output);

}  // namespace oomkit
