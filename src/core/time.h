// Two clocks a log may show, and what to do when it shows only one.
//
// HostTime is the kernel's: time since boot, as in "[12345.678901]". WallTime is
// the calendar's, as syslog and dmesg -T print it, often without a year or a zone.
// Differences between two times of one kind are sound; between kinds they are not.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace oomkit {

using HostTime = std::chrono::nanoseconds;  // Since boot of the host that wrote the log.

struct WallTime {
  std::chrono::microseconds since_epoch{0};  // As if UTC when the zone is not known.
  bool year_known = true;  // RFC3164 has none; since_epoch then counts within year 1972 (leap).
  bool zone_known = true;

  friend bool operator==(const WallTime&, const WallTime&) = default;
};

}  // namespace oomkit
