// What events and listeners do, done: each tells what came of it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "guest/board.h"
#include "guest/plan.h"
#include "guest/protocol.h"

namespace oomkit::guest {

class Actions {
 public:
  // `buffer` is for one file at a time.
  Actions(const Plan& plan, const Board& board, Protocol& protocol, std::span<char> buffer)
      : plan_(&plan), board_(board), protocol_(&protocol), buffer_(buffer) {}

  // `by` is the listener that asked for it, or empty.
  void perform(const Action& action, std::string_view by);

 private:
  void write(const Action& action);
  void set_sysctls(const Action& action);
  void signal(const Action& action);
  void press_sysrq(const Action& action);
  void read(const Action& action);
  void tell_state(const Action& action);
  void load(const Action& action);
  void unload(const Action& action);
  void capture(const Action& action);
  void tell(EventLine event);
  // The file of the action, with pids in place of names.
  PathText path_of(const Action& action);

  const Plan* plan_;
  Board board_;  // A copy: it only points to what is shared.
  Protocol* protocol_;
  std::span<char> buffer_;
  std::string_view by_;
};

// The slot of "hog" or "hog.2"; null when it has not started.
Slot* find_slot(Board& board, const Plan& plan, std::string_view name);

}  // namespace oomkit::guest
