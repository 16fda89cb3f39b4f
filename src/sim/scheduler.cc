#include "sim/scheduler.h"

#include <algorithm>
#include <array>

#include "core/check.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kWeightOfNice0 = Scheduler::kWeightOfNice0;
constexpr SimTime kWakeUpGranule = 1ms;  // sysctl_sched_wakeup_granularity.
constexpr SimTime kLatency = 6ms;        // sysctl_sched_latency.
constexpr SimTime kSleeperBonus = kLatency / 2;
constexpr SimTime kLeastSlice = 750us;  // sysctl_sched_min_granularity.
// The virtual run time of SCHED_FIFO: nobody has had less. Weighed it still is a number.
constexpr std::int64_t kBeforeAll = -(std::int64_t{1} << 40);

// sched_prio_to_weight[] of kernel/sched/core.c: each step is a tenth of a processor.
constexpr std::array<std::int64_t, 40> kWeights = {
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
    3906,  3121,  2501,  1991,  1586,  1277,  1024,  820,   655,   526,   423,  335,  272,  215,
    172,   137,   110,   87,    70,    56,    45,    36,    29,    23,    18,   15};

std::int64_t weight_of(int nice) {
  return kWeights.at(static_cast<std::size_t>(std::clamp(nice, -20, 19)) + 20U);
}

// wakeup_gran()
std::int64_t granule_of(std::int64_t weight) {
  return kWakeUpGranule.count() * kWeightOfNice0 / weight;
}

}  // namespace

Thread::Thread(Scheduler& scheduler, std::uint64_t number, int nice)
    : scheduler_(&scheduler),
      number_(number),
      weight_(weight_of(nice)),
      granule_ns_(granule_of(weight_)) {}

Scheduler::EventId Scheduler::at(SimTime when, std::function<void()> what) {
  const EventId id{std::max(when, now_), sequence_++};
  events_.emplace(id, std::move(what));
  return id;
}

Thread& Scheduler::create(int nice) {
  threads_.push_back(std::make_unique<Thread>(*this, threads_.size(), nice));
  return *threads_.back();
}

void Scheduler::start(Thread& thread, Co<void> path) {
  thread.fiber_.start(std::move(path));
  if (rules_.slices_are_kept) return join_by_slices(thread, true);
  // Up to 6.5 a new thread begins a slice behind the others (START_DEBIT).
  if (!thread.first_) {
    std::int64_t weights = thread.weight_ + runnable_weights_;
    for (const Thread* other : running_)
      weights += other != nullptr ? other->weight_ : 0;
    thread.virtual_ns_ = virtual_min_ns_ + kLatency.count() * kWeightOfNice0 / weights;
  }
  make_runnable(thread);
}

SimTime Scheduler::do_at_once(Thread& thread, Co<void> path) {
  const bool was_woken = thread.wake_pending_;
  at_once_ = SimTime(0);
  path.state()->self.resume();
  thread.wake_pending_ = thread.wake_pending_ || was_woken;
  return *std::exchange(at_once_, std::nullopt);
}

void Scheduler::set_first(Thread& thread, bool first) {
  if (thread.is_running()) account(thread);
  const std::int64_t average = rules_.slices_are_kept ? average_virtual() : virtual_min_ns_;
  if (thread.runnable_) waiting_.add(thread, virtual_min_ns_, -1);
  thread.first_ = first;
  thread.weight_ = first ? kWeights.front() : kWeightOfNice0;
  thread.virtual_ns_ = first ? kBeforeAll : average;
  thread.virtual_rest_ = 0;
  thread.deadline_ns_ = thread.virtual_ns_ + slice_of_weight(thread);
  if (thread.runnable_) waiting_.add(thread, virtual_min_ns_, 1);
}

// reweight_entity() of who runs: from 6.6 on what it has had less than the average, and what is
// left of its slice, are as long by the clock as before.
void Scheduler::set_nice(Thread& thread, int nice) {
  OOMKIT_CHECK(thread.is_running(), "who sets his own nice value runs");
  account(thread);
  const std::int64_t average = average_virtual();
  const std::int64_t before = std::exchange(thread.weight_, weight_of(nice));
  thread.granule_ns_ = granule_of(thread.weight_);
  if (!rules_.slices_are_kept) return;
  const std::int64_t left = thread.deadline_ns_ - thread.virtual_ns_;
  const std::int64_t lag = average - thread.virtual_ns_;
  thread.virtual_ns_ = average - lag * before / thread.weight_;
  thread.deadline_ns_ = thread.virtual_ns_ + left * before / thread.weight_;
}

void Scheduler::changed(Thread& thread) {
  if (thread.on_change) thread.on_change();
}

void Scheduler::enqueue(Thread& thread) {
  thread.runnable_ = true;
  thread.queued_ = now_;
  const auto later = [](const Thread* a, const Thread* b) {
    return std::pair(a->virtual_ns_, a->number_) > std::pair(b->virtual_ns_, b->number_);
  };
  const auto place = rules_.slices_are_kept
                         ? runnable_.end()
                         : std::upper_bound(runnable_.begin(), runnable_.end(), &thread, later);
  runnable_.insert(place, &thread);
  runnable_weights_ += thread.weight_;
  waiting_.add(thread, virtual_min_ns_, 1);
}

void Scheduler::make_runnable(Thread& thread) {
  enqueue(thread);
  changed(thread);
}

void Scheduler::wake(Thread& thread) {
  if (thread.fiber_.done() || thread.wake_pending_) return;
  thread.wake_pending_ = true;
  if (thread.is_runnable()) return;
  if (thread.timer_) cancel(*thread.timer_);
  awake(thread);
}

// Arrears of more than half a latency are forgotten: place_entity(). Whoever runs and has had more
// by the sleeper's granule gives way: check_preempt_wakeup().
void Scheduler::awake(Thread& thread) {
  if (rules_.slices_are_kept) return join_by_slices(thread, false);
  account_running();
  if (!thread.first_)
    thread.virtual_ns_ = std::max(thread.virtual_ns_, virtual_min_ns_ - kSleeperBonus.count());
  make_runnable(thread);
  for (Thread* each : running_) {
    if (each == nullptr || each->virtual_ns_ - thread.virtual_ns_ <= thread.granule_ns_) continue;
    each->preempted_ = true;
    return;
  }
}

Thread* Scheduler::next_runnable() {
  if (runnable_.empty()) {
    while (!delayed_.empty())
      remove_delayed(delayed_.begin());
    return nullptr;
  }
  if (!rules_.slices_are_kept) return runnable_.back();
  Thread* const next = pick(nullptr);
  return next != nullptr ? next : runnable_.front();
}

void Scheduler::account_running() {
  for (Thread* each : running_) {
    if (each != nullptr) account(*each);
  }
}

// What a running thread has used up to now, whether or not it is at the end of a spend().
void Scheduler::account(Thread& thread) {
  const SimTime time = now_ - thread.accounted_;
  thread.accounted_ = now_;
  thread.ran_ += time;
  if (thread.first_) return;
  // What is left of a division is kept: many small times are as much as a large one.
  if (thread.weight_ == kWeightOfNice0) {
    thread.virtual_ns_ += time.count();
  } else {
    const std::int64_t weighed = time.count() * kWeightOfNice0 + thread.virtual_rest_;
    thread.virtual_ns_ += weighed / thread.weight_;
    thread.virtual_rest_ = weighed % thread.weight_;
  }
  if (rules_.slices_are_kept) {
    count_from(thread.virtual_ns_);
    return renew_deadline(thread);
  }
  const Thread* next = runnable_.empty() ? nullptr : runnable_.back();
  const std::int64_t lowest =
      next == nullptr ? thread.virtual_ns_ : std::min(thread.virtual_ns_, next->virtual_ns_);
  count_from(std::max(virtual_min_ns_, lowest));
}

// sched_slice()
SimTime Scheduler::slice_of(const Thread& thread) const {
  const std::int64_t weights = thread.weight_ + runnable_weights_;
  const auto threads = static_cast<std::int64_t>(runnable_.size()) + 1;
  return std::max(kLatency, kLeastSlice * threads) * thread.weight_ / weights;
}

// When account() will have added so much, or had, to the nanosecond: a share is over at the same
// moment whether it was asked for once, or again and again in between.
SimTime Scheduler::reached(const Thread& thread, std::int64_t virtual_ns) const {
  const std::int64_t weighed = virtual_ns * thread.weight_ - thread.virtual_rest_;
  const std::int64_t more = weighed > 0 ? kWeightOfNice0 - 1 : 0;
  return now_ + SimTime((weighed + more) / kWeightOfNice0);
}

// Up to 6.5: at a tick, when its slice is over and the other has had less, or less by the slice
// (check_preempt_tick()); at once when one was woken that had had much less.
SimTime Scheduler::share_by_ticks(const Thread& thread, const Thread& next) const {
  if (thread.preempted_) return SimTime(0);
  const SimTime slice = slice_of(thread);
  const std::int64_t behind = next.virtual_ns_ - thread.virtual_ns_;
  const auto tick_from = [&](SimTime time) {
    return tick_at_or_after(std::max({time, next.queued_, thread.dispatched_ + SimTime(1)}));
  };
  const SimTime by_slice = tick_from(std::max(thread.dispatched_ + slice, reached(thread, behind)));
  const SimTime by_lead = tick_from(
      std::max(thread.dispatched_ + kLeastSlice, reached(thread, behind + slice.count())));
  return std::max(std::min(by_slice, by_lead) - now_, SimTime(0));
}

SimTime Scheduler::tick_at_or_after(SimTime time) {
  return (time + kTick - SimTime(1)) / kTick * kTick;
}

// How long a running thread has until it gives way to another, if nobody else comes.
std::optional<SimTime> Scheduler::share_left(const Thread& thread) const {
  if (runnable_.empty()) return std::nullopt;
  if (rules_.slices_are_kept) return share_by_slices(thread);
  return share_by_ticks(thread, *runnable_.back());
}

// Another processor is free for one who waits for it: he begins now, and not later.
bool Scheduler::others_begin_now() const {
  const bool is_free = std::find(running_.begin(), running_.end(), nullptr) != running_.end();
  return is_free && !runnable_.empty();
}

SimTime Scheduler::undisturbed(const Thread& thread) const {
  constexpr SimTime kLong = 1h;  // Nobody waits, nothing is due.
  if (others_begin_now()) return SimTime(1);
  SimTime limit = share_left(thread).value_or(kLong);
  if (!events_.empty()) limit = std::min(limit, events_.begin()->first.first - now_);
  if (const auto end = next_end_of_spend())
    limit = std::min(limit, std::max(*end - now_, kTogether));
  return std::max(limit, SimTime(1));
}

bool Scheduler::can_go_on(const Thread& thread, SimTime time) const {
  if (stopped_ || others_begin_now()) return false;
  if (!events_.empty() && events_.begin()->first.first <= now_ + time) return false;
  if (const auto end = next_end_of_spend(); end && *end <= now_ + time) return false;
  const auto share = share_left(thread);
  return !share || time < *share;
}

void Scheduler::release(Thread& thread) {
  OOMKIT_CHECK(thread.processor_.has_value(), "a thread that waits was running");
  running_[*thread.processor_] = nullptr;
  thread.processor_.reset();
  changed(thread);
}

void Scheduler::run(Thread& thread) {
  thread.fiber_.resume();
  if (thread.fiber_.done()) release(thread);
}

// Of one of those who wait.
void Scheduler::begin_turn(Thread& thread, std::size_t processor) {
  runnable_.erase(std::find(runnable_.begin(), runnable_.end(), &thread));
  runnable_weights_ -= thread.weight_;
  waiting_.add(thread, virtual_min_ns_, -1);
  thread.runnable_ = false;
  thread.preempted_ = false;
  thread.timed_ = rules_.ends_between_ticks && !runnable_.empty();
  thread.is_protected_ = true;
  thread.processor_ = processor;
  thread.dispatched_ = thread.accounted_ = now_;
  running_[processor] = &thread;
}

void Scheduler::dispatch() {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    while (running_[i] == nullptr && !stopped_) {
      Thread* next = next_runnable();
      if (next == nullptr) return;
      begin_turn(*next, i);
      changed(*next);
      run(*next);
    }
  }
}

Thread* Scheduler::first_spent() const {
  Thread* first = nullptr;
  for (Thread* thread : running_) {
    if (thread == nullptr || !thread->spent_at_) continue;
    if (first == nullptr || *thread->spent_at_ < *first->spent_at_) first = thread;
  }
  if (first == nullptr || events_.empty() || *first->spent_at_ < events_.begin()->first)
    return first;
  return nullptr;
}

std::optional<SimTime> Scheduler::next_end_of_spend() const {
  std::optional<SimTime> next;
  for (const Thread* thread : running_) {
    if (thread == nullptr || !thread->spent_at_) continue;
    if (!next || thread->spent_at_->first < *next) next = thread->spent_at_->first;
  }
  return next;
}

bool Scheduler::step() {
  dispatch();
  if (stopped_) return false;
  if (can_take_turns()) take_turns();
  Thread* const spent = first_spent();
  if (spent == nullptr && events_.empty()) return false;
  std::function<void()> what;
  if (spent != nullptr) {
    now_ = std::exchange(spent->spent_at_, std::nullopt)->first;
  } else {
    const auto first = events_.begin();
    now_ = first->first.first;
    what = std::move(first->second);
    events_.erase(first);
  }
  for (Thread* thread : running_) {
    if (thread != nullptr) account(*thread);
  }
  if (spent != nullptr) {
    end_spend(*spent);
  } else {
    what();
  }
  dispatch();
  return true;
}

// At the end of a spend(): whether another is next.
bool Scheduler::gives_way(Thread& thread) {
  const auto share = share_left(thread);
  if (!share || *share > SimTime(0)) return false;
  if (!rules_.slices_are_kept) return true;
  // What it ran since then, to where it may be left, counts too.
  if (thread.virtual_ns_ >= thread.deadline_ns_) begin_slice(thread, thread.virtual_ns_);
  thread.preempted_ = pick(&thread) != nullptr;
  return thread.preempted_;
}

void Scheduler::end_spend(Thread& thread) {
  if (!gives_way(thread)) return run(thread);
  release(thread);
  make_runnable(thread);
}

Scheduler::Spend Scheduler::spend(Thread& thread, SimTime time, Rhythm* rhythm) {
  return {*this, thread, time, rhythm};
}
Scheduler::Pause Scheduler::pause_for(Thread& thread, SimTime duration) {
  return {*this, thread, duration};
}
Scheduler::Pause Scheduler::wait(Thread& thread) {
  return {*this, thread, std::nullopt};
}

bool Scheduler::Spend::await_ready() {
  if (scheduler_->at_once_) {
    *scheduler_->at_once_ += time_;
    return true;
  }
  if (!scheduler_->can_go_on(*thread_, time_)) return false;
  scheduler_->now_ += time_;
  scheduler_->account(*thread_);
  return true;
}

void Scheduler::Spend::begin() {
  thread_->rhythm_ = rhythm_;
  thread_->spent_at_.emplace(scheduler_->now_ + time_, scheduler_->sequence_++);
}

bool Scheduler::Pause::await_ready() const {
  if (!scheduler_->at_once_) return thread_->wake_pending_;
  OOMKIT_CHECK(duration_.has_value(), "what is done at once waited for somebody");
  *scheduler_->at_once_ += *duration_;
  return true;
}

void Scheduler::Pause::begin() {
  Scheduler& scheduler = *scheduler_;
  Thread& thread = *thread_;
  if (duration_) {
    thread.timer_ = scheduler.at(scheduler.now() + *duration_, [&scheduler, &thread] {
      thread.timer_.reset();
      scheduler.awake(thread);
    });
  }
  scheduler.leave_slices(thread);
  scheduler.release(thread);
}

}  // namespace oomkit::sim
