// When the next tick is wanted, and what it shall hold.
//
// Far from exhaustion nothing can happen before memory could be filled at the fastest rate that
// the settings believe in. Cgroups are looked at when something has moved since the last look,
// processes only of cgroups that have grown: that is where the cost of a guard is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "policy/growth_ledger.h"
#include "policy/policy.h"
#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

class Pace {
 public:
  explicit Pace(const Policy& policy);

  // After a tick was taken in; `busy`: some condition is on its way.
  TickWish next(const Tick& tick, const GrowthLedger& ledger, bool busy);
  // A verdict waits for these processes.
  TickWish hurry(std::uint64_t processes_of, bool all);

  std::span<const std::uint64_t> asked() const { return std::span(asked_).first(asked_count_); }

 private:
  static constexpr std::size_t kAskedMax = 8;

  HostTime interval(const Tick& tick, bool busy) const;
  bool moved(const Tick& tick, bool plenty) const;
  void ask_for_growing(const Tick& tick, const GrowthLedger& ledger);

  const Policy& policy_;
  bool follows_processes_ = false;  // Some rule asks whose growth it is.
  // Some rule may hold for a cgroup while the host has plenty and nobody waits: none of the pauses
  // that plenty allows are for it.
  bool watches_cgroups_ = false;
  bool first_ = true;
  HostTime cgroups_time_{0};
  Known<Bytes> left_at_cgroups_;
  Known<Microseconds> stall_at_cgroups_, stall_before_;
  HostTime processes_time_{0};
  std::array<std::uint64_t, kAskedMax> asked_{};
  std::size_t asked_count_ = 0;
  int hurries_ = 0;  // In a row.
};

}  // namespace oomkit
