// What one part of a scenario says of another: cgroups, marks, processes by name.
#pragma once

#include <string_view>
#include <vector>

#include "core/diagnostic.h"
#include "scenario/scenario.h"
#include "scenario/table_reader.h"

namespace oomkit {

// "/box/inner": begins with a slash, no empty, "." or ".." component, no control bytes.
bool is_cgroup_path(std::string_view path);

// Notes every name that nothing bears, at the place that uses it.
void check_names(const toml::table& root, const Scenario& scenario,
                 std::vector<Diagnostic>& diagnostics);

}  // namespace oomkit
