// Scenario files to Scenarios: TOML read by toml++, everything else checked here.
#pragma once

#include <string_view>
#include <vector>

#include "core/diagnostic.h"
#include "scenario/scenario.h"

namespace oomkit {

struct ParsedScenario {
  Scenario scenario;                    // Sound only when there are no diagnostics.
  std::vector<Diagnostic> diagnostics;  // All that is wrong, in the order of the file.
};

// Checks keys, types, units, ranges, names that are referred to (cgroups, marks,
// processes) and the files of the chosen cgroup version. Never stops at the first error.
ParsedScenario parse_scenario(std::string_view source);

}  // namespace oomkit
