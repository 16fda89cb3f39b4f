// Whether the model can run a scenario as that kernel.
#pragma once

#include <string>

#include "cli/scenario_file.h"
#include "core/result.h"

namespace oomkit {

// Refuses a kernel that the scenario is not meant for, and what the model does not know, with the
// lines.
Status check_for_model(const ScenarioFile& file, const std::string& kernel, bool has_guard);

}  // namespace oomkit
