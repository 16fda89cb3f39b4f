// The calendar's clock, for records alone: nothing is measured by it.
#pragma once

#include <chrono>

#include <time.h>

namespace oomkit {

inline std::chrono::microseconds wall_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace oomkit
