// When the kernel wakes a guard: so much stall of memory within a window, microseconds.
//
// The PSI triggers of kernel/sched/psi.c (psi_trigger_create(), 5.2); for whoever lacks
// CAP_SYS_RESOURCE the window has to be a multiple of 2 s (6.4, and 6.1.42).
#pragma once

#include <array>
#include <cstdint>

namespace oomkit {

struct StallTrigger {
  std::int64_t some_us, full_us, window_us;
  const char* name;
};

// Early, where we may; else what anybody may have.
inline constexpr std::array<StallTrigger, 2> kStallTriggers = {{
    {70'000, 100'000, 1'000'000, "pressure triggers of 1 s"},
    {150'000, 200'000, 2'000'000, "pressure triggers of 2 s"},
}};

}  // namespace oomkit
