// When the cgroups and the processes are worth reading: pure sums.
//
// /proc/meminfo and one pressure file cost some ten microseconds and are read at every tick.
// The tree costs a hundred times that, all processes a thousand times. So the tree is read when
// memory has moved since the last time, when somebody had to wait for it, or when a while has
// passed; rarely while there is plenty. Processes are read when the policy asks for them. And
// neither may take more than its share of a processor: after a reading that took long the next
// one waits.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

class ScanSchedule {
 public:
  bool cgroups_due(std::int64_t now_ns, const TickHost& host, const TickWish& wish) const {
    if (wish.verdict || wish.cgroups || wish.all_processes || !has_scanned_) return true;
    if (now_ns < cgroups_not_before_) return false;
    const std::int64_t waited_ns = now_ns - cgroups_read_;
    const double left = left_of(host);
    const bool is_plenty = left > kPlenty;
    if (waited_ns >= (is_plenty ? kWhileInPlenty : kWhile)) return true;
    if (waited_ns < (left < kScarce ? kShortest / 2 : kShortest)) return false;
    const double moved = left > left_then_ ? left - left_then_ : left_then_ - left;
    return moved >= (is_plenty ? kMoveInPlenty : kMove) ||
           stalled_of(host) - stalled_then_ >= kStall;
  }
  void cgroups_were_read(std::int64_t begin_ns, std::int64_t end_ns, const TickHost& host) {
    has_scanned_ = true;
    cgroups_read_ = begin_ns;
    cgroups_not_before_ = end_ns + (end_ns - begin_ns) * kCgroupShare;
    left_then_ = left_of(host);
    stalled_then_ = stalled_of(host);
  }

  // A verdict does not wait for its turn.
  bool processes_due(std::int64_t now_ns, const TickWish& wish) const {
    if (wish.all_processes) return true;
    return !wish.processes_of.empty() && (wish.verdict || now_ns >= processes_not_before_);
  }
  void processes_were_read(std::int64_t begin_ns, std::int64_t end_ns) {
    processes_not_before_ = end_ns + (end_ns - begin_ns) * kProcessShare;
  }

 private:
  static constexpr std::int64_t kMillisecond = 1'000'000;
  static constexpr std::int64_t kWhile = 5'000 * kMillisecond;
  static constexpr std::int64_t kWhileInPlenty = 30'000 * kMillisecond;
  static constexpr std::int64_t kShortest = 400 * kMillisecond;
  static constexpr double kPlenty = 0.5;
  static constexpr double kScarce = 0.3;
  static constexpr double kMove = 0.005;
  static constexpr double kMoveInPlenty = 0.02;
  static constexpr std::int64_t kStall = 2'000;  // Microseconds.
  // So many times as long as a reading took passes before the next: 4 % and 2 %.
  static constexpr std::int64_t kCgroupShare = 24;
  static constexpr std::int64_t kProcessShare = 49;

  // Of RAM, what is available and free in swap; more than 1 with much swap.
  static double left_of(const TickHost& host) {
    const Bytes left = host.mem_available.value_or(host.mem_free.value_or(Bytes(0))) +
                       host.swap_free.value_or(Bytes(0));
    const auto total = static_cast<double>(host.mem_total.value_or(Bytes(0)).count());
    return total > 0 ? static_cast<double>(left.count()) / total : 0;
  }
  static std::int64_t stalled_of(const TickHost& host) {
    return host.memory.some.total.value_or(Microseconds(0)).count();
  }

  bool has_scanned_ = false;
  std::int64_t cgroups_read_ = 0;
  std::int64_t cgroups_not_before_ = 0;
  std::int64_t processes_not_before_ = 0;
  double left_then_ = 0;
  std::int64_t stalled_then_ = 0;
};

}  // namespace oomkit
