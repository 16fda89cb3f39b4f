// Runs a scenario: starts its processes, does its events on time, listens, and tells all
// that happens. PID 1's loop in a virtual machine, and an ordinary process elsewhere.
//
// Nothing is allocated once the scenario has begun, and every wait is a poll(): the machine
// may be out of memory at any moment, and what is not told now is never told.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/result.h"
#include "guest/actions.h"
#include "guest/board.h"
#include "guest/guard_link.h"
#include "guest/kmsg.h"
#include "guest/listeners.h"
#include "guest/plan.h"
#include "guest/protocol.h"

namespace oomkit::guest {

class Supervisor {
 public:
  // Makes the cgroups and the listeners of the plan, which must outlive it.
  static Result<Supervisor> create(const Plan& plan, Protocol& protocol, KernelLog log);

  // A guard that is to act in this run; it must outlive the run.
  void listen_to(GuardLink& guard) { guard_ = &guard; }

  // From the first process to the final state. A refusal: the run is void, it never began.
  Status run();

 private:
  struct Start {
    std::int64_t due_ns = 0;  // Since the beginning; with `after`, since the mark.
    bool is_done = false;
  };

  explicit Supervisor(const Plan& plan, Protocol& protocol, KernelLog log, Board board,
                      std::span<char> buffer);

  Status start_first();
  Status check_started(const ProcessSpec& spec, Slot& slot);
  Slot* start_one(std::size_t process);
  void start_copies(std::size_t process);
  static void await_tick();
  void begin();
  void wait_for_something(std::int64_t until_ns);
  void take_signals();
  void take_tick(std::int64_t waited_from_ns);
  void take_notes();
  void take_note(const Slot& slot, const Note& note);
  void take_exit(std::int32_t pid, std::int32_t status);
  bool is_of_guard(std::int32_t pid, std::int32_t signal) const;
  void do_due();
  bool do_due_once();
  void reach_mark(std::size_t mark);
  void perform(const Action& action, std::string_view by);
  void look_at_kills();
  bool is_over() const;
  bool is_someone_dying();
  void settle();
  void tell_final(std::string_view ended, std::int64_t duration_ns);
  // When the mark was reached, since the beginning; nothing if it was not.
  std::optional<std::int64_t> mark_time(std::string_view name) const;
  std::int64_t next_due_ns() const;
  std::int64_t elapsed_ns() const;
  void tell(const EventLine& event);
  static EventLine event_of(std::string_view kind, const Slot& slot);

  const Plan* plan_;
  Protocol* protocol_;
  KernelLog log_;
  Board board_;
  std::span<char> buffer_;
  Actions actions_;
  std::vector<Listener> listeners_;
  GuardLink* guard_ = nullptr;
  std::vector<Start> starts_;             // One per process of the scenario.
  std::vector<bool> events_done_;         // One per event.
  std::vector<std::int64_t> mark_times_;  // Since the beginning; negative: not reached.
  int signals_ = -1;
  int ticks_ = -1;
  std::int64_t next_tick_ns_ = 0;
  std::int64_t next_progress_ns_ = 0;
  std::int64_t next_look_ns_ = 0;
  std::int64_t last_exit_ns_ = 0;
  std::int64_t kills_before_ = 0;  // Of /proc/vmstat when the scenario began.
  std::int64_t oom_kills_ = 0;
  std::int64_t own_kills_ = 0;
  std::int64_t guard_kills_ = 0;
  std::int64_t exits_ = 0;
  std::int64_t marks_ = 0;
};

}  // namespace oomkit::guest
