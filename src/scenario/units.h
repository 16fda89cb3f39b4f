// Durations and rates as scenario and policy files write them: "1s", "250ms", "50M".
#pragma once

#include <chrono>
#include <string_view>

#include "core/result.h"

namespace oomkit {

// "250ms", "1s", "1.5s", "2m", "1h"; a bare number is seconds.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace oomkit
