// Pressure Stall Information: how much time tasks lose because a resource is short.
//
//   some avg10=12.34 avg60=5.06 avg300=1.00 total=123456789
//
// /proc/pressure/* and a cgroup's *.pressure (4.20). The averages are kept as hundredths of
// a percent, the precision that the kernel prints, so that two readings compare exactly.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace oomkit {

struct PressureLine {
  std::int32_t avg10_centipercent = 0;
  std::int32_t avg60_centipercent = 0;
  std::int32_t avg300_centipercent = 0;
  std::chrono::microseconds total{0};

  friend bool operator==(const PressureLine&, const PressureLine&) = default;
};

struct Pressure {
  std::optional<PressureLine> some;
  std::optional<PressureLine> full;  // For cpu from 5.13 on.

  friend bool operator==(const Pressure&, const Pressure&) = default;
};

}  // namespace oomkit
