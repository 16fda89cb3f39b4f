// A command's run as JSON: oomkit.command/1.
#pragma once

#include <string>
#include <string_view>

#include "model/command_run.h"

namespace oomkit {

// `explained`: a document of oomkit.explain/1 about the kills in its cgroup, or "".
std::string command_json(const CommandRun& run, std::string_view explained);

}  // namespace oomkit
