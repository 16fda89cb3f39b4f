// What of a wish is read now: pure sums.
//
// /proc/meminfo and one pressure file cost some ten microseconds and are read at every tick. The
// tree of cgroups costs a hundred times that and is read when the policy's pace wants it
// (policy/pace.h); all processes a thousand times. So processes may not take more than their share
// of a processor: after a reading that took long the next one waits, unless a verdict needs it.
#pragma once

#include <cstdint>

#include "policy/wish.h"

namespace oomkit {

class ScanSchedule {
 public:
  bool cgroups_due(const TickWish& wish) const { return wish.cgroups || !has_cgroups_; }
  void cgroups_were_read() { has_cgroups_ = true; }

  bool processes_due(std::int64_t now_ns, const TickWish& wish) const {
    if (wish.all_processes) return true;
    return !wish.processes_of.empty() && (wish.verdict || now_ns >= processes_not_before_);
  }
  void processes_were_read(std::int64_t begin_ns, std::int64_t end_ns) {
    processes_not_before_ = end_ns + (end_ns - begin_ns) * kProcessShare;
  }

 private:
  // So many times as long as a reading took passes before the next: 2 %.
  static constexpr std::int64_t kProcessShare = 49;

  bool has_cgroups_ = false;
  std::int64_t processes_not_before_ = 0;
};

}  // namespace oomkit
