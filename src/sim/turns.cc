// Threads that take turns with uniform work (rhythm.h): their turns by numbers, and when the same
// state comes again, as many times at once as nothing is due.
//
// A turn is what step() and dispatch() do, in their order: the end of a step, who is next, and how
// far he gets. What is left out is what has no effect here: nobody is told of a change between
// running and waiting, as all stay runnable and none of them stalls.
#include <algorithm>
#include <optional>

#include "sim/scheduler.h"

namespace oomkit::sim {

// All that decides how turns go on, without when it is; and from where it counts.
struct Scheduler::Turn {
  struct Of {
    const Thread* thread = nullptr;
    std::int64_t virtual_ns = 0;  // More than who runs.
    std::int64_t virtual_rest = 0;
    std::int64_t deadline_ns = 0;  // As virtual_ns.
    std::size_t step = 0;
    friend bool operator==(const Of&, const Of&) = default;
  };
  std::vector<Of> threads;  // Who runs, then those who wait.
  std::int64_t virtual_min_ns = 0;
  SimTime in_tick{0};

  SimTime now{0};
  std::int64_t virtual_ns = 0;
  std::vector<SimTime> ran;
  std::vector<std::int64_t> rounds;

  bool is_as(const Turn& other) const {
    return in_tick == other.in_tick && virtual_min_ns == other.virtual_min_ns &&
           threads == other.threads;
  }
};

SimTime Scheduler::in_tick() const {
  return now_ % kTick;
}

std::vector<Thread*> Scheduler::takers() const {
  std::vector<Thread*> threads = {running_.front()};
  threads.insert(threads.end(), runnable_.begin(), runnable_.end());
  return threads;
}

void Scheduler::look_at_turn(Turn& turn) const {
  const std::vector<Thread*> threads = takers();
  turn.threads.clear();
  turn.ran.clear();
  turn.rounds.clear();
  turn.now = now_;
  turn.virtual_ns = threads.front()->virtual_ns_;
  if (!rules_.slices_are_kept) turn.virtual_min_ns = virtual_min_ns_ - turn.virtual_ns;
  turn.in_tick = in_tick();
  for (const Thread* each : threads) {
    turn.threads.push_back({each, each->virtual_ns_ - turn.virtual_ns, each->virtual_rest_,
                            rules_.slices_are_kept ? each->deadline_ns_ - turn.virtual_ns : 0,
                            each->rhythm_->next()});
    turn.ran.push_back(each->ran_);
    turn.rounds.push_back(each->rhythm_->rounds());
  }
}

// From `before` to now it went once around: as often again as is allowed and nothing is due.
void Scheduler::repeat_turns(const Turn& before) {
  const std::vector<Thread*> threads = takers();
  const SimTime period = now_ - before.now;
  std::int64_t times = std::chrono::nanoseconds::max() / period;
  if (!events_.empty()) times = (events_.begin()->first.first - now_) / period - 1;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const Rhythm& rhythm = *threads[i]->rhythm_;
    const std::int64_t rounds = rhythm.rounds() - before.rounds[i];
    if (rounds > 0) times = std::min(times, rhythm.rounds_left() / rounds - 1);
  }
  if (times <= 0) return;
  const std::int64_t more = (threads.front()->virtual_ns_ - before.virtual_ns) * times;
  now_ += period * times;
  virtual_min_ns_ += more;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    Thread& each = *threads[i];
    each.virtual_ns_ += more;
    each.deadline_ns_ += more;
    each.ran_ += (each.ran_ - before.ran[i]) * times;
    each.dispatched_ += period * times;
    each.accounted_ += period * times;
    each.queued_ += period * times;
    each.rhythm_->repeat((each.rhythm_->rounds() - before.rounds[i]) * times);
  }
}

bool Scheduler::can_take_turns() const {
  if (running_.size() != 1 || runnable_.empty() || !delayed_.empty() || stopped_) return false;
  const Thread* thread = running_.front();
  if (thread == nullptr || thread->rhythm_ == nullptr || !thread->spent_at_) return false;
  if (!events_.empty() && events_.begin()->first.first <= thread->spent_at_->first) return false;
  return std::all_of(runnable_.begin(), runnable_.end(),
                     [](const Thread* each) { return each->rhythm_ != nullptr; });
}

// Ends where something is due, or a thread has to look itself: then a step has begun that ends as
// any other.
void Scheduler::take_turns() {
  const std::vector<Thread*> threads = takers();
  for (Thread* each : threads)
    each->rhythm_->plan();
  Turn seen;  // Brent's way to find a cycle: what is compared with is twice as long ago each time.
  Turn now;
  std::int64_t turns = 0;
  std::int64_t kept_next = 1;
  bool repeated = false;
  while (can_take_turns()) {
    Thread* thread = running_.front();
    // One of them goes on behind this step.
    if (std::any_of(threads.begin(), threads.end(),
                    [](const Thread* each) { return !each->rhythm_->may_begin(); }))
      break;
    now_ = std::exchange(thread->spent_at_, std::nullopt)->first;
    account(*thread);
    if (gives_way(*thread)) {
      thread = &pass_on(*thread);
      const bool may_be = !repeated && turns > 0 && seen.in_tick == in_tick() &&
                          seen.threads.front().thread == thread &&
                          seen.threads.front().step == thread->rhythm_->next();
      if (may_be) look_at_turn(now);
      if (may_be && now.is_as(seen)) {
        repeat_turns(seen);
        repeated = true;
      } else if (++turns == kept_next) {
        look_at_turn(seen);
        kept_next *= 2;
      }
    }
    SimTime share = *share_left(*thread);
    if (!events_.empty()) share = std::min(share, events_.begin()->first.first - now_);
    now_ += thread->rhythm_->skip(share);
    account(*thread);
    thread->spent_at_.emplace(now_ + thread->rhythm_->begin_step(), sequence_++);
  }
  for (Thread* each : threads)
    each->rhythm_->settle();
}

// The processor, from one thread to the next.
Thread& Scheduler::pass_on(Thread& thread) {
  thread.processor_.reset();
  running_.front() = nullptr;
  enqueue(thread);
  Thread& next = *next_runnable();
  begin_turn(next, 0);
  return next;
}

}  // namespace oomkit::sim
