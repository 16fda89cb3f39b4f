// A command in a memory cgroup of its own, from its start until nothing of it is left.
//
// It has our standard input and outputs and our process group, and is told the signals that
// we are told (act/stop_rule.h). When it ends, what it left behind in its cgroup is killed,
// the counters are read, and the cgroup is removed; should we be killed before that, the
// guardian (io/guardian.h) does it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "model/command_run.h"

namespace oomkit {

struct CommandRequest {
  std::vector<std::string> words;
  CommandLimits limits;
  std::chrono::milliseconds grace{10'000};  // Between SIGTERM and SIGKILL.
};

// Something to be read while the command runs: the kernel's log.
struct CommandWatch {
  int descriptor = -1;
  std::function<void()> on_readable = nullptr;
};

// Why there is no run, and what a shell's exit status for it is.
struct RunFailure {
  Error error;
  std::optional<int> exec_status;  // Absent: it was not for the command that it failed.
};

tl::expected<CommandRun, RunFailure> run_command(const CommandRequest& request,
                                                 const CommandWatch& watch);

}  // namespace oomkit
