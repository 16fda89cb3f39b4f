// Pressure stall information of the host or a cgroup: for how long somebody stood still for
// memory, and for how long nobody of the group did anything else. kernel/sched/psi.c
//
// Up to 5.14 `full` ends when any task of the group is runnable; later when one is that is not
// itself busy with getting memory, unless one that is has the processor just then
// (psi_group_change(), 5.13). Before that 5.10 looks at each tick whether the one that runs is in
// reclaim, and counts the time since the last change, a tick at most, as `full`
// (psi_memstall_tick(), record_times()).
#pragma once

#include "model/run_record.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

class PressureGroup {
 public:
  // Tasks of a group, or by how much they change.
  struct Tasks {
    int stalled = 0;
    int productive = 0;  // Runnable, in a way that ends `full`.
    int sampled = 0;     // Running and stalled, and the kernel looks at each tick.
    int reclaiming = 0;  // Running and stalled, and that alone is `full`.

    friend bool operator==(const Tasks&, const Tasks&) = default;
  };
  void change(SimTime now, const Tasks& by, int sign) {
    settle(now);
    tasks_.stalled += sign * by.stalled;
    tasks_.productive += sign * by.productive;
    tasks_.sampled += sign * by.sampled;
    tasks_.reclaiming += sign * by.reclaiming;
  }
  RunPsi totals(SimTime now) {
    settle(now);
    const auto us = [](SimTime time) { return time.count() / 1000; };
    return {us(some_), us(full_)};
  }

 private:
  void settle(SimTime now) {
    if (tasks_.stalled > 0) some_ += now - since_;
    if (tasks_.stalled > 0 && (tasks_.productive == 0 || tasks_.reclaiming > 0)) {
      full_ += now - since_;
    } else if (tasks_.sampled > 0) {
      constexpr SimTime kTick{4'000'000};  // CONFIG_HZ 250.
      const SimTime to_tick = kTick - since_ % kTick;
      if (now - since_ >= to_tick) full_ += to_tick + (now - since_ - to_tick) / kTick * kTick;
    }
    since_ = now;
  }

  SimTime since_{0}, some_{0}, full_{0};
  Tasks tasks_;
};

}  // namespace oomkit::sim
