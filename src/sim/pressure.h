// Pressure stall information of the host or a cgroup: for how long somebody stood still for
// memory, and for how long nobody of the group did anything else. kernel/sched/psi.c
//
// Up to 5.14 `full` ends when any task of the group is runnable; later when one runs that is not
// itself busy with getting memory. With few processors that is the same in what it sums up to.
#pragma once

#include "model/run_record.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

class PressureGroup {
 public:
  // A task of the group changed: by how much the counts of those that stall, and of those that
  // are runnable without stalling, change.
  void change(SimTime now, int stalled, int productive) {
    settle(now);
    stalled_ += stalled;
    productive_ += productive;
  }
  RunPsi totals(SimTime now) {
    settle(now);
    const auto us = [](SimTime time) { return time.count() / 1000; };
    return {us(some_), us(full_)};
  }

 private:
  void settle(SimTime now) {
    if (stalled_ > 0) some_ += now - since_;
    if (stalled_ > 0 && productive_ == 0) full_ += now - since_;
    since_ = now;
  }

  SimTime since_{0}, some_{0}, full_{0};
  int stalled_ = 0;
  int productive_ = 0;
};

}  // namespace oomkit::sim
