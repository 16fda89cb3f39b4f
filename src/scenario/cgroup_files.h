// The files of the memory controller that a scenario may write, by cgroup version.
#pragma once

#include <string>
#include <string_view>

#include "scenario/scenario.h"

namespace oomkit {

// True if that version has the file and it can be written.
bool is_cgroup_file(CgroupVersion version, std::string_view file);

// What to write instead: "cgroup v2 has memory.max (limit) and memory.high (throttle)".
std::string cgroup_file_hint(CgroupVersion version, std::string_view file);

}  // namespace oomkit
