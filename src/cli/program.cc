#include "cli/program.h"

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/diagnostics.h"
#include "cli/exit_code.h"
#include "cli/option_word.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

constexpr const char* kDescription =
    "oom explains why Linux ran out of memory and who was killed for it, and lets it happen "
    "on real kernels in virtual machines.";
constexpr const char* kProgramFooter = R"(
Examples:
  dmesg | oom explain
  oom rehearse examples/two.toml --kernel 6.1
"oom COMMAND --help" tells of a command.)";

int status(ExitCode code) {
  return static_cast<int>(code);
}

// The command as typed: the first word that is no option.
std::string typed_command(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (!word.empty() && word.front() != '-') return word;
  }
  return "";
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames())
      names.push_back("--" + name);
  }
  return names;
}

// A sentence for what the parser refuses, in terms of what was typed.
std::string refusal(const CLI::App& app, const CLI::App* command, const CLI::ParseError& error) {
  const CLI::App& used = command != nullptr ? *command : app;
  for (const std::string& word : used.remaining(true)) {
    if (word.empty() || word.front() != '-') continue;
    const std::string name = word.substr(0, word.find('='));
    return "unknown option " + name + suggestion(name, option_names(used)) +
           (command != nullptr ? " (oom " + command->get_name() + " --help lists them)" : "");
  }
  return error.what();
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app(kDescription, "oom");
  app.footer(kProgramFooter);
  app.set_version_flag("--version", "oom " OOMKIT_VERSION);
  const std::vector<Command> commands = {
      add_explain_command(app), add_rehearse_command(app), add_lab_command(app),
      add_compare_command(app), add_simulate_command(app), add_snapshot_command(app),
      add_top_command(app),     add_doctor_command(app),   add_protect_command(app),
      add_run_command(app),     add_trigger_command(app),  add_guard_command(app)};
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const Command& command : commands)
    names.push_back(command.name);

  const std::string typed = typed_command(argc, argv);
  CLI::App* chosen = nullptr;
  for (const std::string& name : names) {
    if (name == typed) chosen = app.get_subcommand(name);
  }
  if (!typed.empty() && chosen == nullptr) {
    complain("", "unknown command \"" + typed + "\"" + suggestion(typed, names) +
                     " (oom --help lists them)");
    return status(ExitCode::usage);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    complain(typed, refusal(app, chosen, error));
    return status(ExitCode::usage);
  }
  for (const Command& command : commands) {
    if (command.name != typed) continue;
    const Result<ExitCode> result = command.run();
    if (result) return status(*result);
    complain(command.name, result.error().what);
    return status(exit_code_of(result.error().code));
  }
  const std::string help = app.help();
  std::fwrite(help.data(), 1, help.size(), stderr);
  return status(ExitCode::usage);
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  ignore_broken_pipes();
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    complain("", std::string("internal error: ") + error.what());
    return status(ExitCode::internal);
  }
}

}  // namespace oomkit
