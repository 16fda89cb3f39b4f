// How hard reclaim finds it to have anything of a cgroup. mm/vmpressure.c
//
// What it found is added up, and a worker of the kernel makes a level of it (vmpressure_work_fn()).
// Near its end a reclaim calls for the worker at each priority. Up to 6.5 it has the processor at
// once, four times in a try at a limit; with slices when that of the one in reclaim is over.
#include <algorithm>
#include <utility>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr Pages kWindow(512);         // vmpressure_win
constexpr int kCritical = 3;          // vmpressure_level_critical_prio
constexpr int kPercentMedium = 60;    // vmpressure_level_med
constexpr int kPercentCritical = 95;  // vmpressure_level_critical

}  // namespace

void Kernel::vmpressure(Memcg& group, Pages scanned, Pages reclaimed) {
  if (scanned <= Pages(0)) return;
  group.scanned += scanned;
  group.reclaimed += reclaimed;
  if (group.scanned < kWindow) return;
  const auto waiting = std::find(pressed_.begin(), pressed_.end(), &group);
  if (waiting == pressed_.end()) pressed_.push_back(&group);
  scheduler_.wake(*worker_);
}

void Kernel::vmpressure_priority(Memcg& group, int priority) {
  if (priority <= kCritical) vmpressure(group, kWindow, Pages(0));
}

Co<void> Kernel::work_on_pressure() {
  while (true) {
    if (pressed_.empty()) {
      co_await scheduler_.wait(*worker_);
      continue;
    }
    Memcg& group = *pressed_.front();
    pressed_.erase(pressed_.begin());
    co_await spend(*worker_, profile_.costs.pressure_work);
    const std::int64_t scanned = std::exchange(group.scanned, Pages(0)).count();
    const std::int64_t reclaimed = std::exchange(group.reclaimed, Pages(0)).count();
    if (cgroup_ != CgroupVersion::v1 || scanned == 0) continue;
    const std::int64_t all = scanned + reclaimed;
    const std::int64_t percent = (all - reclaimed * all / scanned) * 100 / all;
    witness_.pressed(group, percent >= kPercentCritical ? "critical"
                            : percent >= kPercentMedium ? "medium"
                                                        : "low");
  }
}

}  // namespace oomkit::sim
