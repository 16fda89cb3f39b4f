// One kill in one line: when, who, how large, in what, why.
#pragma once

#include <cstddef>
#include <string>

#include "explain/explanation.h"

namespace oomkit {

struct SummaryLine {
  std::size_t report = 0;
  std::string time, host, victim, pid, size, scope, limit, note;
};

// Texts as the log has them: not escaped.
SummaryLine make_summary_line(std::size_t index, const Explanation& explanation);

}  // namespace oomkit
