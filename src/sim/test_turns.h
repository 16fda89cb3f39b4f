// What the tests of the scheduler share: how kernels take turns, and threads that are busy.
#pragma once

#include "sim/scheduler.h"

namespace oomkit::sim {

inline const TurnRules kByTicks;                                                     // 5.10, 6.1
inline const TurnRules kSlicesAtTicks{true, std::chrono::microseconds(750), false};  // 6.12
inline const TurnRules kSlices{true, std::chrono::microseconds(700), true};          // 7.2

inline Co<void> be_busy(Scheduler& scheduler, Thread& thread, int times, SimTime each) {
  for (int i = 0; i < times; ++i)
    co_await scheduler.spend(thread, each);
}

}  // namespace oomkit::sim
