// The texts of /proc and cgroupfs that make a fixture: all that a live host is read from.
#pragma once

#include <span>
#include <string_view>

#include "guest/plan.h"
#include "guest/protocol.h"

namespace oomkit::guest {

// Paths are told without their first slash, as below a root folder.
void capture_files(Protocol& protocol, const Plan& plan, std::string_view label,
                   std::span<char> buffer);

}  // namespace oomkit::guest
