// Turns from 6.6 on: pick_eevdf() and place_entity() of kernel/sched/fair.c.
//
// Who has had no more than the average is eligible, and of these runs whose deadline is first. A
// deadline is a slice of virtual time away when it is set; when who runs reaches it, it gets
// another, and the next one is picked: at the next tick, or by a timer of its own (HRTICK). Who
// sleeps keeps what he has had less than the average (PLACE_LAG); what he has had more passes
// while he sleeps (DELAY_DEQUEUE).
#include <algorithm>

#include "sim/scheduler.h"

namespace oomkit::sim {
namespace {

std::int64_t floor_of(std::int64_t sum, std::int64_t parts) {
  return sum / parts - (sum % parts < 0 ? 1 : 0);
}

}  // namespace

std::int64_t Scheduler::slice_of_weight(const Thread& thread) const {
  return rules_.slice.count() * kWeightOfNice0 / thread.weight_;
}

// Of all who run or wait, relative to one of them: what they have had, by weight, and the weights.
Scheduler::Load Scheduler::load_from(std::int64_t from) const {
  Load load;
  const auto add = [&](const Thread* each) {
    if (each == nullptr || each->first_) return;
    load.had += (each->virtual_ns_ - from) * each->weight_;
    load.weights += each->weight_;
  };
  std::for_each(running_.begin(), running_.end(), add);
  std::for_each(runnable_.begin(), runnable_.end(), add);
  return load;
}

// avg_vruntime()
std::int64_t Scheduler::average_virtual() const {
  const Load load = load_from(virtual_min_ns_);
  return load.weights == 0 ? virtual_min_ns_ : virtual_min_ns_ + floor_of(load.had, load.weights);
}

// The first of those who wait; nullptr: nobody of them is eligible.
Thread* Scheduler::earliest_waiting() const {
  const Load load = load_from(virtual_min_ns_);
  Thread* best = nullptr;
  for (Thread* each : runnable_) {
    if (each->first_) return each;
    const bool is_eligible = (each->virtual_ns_ - virtual_min_ns_) * load.weights <= load.had;
    if (is_eligible && (best == nullptr || each->deadline_ns_ < best->deadline_ns_)) best = each;
  }
  return best;
}

// Whether another is picked now.
bool Scheduler::is_passed_over(const Thread& thread) const {
  const Thread* best = earliest_waiting();
  return best != nullptr && (best->first_ || best->deadline_ns_ <= thread.deadline_ns_);
}

// When it is seen that who runs has reached its deadline.
SimTime Scheduler::seen_at(const Thread& thread) const {
  const SimTime when = reached(thread, thread.deadline_ns_ - thread.virtual_ns_);
  return thread.timed_ ? when : tick_at_or_after(when);
}

std::int64_t Scheduler::virtual_at(const Thread& thread, SimTime when) const {
  const std::int64_t weighed = (when - now_).count() * kWeightOfNice0 + thread.virtual_rest_;
  return thread.virtual_ns_ + floor_of(weighed, thread.weight_);
}

// update_deadline(), at all the moments at which it was looked at up to now.
void Scheduler::renew_deadline(Thread& thread) {
  while (thread.virtual_ns_ >= thread.deadline_ns_) {
    SimTime when = seen_at(thread);
    if (when > now_) return;
    // Where nobody waits, only the last of these moments counts.
    if (runnable_.empty()) when = std::max(when, now_ / kTick * kTick);
    thread.timed_ = false;
    thread.deadline_ns_ = virtual_at(thread, when) + slice_of_weight(thread);
    thread.preempted_ = !runnable_.empty();
  }
}

// Until it is seen that the slice is over: then another may be picked, or the same.
SimTime Scheduler::share_by_slices(const Thread& thread) const {
  constexpr SimTime kLong = std::chrono::hours(1);
  if (thread.preempted_) return SimTime(0);
  if (thread.first_) return kLong;
  return std::max(seen_at(thread) - now_, SimTime(0));
}

// update_entity_lag(), of who goes to sleep.
void Scheduler::keep_lag(Thread& thread) {
  if (!rules_.slices_are_kept || thread.first_) return;
  const std::int64_t average = average_virtual();
  const SimTime most = std::max(rules_.slice * 2, kTick);
  const std::int64_t limit = most.count() * kWeightOfNice0 / thread.weight_;
  thread.lag_ns_ = std::clamp(average - thread.virtual_ns_, -limit, limit);
}

// place_entity()
void Scheduler::place(Thread& thread, bool is_new) {
  if (thread.first_) return;
  const std::int64_t average = average_virtual();
  const std::int64_t weights = load_from(average).weights;
  if (is_new || weights == 0) {
    thread.virtual_ns_ = average;
  } else if (thread.lag_ns_ < 0) {
    thread.virtual_ns_ = std::max(thread.virtual_ns_, average);
  } else {
    thread.virtual_ns_ = average - thread.lag_ns_ * (weights + thread.weight_) / weights;
  }
  thread.virtual_rest_ = 0;
  thread.lag_ns_ = 0;
  thread.deadline_ns_ = thread.virtual_ns_ + slice_of_weight(thread) / (is_new ? 2 : 1);
}

// wakeup_preempt_fair(): who is in its slice stays, who is beyond it is looked at now.
void Scheduler::look_at_slices(const Thread& woken) {
  for (Thread* each : running_) {
    if (each == nullptr || each->first_ || each->preempted_) continue;
    if (!woken.first_) {
      each->timed_ = rules_.ends_between_ticks;
      if (each->virtual_ns_ < each->deadline_ns_) continue;
      each->deadline_ns_ = each->virtual_ns_ + slice_of_weight(*each);
    }
    each->preempted_ = true;
    return;
  }
}

}  // namespace oomkit::sim
