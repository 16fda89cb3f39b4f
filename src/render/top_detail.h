// One process in full: each term of its score, so that the sum can be followed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "render/top_report.h"
#include "render/top_screen.h"

namespace oomkit {

std::vector<std::string> task_detail_lines(const TopReport& report, std::int64_t pid,
                                           const std::optional<MemoryDetail>& memory,
                                           std::size_t columns);

}  // namespace oomkit
