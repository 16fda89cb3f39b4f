// A command of `oom`: its options on the command line, and what it does with them.
#pragma once

#include <functional>
#include <string>

#include "cli/exit_code.h"
#include "core/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace oomkit {

struct Command {
  std::string name;
  // Runs with the options that the parser has filled in. An error of it is told on stderr.
  std::function<Result<ExitCode>()> run;
};

// One function for each command; each lives in NAME_command.cc.
Command add_compare_command(CLI::App& app);
Command add_doctor_command(CLI::App& app);
Command add_explain_command(CLI::App& app);
Command add_guard_command(CLI::App& app);
Command add_lab_command(CLI::App& app);
Command add_protect_command(CLI::App& app);
Command add_rehearse_command(CLI::App& app);
Command add_run_command(CLI::App& app);
Command add_simulate_command(CLI::App& app);
Command add_snapshot_command(CLI::App& app);
Command add_top_command(CLI::App& app);
Command add_trigger_command(CLI::App& app);

}  // namespace oomkit
