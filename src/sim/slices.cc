// Turns from 6.6 on: pick_eevdf() and place_entity() of kernel/sched/fair.c.
//
// Who has had no more than the average is eligible, and of these runs whose deadline is first. A
// deadline is a slice of virtual time away when it is set; when who runs reaches it, it gets
// another, and the next one is picked: at the next tick, or by a timer of its own (HRTICK). Who
// sleeps keeps what he has had less than the average (PLACE_LAG). Who has had more is counted on
// until he is picked as if he waited, and has nothing to pay for then (DELAY_DEQUEUE, DELAY_ZERO).
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

void Scheduler::Load::add(const Thread& thread, std::int64_t from, int sign) {
  if (thread.first_) return;
  had += (thread.virtual_ns_ - from) * thread.weight_ * sign;
  weights += thread.weight_ * sign;
}

// Where waiting_ counts from: near to all of them, or it would overflow.
void Scheduler::count_from(std::int64_t virtual_ns) {
  waiting_.had -= waiting_.weights * (virtual_ns - virtual_min_ns_);
  virtual_min_ns_ = virtual_ns;
}

// Of all who run or wait: what they have had, by weight, and the weights.
Scheduler::Load Scheduler::load() const {
  Load load = waiting_;
  for (const Thread* each : running_) {
    if (each != nullptr) load.add(*each, virtual_min_ns_, 1);
  }
  return load;
}

void Scheduler::remove_delayed(std::vector<Thread*>::iterator delayed) {
  waiting_.add(**delayed, virtual_min_ns_, -1);
  delayed_.erase(delayed);
}

// avg_vruntime()
std::int64_t Scheduler::average_virtual() const {
  const Load load = this->load();
  return load.weights == 0 ? virtual_min_ns_ : virtual_min_ns_ + floor_of(load.had, load.weights);
}

// pick_eevdf(): the first of those who wait, and of who runs, if somebody does and has not had too
// much. nullptr: nobody waits who is as good. Who runs is not compared in the slice that it was
// picked with (RUN_TO_PARITY).
Thread* Scheduler::pick(const Thread* runs) {
  while (true) {
    const Load load = this->load();
    const auto is_eligible = [&](const Thread& each) {
      return (each.virtual_ns_ - virtual_min_ns_) * load.weights <= load.had;
    };
    if (runs != nullptr && runs->is_protected_ && runs->virtual_ns_ < runs->deadline_ns_ &&
        is_eligible(*runs))
      return nullptr;
    Thread* best = nullptr;
    for (Thread* each : runnable_) {
      if (each->first_) return each;
      const bool is_first = best == nullptr || each->deadline_ns_ < best->deadline_ns_;
      if (is_first && is_eligible(*each)) best = each;
    }
    auto delayed = delayed_.end();
    for (auto it = delayed_.begin(); it != delayed_.end(); ++it) {
      if (!is_eligible(**it) || (best != nullptr && best->deadline_ns_ <= (*it)->deadline_ns_))
        continue;
      best = *it;
      delayed = it;
    }
    if (best == nullptr) return nullptr;
    if (runs != nullptr && is_eligible(*runs) && runs->deadline_ns_ < best->deadline_ns_)
      return nullptr;
    if (delayed == delayed_.end()) return best;
    remove_delayed(delayed);
  }
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

void Scheduler::begin_slice(Thread& thread, std::int64_t virtual_ns) {
  thread.deadline_ns_ = virtual_ns + slice_of_weight(thread);
  thread.is_protected_ = false;
}

// update_deadline(), at all the moments at which it was looked at up to now.
void Scheduler::renew_deadline(Thread& thread) {
  while (thread.virtual_ns_ >= thread.deadline_ns_) {
    SimTime when = seen_at(thread);
    if (when > now_) return;
    // Where nobody waits, only the last of these moments counts.
    if (runnable_.empty()) when = std::max(when, now_ / kTick * kTick);
    thread.timed_ = false;
    begin_slice(thread, virtual_at(thread, when));
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

// update_entity_lag(), of who goes to sleep: dequeue_entity().
void Scheduler::leave_slices(Thread& thread) {
  if (!rules_.slices_are_kept || thread.first_) return;
  const std::int64_t average = average_virtual();
  const SimTime most = std::max(rules_.slice * 2, kTick);
  const std::int64_t limit = most.count() * kWeightOfNice0 / thread.weight_;
  const std::int64_t lag = std::min(average - thread.virtual_ns_, limit);
  thread.lag_ns_ = std::max(lag, std::int64_t{0});
  if (lag >= 0) return;
  delayed_.push_back(&thread);
  waiting_.add(thread, virtual_min_ns_, 1);
}

// place_entity(), and requeue_delayed_entity().
void Scheduler::place(Thread& thread, bool is_new) {
  if (thread.first_) return;
  const auto delayed = std::find(delayed_.begin(), delayed_.end(), &thread);
  if (delayed != delayed_.end()) {
    const bool stays = average_virtual() <= thread.virtual_ns_;
    remove_delayed(delayed);
    if (stays) return;
  }
  const std::int64_t average = average_virtual();
  const std::int64_t weights = load().weights;
  thread.virtual_ns_ = average;
  if (weights > 0) thread.virtual_ns_ -= thread.lag_ns_ * (weights + thread.weight_) / weights;
  thread.virtual_rest_ = 0;
  thread.lag_ns_ = 0;
  thread.deadline_ns_ = thread.virtual_ns_ + slice_of_weight(thread) / (is_new ? 2 : 1);
}

// On its way out of the kernel it gives way to who was woken.
void Scheduler::stay_in_kernel(Thread& thread, bool stays) {
  if (!rules_.ends_between_ticks) return;
  thread.stays_in_kernel_ = stays;
  if (!stays && !runnable_.empty()) thread.preempted_ = pick(&thread) != nullptr;
}

// wakeup_preempt_fair(): who is beyond its slice is looked at now.
void Scheduler::look_at_slices(const Thread& woken) {
  for (Thread* each : running_) {
    if (each == nullptr || each->first_ || each->preempted_) continue;
    if (!woken.first_) {
      each->timed_ = rules_.ends_between_ticks;
      const bool is_in_slice = each->virtual_ns_ < each->deadline_ns_;
      if (is_in_slice && each->stays_in_kernel_) continue;
      if (is_in_slice && pick(each) != &woken) continue;
      if (!is_in_slice) begin_slice(*each, each->virtual_ns_);
    }
    each->preempted_ = true;
    return;
  }
}

// Who begins, or was woken.
void Scheduler::join_by_slices(Thread& thread, bool is_new) {
  account_running();
  place(thread, is_new);
  make_runnable(thread);
  look_at_slices(thread);
}

}  // namespace oomkit::sim
