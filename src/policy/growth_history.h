// By how much something is above all that it ever used before: record growth.
//
//   r(w) = max(0, use now - max{ use(t) : now - 64 s <= t <= now - w })
//
// A sawtooth, a garbage collector, a build with equal peaks and a return from swap all set no
// new record; a leak always does. Kept are maxima of quarter seconds for the last 4 s and of
// seconds for the last 66, so that a window begins at most a bucket too early, never too late.
//
// Between two samples the earlier one holds: who is not looked at while nothing moves has not
// grown until the next look.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/time.h"
#include "core/units.h"
#include "policy/window.h"

namespace oomkit {

// r(1 s), r(2 s), ... r(64 s) in bytes.
using GrowthLadder = std::array<std::int64_t, kWindowSteps>;

class GrowthHistory {
 public:
  // `before`: what it used until now; 0 for something that was born under our eyes.
  void begin(HostTime now, Bytes use, Bytes before);
  void add(HostTime now, Bytes use);

  GrowthLadder growth() const;
  Bytes last() const;
  HostTime last_time() const { return last_time_; }

  // policy/state_archive.h
  template <class Archive>
  void walk(Archive& archive) {
    for (std::uint32_t& bucket : fine_)
      archive.number(bucket);
    for (std::uint32_t& bucket : coarse_)
      archive.number(bucket);
    archive.past(last_time_);
    archive.number(last_);
  }

 private:
  static constexpr std::size_t kFine = 16;
  static constexpr std::size_t kCoarse = 66;

  std::uint32_t record_before(HostTime moment) const;

  // In units of 4 KiB, whatever the host's pages are: 16 TiB at most, then it saturates.
  std::array<std::uint32_t, kFine> fine_{};
  std::array<std::uint32_t, kCoarse> coarse_{};
  HostTime last_time_{0};
  std::uint32_t last_ = 0;
};

}  // namespace oomkit
