// `oom top --once --format json`: oomkit.top/1.
#pragma once

#include <cstddef>
#include <string>

#include "render/top_report.h"

namespace oomkit {

// At most `tasks_max` tasks of each scope.
std::string top_json(const TopReport& report, std::size_t tasks_max);

}  // namespace oomkit
