// The names of signals as scenarios write them, and their numbers on Linux.
#pragma once

#include <optional>
#include <string_view>

namespace oomkit {

// "INT" or "SIGINT".
std::optional<int> signal_number(std::string_view name);

}  // namespace oomkit
