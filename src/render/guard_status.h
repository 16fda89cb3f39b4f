// How a running guard is: for people, for programs, for Prometheus.
#pragma once

#include <cstddef>
#include <string>

#include "policy/guard_status.h"

namespace oomkit {

// `columns` wide, in colours if wanted.
std::string guard_status_text(const GuardStatus& status, std::size_t columns, bool colour);

// oomkit.guard_status/1, a line.
std::string guard_status_json(const GuardStatus& status);

// The text exposition format of Prometheus, 0.0.4. What is not known has no sample.
std::string guard_metrics(const GuardStatus& status);

}  // namespace oomkit
