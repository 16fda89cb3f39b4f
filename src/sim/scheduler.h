// Time and processors of the model: discrete events, and threads that share processors.
//
// Time goes from event to event. A thread has a processor until it waits, or until its share is
// used up and another is due: the fair scheduler of kernel/sched/fair.c as far as it decides who
// runs next (weights by nice value, virtual run time, wake-up preemption). The kernel's own paths
// are left only where they say so: a change of threads happens at the end of a spend().
//
// The order of everything is defined: events of one time in the order in which they were made,
// threads of one virtual run time by their number.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sim/fiber.h"
#include "sim/rhythm.h"

namespace oomkit::sim {

using SimTime = std::chrono::nanoseconds;

class Scheduler;

class Thread {
 public:
  Thread(Scheduler& scheduler, std::uint64_t number, int nice);
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  bool is_running() const { return processor_.has_value(); }
  bool is_runnable() const { return runnable_ || processor_.has_value(); }
  bool is_over() const { return fiber_.done(); }
  SimTime ran() const { return ran_; }
  SimTime dispatched() const { return dispatched_; }  // When it got its processor last.
  // Called at each change between running, waiting for a processor, and sleeping.
  std::function<void()> on_change;

 private:
  friend class Scheduler;
  Scheduler* scheduler_;
  std::uint64_t number_;
  std::int64_t weight_;
  bool first_ = false;
  std::int64_t granule_ns_;  // How much less than another it must have had to preempt him.
  Fiber fiber_;
  std::int64_t virtual_ns_ = 0;
  std::int64_t virtual_rest_ = 0;
  std::int64_t deadline_ns_ = 0;  // Of its virtual time: see slices.cc.
  bool timed_ = false;            // A timer ends its slice: hrtick_start_fair().
  bool stays_in_kernel_ = false;  // In a path of the kernel that is left late: stay_in_kernel().
  bool is_protected_ = false;     // From who is woken, while it is in the slice it was picked with.
  std::int64_t lag_ns_ = 0;       // What it had had less than the average when it went to sleep.
  SimTime ran_{0};                // In all.
  SimTime dispatched_{0};         // When it got its processor.
  SimTime accounted_{0};          // Up to when its time is counted.
  SimTime queued_{0};             // Since when it waits for a processor.
  bool preempted_ = false;        // One that was woken had had much less.
  std::optional<std::size_t> processor_;
  bool runnable_ = false;
  bool wake_pending_ = false;
  std::optional<std::pair<SimTime, std::uint64_t>> timer_;
  std::optional<std::pair<SimTime, std::uint64_t>> spent_at_;  // When its spend() ends.
  Rhythm* rhythm_ = nullptr;  // Of what it spends its time with, if it has one.
};

// How long a turn is, by version: kernel/sched/fair.c.
struct TurnRules {
  bool slices_are_kept = false;     // RUN_TO_PARITY of kernel/sched/features.h (6.6).
  SimTime slice{0};                 // Of these: sysctl_sched_base_slice.
  bool ends_between_ticks = false;  // A timer ends a slice (HRTICK), and not the next tick.
  bool sleeps_for_moments =
      true;  // On 7.2 a timer's shortest time is over before its thread sleeps.
};

class Scheduler {
 public:
  using EventId = std::pair<SimTime, std::uint64_t>;

  Scheduler(std::size_t processors, TurnRules rules)
      : running_(processors, nullptr), rules_(rules) {}

  SimTime now() const { return now_; }
  EventId at(SimTime when, std::function<void()> what);
  void cancel(const EventId& event) { events_.erase(event); }

  Thread& create(int nice);
  void set_nice(Thread& thread, int nice);
  // Makes the thread runnable with that path.
  void start(Thread& thread, Co<void> path);
  // Does a path to its end in this moment, as the thread that runs now, and says how much time it
  // would have taken: of nothing that waits for somebody else.
  SimTime do_at_once(Thread& thread, Co<void> path);
  // SCHED_FIFO: before all that share the processor by weight, for as long as it wants. One thread
  // at a time; not of one that waits for a processor.
  void set_first(Thread& thread, bool first);
  // Ends a sleep or a wait before its time; of a thread that is not asleep nothing.
  void wake(Thread& thread);

  // One event, or threads that can run now. False when nothing will ever happen again.
  bool step();
  // The run is over: a thread that would go on for ever stops at its next spend().
  void stop() { stopped_ = true; }

  // How long the thread may go on before anything else happens or is due; at least 1 ns. Where
  // others run at the same time, their steps end all the while: up to kTogether they do not count,
  // so that what a thread does in that time is there for the others at its begin.
  SimTime undisturbed(const Thread& thread) const;
  static constexpr SimTime kTogether{1'000'000};
  static constexpr SimTime kTick{4'000'000};  // CONFIG_HZ 250.
  static constexpr std::int64_t kWeightOfNice0 = 1024;

  // Whether a sleep of a moment changes what a thread gets: another waits for a processor.
  bool sleeps_for_moments() const { return rules_.sleeps_for_moments; }
  bool moments_count() const { return sleeps_for_moments() && !runnable_.empty(); }

  // In a long path of the kernel, of one that runs: where a timer ends slices, who is woken
  // meanwhile waits for the end of the slice (PREEMPT_LAZY), and others do not.
  void stay_in_kernel(Thread& thread, bool stays);
  // Whether a turn ends in the kernel's own paths too.
  bool leaves_kernel_paths() const { return rules_.ends_between_ticks; }

  // Awaiters. Only the thread itself awaits them.
  class Spend;
  class Pause;
  // Uses the processor. `rhythm`: with a step of it, which has begun.
  Spend spend(Thread& thread, SimTime time, Rhythm* rhythm = nullptr);
  Pause pause_for(Thread& thread, SimTime duration);  // True from co_await: woken before the time.
  Pause wait(Thread& thread);                         // Until wake().

 private:
  friend class Spend;
  friend class Pause;
  bool others_begin_now() const;
  bool can_go_on(const Thread& thread, SimTime time) const;
  std::optional<SimTime> share_left(const Thread& thread) const;
  SimTime reached(const Thread& thread, std::int64_t virtual_ns) const;
  SimTime share_by_ticks(const Thread& thread, const Thread& next) const;
  SimTime slice_of(const Thread& thread) const;
  void awake(Thread& thread);
  void account(Thread& thread);
  void account_running();
  void release(Thread& thread);
  void make_runnable(Thread& thread);
  void enqueue(Thread& thread);
  void begin_turn(Thread& thread, std::size_t processor);
  void dispatch();
  void run(Thread& thread);
  Thread* next_runnable();
  // Whose spend() ends first, if one does before the first event.
  Thread* first_spent() const;
  std::optional<SimTime> next_end_of_spend() const;
  bool gives_way(Thread& thread);
  void end_spend(Thread& thread);
  void changed(Thread& thread);

  static SimTime tick_at_or_after(SimTime time);

  // slices.cc
  std::int64_t slice_of_weight(const Thread& thread) const;
  struct Load {
    std::int64_t had = 0, weights = 0;
    void add(const Thread& thread, std::int64_t from, int sign);
  };
  Load load() const;
  void count_from(std::int64_t virtual_ns);
  void remove_delayed(std::vector<Thread*>::iterator delayed);
  std::int64_t average_virtual() const;
  Thread* pick(const Thread* runs);
  SimTime seen_at(const Thread& thread) const;
  std::int64_t virtual_at(const Thread& thread, SimTime when) const;
  void begin_slice(Thread& thread, std::int64_t virtual_ns);
  void renew_deadline(Thread& thread);
  SimTime share_by_slices(const Thread& thread) const;
  void leave_slices(Thread& thread);
  void join_by_slices(Thread& thread, bool is_new);
  void place(Thread& thread, bool is_new);
  void look_at_slices(const Thread& woken);

  // turns.cc
  struct Turn;
  SimTime in_tick() const;
  std::vector<Thread*> takers() const;
  bool can_take_turns() const;
  void take_turns();
  void look_at_turn(Turn& turn) const;
  void repeat_turns(const Turn& before);
  Thread& pass_on(Thread& thread);

  SimTime now_{0};
  std::uint64_t sequence_ = 0;
  std::map<EventId, std::function<void()>> events_;
  std::vector<std::unique_ptr<Thread>> threads_;
  // Up to 6.5 whose turn it is first stands last; later they stand as they came.
  std::vector<Thread*> runnable_;
  std::int64_t runnable_weights_ = 0;
  std::vector<Thread*> delayed_;  // Asleep, and counted until they are picked.
  Load waiting_;                  // Of runnable_ and delayed_, from virtual_min_ns_ on.
  std::vector<Thread*> running_;  // By processor.
  std::int64_t virtual_min_ns_ = 0;
  TurnRules rules_;
  bool stopped_ = false;
  std::optional<SimTime> at_once_;  // What do_at_once() has used so far.
};

class Scheduler::Spend {
 public:
  Spend(Scheduler& scheduler, Thread& thread, SimTime time, Rhythm* rhythm)
      : scheduler_(&scheduler), thread_(&thread), time_(time), rhythm_(rhythm) {}
  bool await_ready();
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> path) {
    thread_->fiber_.suspend(path);
    begin();
  }
  void await_resume() const noexcept { thread_->rhythm_ = nullptr; }

 private:
  void begin();
  Scheduler* scheduler_;
  Thread* thread_;
  SimTime time_;
  Rhythm* rhythm_;
};

class Scheduler::Pause {
 public:
  Pause(Scheduler& scheduler, Thread& thread, std::optional<SimTime> duration)
      : scheduler_(&scheduler), thread_(&thread), duration_(duration) {}
  // A wake-up that came before the wait is not lost.
  bool await_ready() const;
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> path) {
    thread_->fiber_.suspend(path);
    begin();
  }
  bool await_resume() {
    thread_->timer_.reset();
    return std::exchange(thread_->wake_pending_, false);
  }

 private:
  void begin();
  Scheduler* scheduler_;
  Thread* thread_;
  std::optional<SimTime> duration_;
};

}  // namespace oomkit::sim
