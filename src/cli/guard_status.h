// `oom guard status`: asks the guard that runs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/exit_code.h"
#include "core/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace oomkit {

struct GuardStatusArguments {
  std::string format = "text", colour = "auto";
  std::optional<std::string> socket;
  CLI::App* command = nullptr;

  bool is_asked_for() const;
};

std::shared_ptr<GuardStatusArguments> add_guard_status(CLI::App& guard);
Result<ExitCode> run_guard_status(const GuardStatusArguments& arguments);

}  // namespace oomkit
