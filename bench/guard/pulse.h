// How a machine feels while memory is short: a heartbeat, and an observer who cannot be stopped.
//
// The heartbeat is a program like any other: pageable, killable, with a little memory that it
// uses, woken every 10 ms. What it is late is how long nobody could work. The observer is locked
// into memory and runs before all others; it only looks, and remembers when memory became short.
//
// Both write into one page that PID 1 has mapped, so that what they found outlives them.
#pragma once

#include <cstdint>

#include "core/result.h"

namespace oomkit::bench {

struct Pulse {
  // The heartbeat's.
  std::int64_t beats;
  std::int64_t longest_gap_ns;      // Beyond the 10 ms, ...
  std::int64_t longest_gap_end_ns;  // ... and when it was over.
  std::int64_t stalled_ns;          // All that was beyond kGapCounts, together.
  std::int64_t last_beat_ns;
  std::int32_t pid;
  // The observer's, of CLOCK_BOOTTIME; 0: never.
  std::int64_t short_since_ns;  // The first time that memory was short.
  std::int64_t short_last_ns;   // The last.
  std::int64_t least_left;      // Bytes: the least that was available and free in swap.
};

constexpr std::int64_t kBeatNs = 10'000'000;
constexpr std::int64_t kGapCounts = 50'000'000;
constexpr const char* kPulseFile = "/run/pulse";

// Makes the page and starts the two. The heartbeat is the program at `program`, in a cgroup of
// its own; `limited`: a cgroup whose pressure counts as the host's does, or "".
Result<Pulse*> start_pulse(const char* program, const char* limited);

// What the heartbeat's program does, for good.
[[noreturn]] void beat();

}  // namespace oomkit::bench
