// A run's kernel log, read and explained report by report.
#pragma once

#include <string_view>
#include <vector>

#include "explain/explanation.h"

namespace oomkit {

std::vector<Explanation> explain_kernel_log(std::string_view log);

}  // namespace oomkit
