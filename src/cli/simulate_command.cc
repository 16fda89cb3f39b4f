// `oom simulate`: what would the kernel do?
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/diagnostics.h"
#include "cli/option_word.h"
#include "cli/scenario_file.h"
#include "cli/simulate_output.h"
#include "core/diagnostic.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "io/tree_file.h"
#include "lab/model_world.h"
#include "model/run_record_json.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

constexpr const char* kSimulateName = "simulate";

constexpr const char* kSimulateFooter = R"(
Lets the scenario happen in a model of the kernel: no root, no virtual machine, the same bytes
for the same seed. oom rehearse shows whether a real kernel agrees, docs/MODEL.md how far.

Examples:
  oom simulate two.toml                                as the newest kernel that is known
  oom simulate two.toml --kernel 5.10 --kernel 7.2     side by side
  oom simulate two.toml --log two.log --format json --output two.json
  oom simulate two.toml --trace                        the kernel's path, step by step

Exit status: 0 done and as expected, 1 not as expected, 2 wrong usage or scenario, or one that
asks for what the model does not know, 3 something could not be written, 4 a bug.)";

struct SimulateArguments {
  std::vector<std::string> scenarios;
  std::vector<std::string> kernels;
  std::uint64_t seed = 1;
  std::optional<std::string> log;
  bool trace = false;
  std::string format = "text";
  std::optional<std::string> output;
  std::string colour = "auto";
};

Status check_for_model(const ScenarioFile& file, const std::string& kernel) {
  const auto& meant = file.scenario.host.kernels;
  const bool fits = meant.empty() || std::any_of(meant.begin(), meant.end(), [&](const auto& it) {
                      return is_kernel(it, kernel) || is_kernel(kernel, it);
                    });
  if (!fits) return fail(ErrorCode::usage, file.path + ": is not meant for kernel " + kernel);
  std::string text;
  for (const Diagnostic& diagnostic : beyond_model(file.scenario, kernel))
    text += diagnostic_text(diagnostic, file.path, file.source);
  if (!text.empty()) return fail(ErrorCode::usage, std::move(text));
  return {};
}

std::string log_file(const SimulateArguments& arguments, const SimulatedRun& run,
                     std::size_t runs) {
  if (runs == 1 && !arguments.log->ends_with('/')) return *arguments.log;
  const bool folder = arguments.log->ends_with('/');
  std::string stem = run.file;
  if (const std::size_t dot = stem.rfind('.'); dot != std::string::npos && dot > 0) stem.erase(dot);
  return (folder ? *arguments.log : *arguments.log + ".") + stem + "." + run.kernel + ".log";
}

Result<std::vector<SimulatedRun>> simulate_all(const SimulateArguments& arguments) {
  std::vector<SimulatedRun> runs;
  std::vector<std::pair<ScenarioFile, std::vector<std::string>>> files;
  for (const std::string& path : arguments.scenarios) {
    OOMKIT_TRY(ScenarioFile file, read_scenario_file(path));
    std::vector<std::string> kernels = arguments.kernels;
    if (kernels.empty()) {
      OOMKIT_TRY(std::string kernel, kernel_for(file.scenario));
      kernels.push_back(std::move(kernel));
    }
    for (const std::string& kernel : kernels) {
      if (Status known = check_for_model(file, kernel); !known)
        return tl::unexpected(known.error());
    }
    files.emplace_back(std::move(file), std::move(kernels));
  }
  for (const auto& [file, kernels] : files) {
    for (const std::string& kernel : kernels) {
      auto run = run_in_model(file.scenario, {.kernel = kernel,
                                              .seed = arguments.seed,
                                              .trace = arguments.trace,
                                              .page_by_page = false});
      if (!run) return fail(run.error().code, file.path + ": " + run.error().what);
      runs.push_back({file.name, kernel, *std::move(run)});
    }
  }
  return runs;
}

Result<ExitCode> run(const SimulateArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const std::size_t form, chosen_word("--format", arguments.format, {"text", "json"}));
  OOMKIT_TRY(const bool colour,
             wants_colour(arguments.colour, where, arguments.output.has_value()));
  const auto runs = simulate_all(arguments);
  if (!runs) {
    complain_in_full(kSimulateName, runs.error());
    return exit_code_of(runs.error().code);
  }
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  if (arguments.log) {
    for (const SimulatedRun& run : *runs) {
      const Status written =
          write_whole(log_file(arguments, run, runs->size()), run.model.rehearsal.kernel_log);
      if (!written) return tl::unexpected(written.error());
    }
  }
  sink.append(form == 1 ? simulation_json(*runs)
                        : simulation_text(*runs, colour, result_columns(where)));
  if (const Status written = sink.finish(); !written && !sink.reader_gone())
    return tl::unexpected(written.error());
  const bool all_hold = std::all_of(runs->begin(), runs->end(), [](const SimulatedRun& run) {
    const auto& expect = run.model.rehearsal.record.expect;
    return !expect || expect->holds;
  });
  return all_hold ? ExitCode::done : ExitCode::nothing;
}

}  // namespace

Command add_simulate_command(CLI::App& app) {
  auto arguments = std::make_shared<SimulateArguments>();
  CLI::App* const command =
      app.add_subcommand(kSimulateName, "Lets a scenario happen in a model of the kernel");
  command->footer(kSimulateFooter);
  command->add_option("SCENARIO", arguments->scenarios, "Scenario files (TOML)")->required();
  command
      ->add_option("--kernel", arguments->kernels,
                   "5.10, 6.1, 6.12 or 7.2; may be given repeatedly")
      ->allow_extra_args(false);
  command->add_option("--seed", arguments->seed, "One seed, one run")->capture_default_str();
  command->add_option("--log", arguments->log,
                      "Write the kernel log to this file; of several runs each to its own");
  command->add_flag("--trace", arguments->trace, "Tell the kernel's path, step by step");
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  return {kSimulateName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
