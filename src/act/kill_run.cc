#include "act/kill_run.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "core/check.h"

namespace oomkit {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
// Where nothing tells of the next change: members of a cgroup, processes known by pid alone,
// memory that is being handed back.
constexpr std::int64_t kAskAgain = 10 * kMillisecond;
// While somebody has time to end by himself: what is left may become critical meanwhile.
constexpr std::int64_t kWatchLeft = 100 * kMillisecond;
constexpr std::int64_t kFar = INT64_MAX;

// Of what was expected, so much must be back: pages that others share do not come.
constexpr std::int64_t kShareBack = 2;

std::int64_t later(std::int64_t time_ns, std::int64_t wait_ns) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(time_ns, wait_ns, &sum) ? kFar : sum;
}

}  // namespace

void KillRun::begin(const KillOrder& order, const KillConditions& conditions) {
  OOMKIT_CHECK(is_over(), "a kill was begun before the last one was over");
  OOMKIT_CHECK(order.steps.size() <= kStepsMax, "a kill has more steps than there is room for");
  order_ = order;
  order_.targets = {};
  order_.steps = {};
  std::copy(order.steps.begin(), order.steps.end(), steps_.begin());
  step_count_ = order.steps.size();
  for (std::size_t index = 0; index < step_count_; ++index)
    outcomes_[index] = {steps_[index].verb, KillResult::pending, 0, 0, 0, 0};
  step_ = 0;
  is_step_begun_ = false;
  kill_step_.reset();
  needs_rounds_ = watches_group_ = false;
  not_same_ = 0;
  available_before_ = conditions.available_bytes;
  freed_bytes_.reset();
  phase_ = Phase::steps;
  open_targets(order);
  advance(conditions);
}

void KillRun::open_targets(const KillOrder& order) {
  targets_.clear();
  found_ = 0;
  for (const KillTarget& id : order.targets) {
    const int error = targets_.add(id);
    if (error == 0) ++found_;
    if (error == ESTALE) ++not_same_;
  }
}

void KillRun::advance(const KillConditions& conditions) {
  if (is_over()) return;
  wake_at_ns_ = kFar;
  targets_.refresh();
  while (phase_ == Phase::steps && step_ < step_count_) {
    if (!is_step_begun_) step_begin_ns_ = conditions.now_ns;
    if (!run_step(conditions)) return;
    KillOutcome& outcome = outcomes_[step_];
    outcome.took_ns = std::max<std::int64_t>(0, door_.now_ns() - step_begin_ns_);
    is_step_begun_ = false;
    ++step_;
  }
  if (phase_ == Phase::steps) {
    phase_ = Phase::exit;
    phase_begin_ns_ = conditions.now_ns;
  }
  if (phase_ == Phase::exit) {
    if (!kill_step_ || is_all_gone()) {
      leave_exit(conditions, KillResult::done);
    } else if (conditions.now_ns >= later(kill_begin_ns_, order_.exit_wait_ns)) {
      // In rounds whoever comes is killed as well, and somebody may come for ever.
      leave_exit(conditions, targets_.alive() == 0 ? KillResult::done : KillResult::still_there);
    } else {
      wake_at_ns_ = later(kill_begin_ns_, order_.exit_wait_ns);
      if (watches_group_ || targets_.needs_asking())
        wake_at_ns_ = std::min(wake_at_ns_, later(conditions.now_ns, kAskAgain));
      return;
    }
  }
  if (has_come_back(conditions) || conditions.now_ns >= later(phase_begin_ns_, order_.settle_ns)) {
    finish(conditions);
  } else {
    wake_at_ns_ =
        std::min(later(phase_begin_ns_, order_.settle_ns), later(conditions.now_ns, kAskAgain));
  }
}

void KillRun::conclude(KillResult result, int error) {
  outcomes_[step_].result = result;
  if (error != 0) outcomes_[step_].error = error;
}

void KillRun::take(const TargetTally& tally) {
  KillOutcome& outcome = outcomes_[step_];
  outcome.reached += tally.reached;
  outcome.missed += tally.missed;
  if (tally.reached == 0 && tally.missed > 0) {
    conclude(KillResult::failed, tally.error);
  } else if (tally.reached == 0) {
    conclude(found_ == 0 && not_same_ > 0 ? KillResult::other_process : KillResult::not_needed);
  } else {
    conclude(KillResult::done, tally.error);
  }
}

bool KillRun::run_step(const KillConditions& conditions) {
  const KillStep& step = steps_[step_];
  const auto by_error = [&](int error) {
    conclude(error == 0 ? KillResult::done : KillResult::failed, error);
    return true;
  };
  switch (step.verb) {
    case KillVerb::signal:
      if (!is_step_begun_ && !start_signal(conditions)) return true;
      return wait_for_end(conditions);
    case KillVerb::kill:
      start_kill();
      return true;
    case KillVerb::cgroup_kill:
      start_cgroup_kill();
      return true;
    case KillVerb::reap:
      take(targets_.reap_all());
      return true;
    case KillVerb::memory_high:
      return by_error(group_.set_memory_high(order_.group, step.amount));
    case KillVerb::reclaim:
      return go_on_reclaiming(conditions);
    case KillVerb::freeze:
      return by_error(group_.freeze(order_.group));
    case KillVerb::thaw:
      return by_error(group_.thaw(order_.group));
    case KillVerb::sysrq:
      return by_error(door_.press_sysrq('f'));
  }
  return true;
}

// False where there is nobody to wait for.
bool KillRun::start_signal(const KillConditions& conditions) {
  take(targets_.signal_all(steps_[step_].signal, order_.reach));
  if (outcomes_[step_].reached == 0 || steps_[step_].wait_ns == 0) return false;
  is_step_begun_ = true;
  step_begin_ns_ = conditions.now_ns;
  return true;
}

bool KillRun::wait_for_end(const KillConditions& conditions) {
  const std::int64_t until = later(step_begin_ns_, steps_[step_].wait_ns);
  if (targets_.refresh() == 0) {
    conclude(KillResult::done);
    return true;
  }
  if (conditions.now_ns >= until || conditions.is_critical) {
    conclude(KillResult::still_there);
    return true;
  }
  const std::int64_t pause = targets_.needs_asking() ? kAskAgain : kWatchLeft;
  wake_at_ns_ = std::min(until, later(conditions.now_ns, pause));
  return false;
}

void KillRun::start_kill() {
  take(targets_.signal_all(SIGKILL, order_.reach));
  if (outcomes_[step_].reached == 0) return;
  // Done when they are gone.
  conclude(KillResult::pending);
  kill_step_ = step_;
  kill_begin_ns_ = step_begin_ns_;
}

void KillRun::start_cgroup_kill() {
  const KillGroupActions::Beginning beginning = group_.begin_kill(order_.group);
  if (beginning.error != 0) {
    conclude(KillResult::failed, beginning.error);
    return;
  }
  outcomes_[step_].reached = static_cast<std::int32_t>(targets_.alive());
  if (!beginning.by_kernel) {
    needs_rounds_ = true;
    outcomes_[step_].reached = group_.kill_round(order_.group);
  }
  if (outcomes_[step_].reached == 0 && group_.is_empty(order_.group)) {
    conclude(KillResult::not_needed);
    return;
  }
  watches_group_ = true;
  kill_step_ = step_;
  kill_begin_ns_ = step_begin_ns_;
}

// In pieces, and back to the loop between them.
bool KillRun::go_on_reclaiming(const KillConditions& conditions) {
  if (!is_step_begun_) {
    is_step_begun_ = true;
    reclaim_left_ = steps_[step_].amount;
  }
  const DoorNumber piece = group_.reclaim_piece(order_.group, reclaim_left_);
  if (piece.error == 0) reclaim_left_ -= piece.value;
  const std::int64_t wait_ns = steps_[step_].wait_ns;
  const bool is_late = wait_ns > 0 && conditions.now_ns >= later(step_begin_ns_, wait_ns);
  // EAGAIN: the kernel found less than it was asked for.
  if (piece.error != 0 || reclaim_left_ <= 0 || is_late || conditions.is_critical) {
    conclude(piece.error != 0 ? KillResult::failed
                              : (reclaim_left_ <= 0 ? KillResult::done : KillResult::still_there),
             piece.error);
    return true;
  }
  wake_at_ns_ = conditions.now_ns;
  return false;
}

bool KillRun::is_all_gone() {
  if (watches_group_) {
    if (needs_rounds_) outcomes_[*kill_step_].reached += group_.kill_round(order_.group);
    targets_.refresh();
    // The kernel has killed all at once, and those that were forked in that moment too: whoever is
    // in there and is none of them came from outside, and after them.
    const bool came_after = !needs_rounds_ && outcomes_[*kill_step_].reached > 0 &&
                            !targets_.is_full() && targets_.alive() == 0;
    if (!came_after && !group_.is_empty(order_.group)) return false;
  }
  return targets_.alive() == 0;
}

void KillRun::leave_exit(const KillConditions& conditions, KillResult result) {
  if (kill_step_) {
    KillOutcome& outcome = outcomes_[*kill_step_];
    outcome.result = result;
    // By now: reaping may have taken long since the loop looked at its clock.
    outcome.took_ns = std::max<std::int64_t>(0, door_.now_ns() - kill_begin_ns_);
  }
  phase_ = Phase::settle;
  phase_begin_ns_ = conditions.now_ns;
  // Nothing was ended, so nothing comes back; and what does not end gives nothing back.
  if (!kill_step_ || result == KillResult::still_there) order_.settle_ns = 0;
}

bool KillRun::has_come_back(const KillConditions& conditions) const {
  if (order_.expected_bytes <= 0) return true;
  if (!conditions.available_bytes || !available_before_) return false;
  return *conditions.available_bytes - *available_before_ >= order_.expected_bytes / kShareBack;
}

void KillRun::finish(const KillConditions& conditions) {
  if (conditions.available_bytes && available_before_)
    freed_bytes_ = *conditions.available_bytes - *available_before_;
  targets_.clear();
  phase_ = Phase::idle;
}

}  // namespace oomkit
