// `oom guard import`: the configuration of another program as a policy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "core/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace oomkit {

struct GuardImport {
  std::string output, root = "/";
  CLI::App* command = nullptr;

  bool is_asked_for() const;
};

std::shared_ptr<GuardImport> add_guard_import(CLI::App& guard);
Result<ExitCode> run_guard_import(const GuardImport& arguments);

}  // namespace oomkit
