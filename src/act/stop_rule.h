// When a command that was asked to end is ended: which signals it is given, and when
// everything in its cgroup is killed.
//
// - What was sent to us alone is handed on; what the terminal sent has reached it already.
// - SIGTERM and SIGHUP mean that this shall be over: the command has its grace, and a second
//   one ends it at once.
// - ^C belongs to a command that catches it (a shell, an editor, a debugger); three within a
//   second end it all the same. One that ignores ^C is ended by the second.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "model/command_run.h"

namespace oomkit {

class StopRule {
 public:
  using Time = std::chrono::nanoseconds;  // That only goes forward.

  explicit StopRule(std::chrono::milliseconds grace) : grace_(grace) {}

  struct Answer {
    bool forward = false;
    CommandStop stop = CommandStop::none;
  };
  // `catches`: the command has a handler for SIGINT.
  Answer on_signal(int number, bool from_terminal, bool catches, Time now);

  // Until when its end is waited for; nothing while nobody has asked for it.
  std::optional<Time> deadline() const { return deadline_; }

 private:
  bool is_one_too_many(bool catches, Time now);

  std::chrono::milliseconds grace_;
  std::vector<Time> interrupts_;
  std::optional<Time> deadline_;
};

}  // namespace oomkit
