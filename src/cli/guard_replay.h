// `oom guard replay`: a policy asked again, on what a guard saw.
#pragma once

#include <memory>
#include <string>

#include "cli/exit_code.h"
#include "core/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace oomkit {

struct GuardReplayArguments {
  CLI::App* command = nullptr;
  std::string config, recording;
  std::string format = "text";

  bool is_asked_for() const;
};

std::shared_ptr<GuardReplayArguments> add_guard_replay(CLI::App& guard);
Result<ExitCode> run_guard_replay(const GuardReplayArguments& arguments);

}  // namespace oomkit
