// Triggers on the host's pressure: who is to be woken when tasks stood still for so long within a
// second. kernel/sched/psi.c, psi_rtpoll_work() (psi_poll_work() up to 6.2), update_triggers() and
// window_update()
//
// The kernel looks ten times in a window, and only while there are stalls: so it costs nothing
// where nobody waits.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/pressure.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

class PressureWatch {
 public:
  // `wake` is called at most once a second for each of the two limits.
  PressureWatch(Scheduler& scheduler, PressureGroup& group, std::int64_t some_us,
                std::int64_t full_us, std::function<void()> wake)
      : scheduler_(scheduler), group_(group), wake_(std::move(wake)) {
    some_.limit_us = some_us;
    full_.limit_us = full_us;
  }

  void stall_begins();

 private:
  struct Window {
    std::int64_t limit_us = 0;
    std::int64_t begin_us = 0;   // The total when the window began, ...
    std::int64_t before_us = 0;  // ... and by how much it grew in the one before.
    SimTime begin{0};
    std::optional<SimTime> fired;

    void reset(SimTime now, std::int64_t total_us, std::int64_t grown_us);
    bool fires(SimTime now, std::int64_t total_us);
  };
  void look();

  Scheduler& scheduler_;
  PressureGroup& group_;
  std::function<void()> wake_;
  Window some_, full_;
  RunPsi seen_;
  bool is_due_ = false;
  SimTime until_{-1}, next_{0};
};

}  // namespace oomkit::sim
