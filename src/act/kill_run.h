// One decision carried out, step by step, without ever waiting itself.
//
// A SIGTERM wants its time, and so does the end of a large process; a guard that slept
// meanwhile would be blind when memory gets critical. So this is a state machine: the loop
// calls advance() when one of handles() is ready or wake_at_ns() has come, with the time and
// the state of memory, and looks after the host in between. It holds all that it needs, and
// nothing in it allocates.
//
// A run is over when everybody is gone and the memory that was expected is back (or does not
// come): a second kill while the first victim's gigabytes are still being handed back is how
// killers kill too many.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "act/kill_group.h"
#include "act/kill_order.h"
#include "act/kill_targets.h"
#include "io/kill_door.h"

namespace oomkit {

struct KillConditions {
  std::int64_t now_ns = 0;
  bool is_critical = false;  // Whoever was asked to end is not waited for any longer.
  std::optional<std::int64_t> available_bytes;
};

class KillRun {
 public:
  static constexpr std::size_t kStepsMax = 12;

  explicit KillRun(KillDoor& door) : door_(door), targets_(door), group_(door, targets_) {}

  void protect(std::int32_t pid) { targets_.protect(pid); }
  void protect_instead(std::int32_t old, std::int32_t pid) { targets_.protect_instead(old, pid); }

  // Carries out what needs no waiting right away. The previous run must be over.
  void begin(const KillOrder& order, const KillConditions& conditions);
  void advance(const KillConditions& conditions);

  bool is_over() const { return phase_ == Phase::idle; }
  std::span<const int> handles() { return targets_.handles(); }
  std::int64_t wake_at_ns() const { return wake_at_ns_; }

  // Of the last run.
  std::span<const KillOutcome> outcomes() const { return {outcomes_.data(), step_count_}; }
  // What was available at the end minus at the beginning, where both are known.
  std::optional<std::int64_t> freed_bytes() const { return freed_bytes_; }
  // Targets that did not count: another process has their pid, or they were gone.
  std::int32_t not_same() const { return not_same_; }

 private:
  enum class Phase : std::uint8_t { idle, steps, exit, settle };

  void open_targets(const KillOrder& order);
  // True when the step is done with, for better or worse.
  bool run_step(const KillConditions& conditions);
  bool start_signal(const KillConditions& conditions);
  void start_kill();
  void start_cgroup_kill();
  bool go_on_reclaiming(const KillConditions& conditions);
  bool wait_for_end(const KillConditions& conditions);
  bool is_all_gone();
  void leave_exit(const KillConditions& conditions, KillResult result);
  bool has_come_back(const KillConditions& conditions) const;
  void finish(const KillConditions& conditions);
  void conclude(KillResult result, int error = 0);
  void take(const TargetTally& tally);

  KillDoor& door_;
  KillTargets targets_;
  KillGroupActions group_;

  Phase phase_ = Phase::idle;
  KillOrder order_;  // Its spans are not ours: the steps are copied, the targets opened.
  std::array<KillStep, kStepsMax> steps_{};
  std::array<KillOutcome, kStepsMax> outcomes_{};
  std::size_t step_count_ = 0;
  std::size_t step_ = 0;
  bool is_step_begun_ = false;
  std::int64_t step_begin_ns_ = 0;
  std::int64_t reclaim_left_ = 0;
  std::optional<std::size_t> kill_step_;  // The step whose end is that of its targets.
  std::int64_t kill_begin_ns_ = 0;
  bool needs_rounds_ = false;
  bool watches_group_ = false;
  std::int64_t phase_begin_ns_ = 0;
  std::int64_t wake_at_ns_ = 0;
  std::int32_t not_same_ = 0;
  std::size_t found_ = 0;
  std::optional<std::int64_t> available_before_;
  std::optional<std::int64_t> freed_bytes_;
};

}  // namespace oomkit
