// What a host was set up to do when something crashes, as values: the kernel's command line
// and a process's limits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/memcg_tree.h"

namespace oomkit {

// Of /proc/cmdline, the words that bear on memory, as they stand: a command line may hold
// secrets, and a snapshot is for sharing. What follows "--" is for init.
std::vector<std::string> parse_boot_options(std::string_view text);

// The soft "Max core file size" of /proc/PID/limits; nothing if it is not there.
std::optional<MemcgLimit> parse_core_limit(std::string_view text);

}  // namespace oomkit
