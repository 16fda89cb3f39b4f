// A program that is run in our place: with our standard input and outputs, in our process
// group, with the signals as they were for us, in cgroups that it joins before it begins.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "io/signal_relay.h"

namespace oomkit {

struct CommandSpec {
  std::vector<std::string> words;         // The program, looked for in PATH, and its arguments.
  std::vector<std::string> cgroups = {};  // Folders; it joins all of them.
  std::optional<int> oom_score_adj = {};
};

// It never began.
struct CommandFailure {
  enum class Stage { join, score, exec };
  Stage stage = Stage::exec;
  int error_number = 0;
  Error error;  // What to tell the user.

  // What a shell's exit status says: 127 not found, 126 found and not started.
  int exec_status() const;
};

struct CommandEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::chrono::microseconds user{0}, system{0};
  std::int64_t largest_kib = 0;  // Resident at most, of it and the children it waited for.
};

// Of SIGINT, as /proc says it.
enum class SignalManner { usual, caught, ignored };

class CommandProcess {
 public:
  static tl::expected<CommandProcess, CommandFailure> start(const CommandSpec& spec,
                                                            const SignalRelay& relay);

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // How it takes that signal: by default, by a handler, or not at all.
  SignalManner manner_of(int number) const;
  // How it ended, if it has.
  std::optional<CommandEnd> poll_end();

 private:
  explicit CommandProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
  bool ended_ = false;
};

}  // namespace oomkit
