// What the program is told by its surroundings: terminals, the clock, a few variables.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace oomkit {

struct Terminal {
  bool input = false;          // Standard input is one.
  bool diagnostics = false;    // Standard error is one.
  bool output = false;         // Standard output is one ...
  std::optional<int> columns;  // ... of this width; or COLUMNS says one.
  bool colour_wanted = false;  // It can show colours, and NO_COLOR does not forbid them.
};
Terminal terminal();

// A write into a pipe that nobody reads shall fail, not end the program.
void ignore_broken_pipes();

// Time that only goes forward, for measuring.
std::chrono::nanoseconds monotonic_time();

void pause_for(std::chrono::nanoseconds time);

// The calendar, in UTC and as the clocks on this machine's walls show it.
struct Calendar {
  std::chrono::microseconds utc;
  std::chrono::microseconds local;  // Counted as if it were UTC.
};
Calendar calendar_now();

// Microseconds since the epoch of a local time that is counted as if it were UTC.
std::chrono::microseconds utc_of_local(std::chrono::microseconds local);

// Names in a folder, sorted, at most `names_max`; empty if it cannot be read.
std::vector<std::string> folder_names(const std::string& path, std::size_t names_max);

// That `path` is there, may be read and is no folder: to refuse before anything is done.
Status check_readable(const std::string& path);

}  // namespace oomkit
