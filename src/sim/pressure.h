// Pressure stall information of the host or a cgroup: for how long somebody stood still for want of
// memory, of a disk or of a processor, and for how long nobody of the group did anything else.
// kernel/sched/psi.c
//
// Memory: up to 5.14 `full` ends when any task of the group is runnable; later when one is that is
// not itself busy with getting memory, unless one that is has the processor just then
// (psi_group_change(), 5.13). Before that 5.10 looks at each tick whether the one that runs is in
// reclaim, and counts the time since the last change, a tick at most, as `full`
// (psi_memstall_tick(), record_times()).
#pragma once

#include <array>
#include <cstdint>

#include "model/run_record.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

enum class PressureOf : std::uint8_t { memory, io, cpu };

class PressureGroup {
 public:
  // Tasks of a group, or by how much they change.
  struct Tasks {
    int stalled = 0;
    int productive = 0;  // Runnable, in a way that ends memory's `full`.
    int sampled = 0;     // Running and stalled, and the kernel looks at each tick.
    int reclaiming = 0;  // Running and stalled, and that alone is `full`.
    int on_disk = 0;     // NR_IOWAIT
    int runnable = 0;    // NR_RUNNING
    int running = 0;     // NR_ONCPU

    friend bool operator==(const Tasks&, const Tasks&) = default;
    void add(const Tasks& by, int sign) {
      stalled += sign * by.stalled;
      productive += sign * by.productive;
      sampled += sign * by.sampled;
      reclaiming += sign * by.reclaiming;
      on_disk += sign * by.on_disk;
      runnable += sign * by.runnable;
      running += sign * by.running;
    }
  };
  // What one of them was, and is now.
  void replace(SimTime now, const Tasks& before, const Tasks& after) {
    settle(now);
    tasks_.add(before, -1);
    tasks_.add(after, 1);
  }
  void change(SimTime now, const Tasks& by, int sign) {
    settle(now);
    tasks_.add(by, sign);
  }
  RunPsi totals(SimTime now, PressureOf what = PressureOf::memory) {
    settle(now);
    const auto us = [](SimTime time) { return time.count() / 1000; };
    const Sums& sums = sums_.at(static_cast<std::size_t>(what));
    return {us(sums.some), us(sums.full)};
  }

 private:
  struct Sums {
    SimTime some{0}, full{0};
  };

  void settle(SimTime now) {
    const SimTime passed = now - since_;
    if (passed == SimTime(0)) return;
    const auto add = [&](PressureOf what, bool some, bool full) {
      Sums& sums = sums_[static_cast<std::size_t>(what)];
      if (some) sums.some += passed;
      if (full) sums.full += passed;
    };
    const bool all_stalled =
        tasks_.stalled > 0 && (tasks_.productive == 0 || tasks_.reclaiming > 0);
    add(PressureOf::memory, tasks_.stalled > 0, all_stalled);
    if (!all_stalled && tasks_.sampled > 0) add_sampled(now);
    add(PressureOf::io, tasks_.on_disk > 0, tasks_.on_disk > 0 && tasks_.runnable == 0);
    add(PressureOf::cpu, tasks_.runnable > tasks_.running,
        tasks_.runnable > 0 && tasks_.running == 0);
    since_ = now;
  }
  void add_sampled(SimTime now) {
    constexpr SimTime kTick{4'000'000};  // CONFIG_HZ 250.
    const SimTime to_tick = kTick - since_ % kTick;
    if (now - since_ < to_tick) return;
    sums_[0].full += to_tick + (now - since_ - to_tick) / kTick * kTick;
  }

  SimTime since_{0};
  std::array<Sums, 3> sums_;
  Tasks tasks_;
};

}  // namespace oomkit::sim
