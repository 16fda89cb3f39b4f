// For how long a phase of a machine may last: pure sums, so that they are tested without one.
//
// A hang is told by what QEMU has used of processors since the phase began, for on a machine
// that is busy with other things the clock on the wall runs on while the guest does not. That
// clock ends only what gets nowhere without using a processor.
#pragma once

#include <algorithm>
#include <chrono>

namespace oomkit {

class Patience {
 public:
  using Time = std::chrono::nanoseconds;

  // From now on `limit` of processor time.
  void begin(Time limit, Time now) {
    limit_ = limit;
    begin_ = now;
    effort_at_begin_ = effort_;
  }

  void on_effort(Time processor_time) { effort_ = processor_time; }

  // The soonest time at which it can be over.
  Time deadline(Time now) const {
    const Time left = std::max(limit_ - (effort_ - effort_at_begin_), Time(0));
    return std::min(now + left, begin_ + kWallFactor * limit_);
  }

 private:
  static constexpr int kWallFactor = 10;

  Time limit_{0};
  Time begin_{0};
  Time effort_{0};  // Of QEMU since it was started.
  Time effort_at_begin_{0};
};

}  // namespace oomkit
