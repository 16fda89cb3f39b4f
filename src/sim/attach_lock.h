// How long it takes to be let into a cgroup: cgroup_attach_lock() of kernel/cgroup/cgroup.c.
//
// From 6.0 on (favordynmods is off) until each thread group had a lock of its own (6.18) whoever
// writes to cgroup.procs takes a lock of the whole machine that nobody had taken lately, and so
// waits for a grace period of RCU (kernel/rcu/sync.c). One processor sees three ticks of it: at
// the first it begins, at the second a quiescent state is seen, at the third its callbacks run.
// Measured on 6.1 and 6.12, idle and busy. Who comes before another grace period is over since the
// last one left comes in at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace oomkit::sim {

class AttachLock {
 public:
  using Time = std::chrono::nanoseconds;

  explicit AttachLock(Time tick) : tick_(tick) {}

  // When one who comes at `now` is in.
  Time come(Time now) {
    const Time begin = std::max(now, taken_until_);  // One after the other.
    while (callback_ && *callback_ <= begin) {
      const bool again = std::exchange(replay_, false);
      callback_ = again ? std::optional(grace_period_from(*callback_)) : std::nullopt;
    }
    taken_until_ = callback_ ? begin : grace_period_from(begin);
    replay_ = callback_.has_value();
    if (!callback_) callback_ = grace_period_from(taken_until_);
    return taken_until_;
  }

 private:
  Time grace_period_from(Time when) const { return (when / tick_ + 3) * tick_; }

  Time tick_;
  Time taken_until_{0};
  std::optional<Time> callback_;  // rcu_sync_func(), of who left last when nobody else had.
  bool replay_ = false;           // Others came and left since: GP_REPLAY.
};

}  // namespace oomkit::sim
