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
#include "cli/simulate_check.h"
#include "cli/simulate_found.h"
#include "cli/simulate_output.h"
#include "cli/simulate_policy.h"
#include "cli/simulate_sweep.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "io/tree_file.h"
#include "lab/found_start.h"
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
  oom simulate --from now.json --what-if 'web grow 2G at 50M/s'   who dies, and when?
  oom simulate leak.toml --policy server.toml          what the guard would do about it
  oom simulate --sweep limits.toml                     thousands of runs, and where it tips
  mpirun -n 16 oom simulate --sweep limits.toml --format csv --output limits.csv

Exit status: 0 done and as expected, 1 not as expected, 2 wrong usage or scenario, or one that
asks for what the model does not know, 3 something could not be written, 4 a bug.)";

struct SimulateArguments {
  std::vector<std::string> scenarios;
  std::vector<std::string> kernels;
  std::uint64_t seed = 1;
  std::optional<std::string> log;
  std::optional<std::string> policy;
  std::optional<std::string> decisions;
  bool trace = false;
  std::string format = "text";
  std::optional<std::string> output;
  std::string colour = "auto";
  std::optional<std::string> from;
  std::vector<std::string> what_if;
  std::optional<std::string> time;
  std::optional<std::string> sweep;
  int threads = 0;
  std::optional<std::int64_t> show_run;
};

constexpr const char* kSweepHelp =
    "Run the scenario that FILE names once for each combination of the values that FILE gives for "
    "fields of it: who died how often, and at what value it tips. FILE is TOML: scenario, kernel, "
    "runs (of each combination), seed, and [[vary]] tables with a field "
    "(process.NAME.steps.1.alloc, "
    "cgroup./PATH.set.memory.max, host.memory) and its values: values = [...], or from, to and one "
    "of step, steps (scale = \"log\"), draw = \"uniform\" or \"log\"";

// Of several runs each has its own.
std::string file_of_run(const std::string& option, const SimulatedRun& run, std::size_t runs,
                        std::string_view extension) {
  const bool folder = option.ends_with('/');
  if (runs == 1 && !folder) return option;
  std::string stem = run.file;
  if (const std::size_t dot = stem.rfind('.'); dot != std::string::npos && dot > 0) stem.erase(dot);
  return (folder ? option : option + ".") + stem + "." + run.kernel + std::string(extension);
}

Status write_run_files(const SimulateArguments& arguments, const std::vector<SimulatedRun>& runs) {
  for (const SimulatedRun& run : runs) {
    const Rehearsal& told = run.model.rehearsal;
    if (arguments.log) {
      const std::string file = file_of_run(*arguments.log, run, runs.size(), ".log");
      if (Status written = write_whole(file, told.kernel_log); !written) return written;
    }
    if (!arguments.decisions) continue;
    std::string lines;
    for (const GuestDecision& decision : told.decisions)
      lines += decision.record + "\n";
    const std::string file = file_of_run(*arguments.decisions, run, runs.size(), ".jsonl");
    if (Status written = write_whole(file, lines); !written) return written;
  }
  return {};
}

Result<std::vector<SimulatedRun>> simulate_all(const SimulateArguments& arguments,
                                               const ResidentPlan* resident) {
  if (arguments.from) {
    return simulate_found({.snapshot = *arguments.from,
                           .what_if = arguments.what_if,
                           .kernels = arguments.kernels,
                           .time = arguments.time,
                           .seed = arguments.seed,
                           .trace = arguments.trace,
                           .resident = resident});
  }
  std::vector<SimulatedRun> runs;
  std::vector<std::pair<ScenarioFile, std::vector<std::string>>> files;
  for (const std::string& path : arguments.scenarios) {
    OOMKIT_TRY(ScenarioFile file, read_scenario_file(path));
    for (const std::string& text : arguments.what_if) {
      OOMKIT_TRY(const AskedGrowth growth, parse_growth(text));
      add_growth(growth, file.scenario, nullptr);
    }
    std::vector<std::string> kernels = arguments.kernels;
    if (kernels.empty()) {
      OOMKIT_TRY(std::string kernel, kernel_for(file.scenario));
      kernels.push_back(std::move(kernel));
    }
    for (const std::string& kernel : kernels) {
      if (Status known = check_for_model(file, kernel, resident != nullptr); !known)
        return tl::unexpected(known.error());
    }
    files.emplace_back(std::move(file), std::move(kernels));
  }
  for (const auto& [file, kernels] : files) {
    for (const std::string& kernel : kernels) {
      SimulationOptions options;
      options.kernel = kernel;
      options.seed = arguments.seed;
      options.trace = arguments.trace;
      options.resident = resident;
      auto run = run_in_model(file.scenario, options);
      if (!run) return fail(run.error().code, file.path + ": " + run.error().what);
      runs.push_back({file.name, kernel, *std::move(run)});
    }
  }
  return runs;
}

Result<ExitCode> run_one_sweep(const SimulateArguments& arguments,
                               std::optional<std::uint64_t> seed, const ResidentPlan* resident) {
  if (!arguments.scenarios.empty() || arguments.log || arguments.decisions || arguments.trace ||
      arguments.from || !arguments.what_if.empty())
    return fail(ErrorCode::usage,
                "--sweep names its scenario itself, and keeps no log, trace or decisions");
  return simulate_sweep({.file = *arguments.sweep,
                         .kernels = arguments.kernels,
                         .seed = seed,
                         .threads = arguments.threads,
                         .show_run = arguments.show_run,
                         .resident = resident,
                         .format = arguments.format,
                         .output = arguments.output,
                         .colour = arguments.colour});
}

Result<ExitCode> run(const SimulateArguments& arguments, bool seed_is_given) {
  if (arguments.decisions && !arguments.policy)
    return fail(ErrorCode::usage, "--decisions: there is a guard to decide with --policy only");
  const auto guard = simulated_guard(arguments.policy);
  if (!guard) {
    complain_in_full(kSimulateName, guard.error());
    return exit_code_of(guard.error().code);
  }
  if (arguments.sweep) {
    return run_one_sweep(arguments, seed_is_given ? std::optional(arguments.seed) : std::nullopt,
                         resident_of(*guard));
  }
  if (arguments.scenarios.empty() != arguments.from.has_value())
    return fail(ErrorCode::usage, "one of these is required: SCENARIO, --from FILE, --sweep FILE");
  if (arguments.time && !arguments.from) return fail(ErrorCode::usage, "--time is of --from");
  if (arguments.threads != 0 || arguments.show_run)
    return fail(ErrorCode::usage, "--threads and --show-run are of --sweep");
  const Terminal where = terminal();
  OOMKIT_TRY(const std::size_t form, chosen_word("--format", arguments.format, {"text", "json"}));
  OOMKIT_TRY(const bool colour,
             wants_colour(arguments.colour, where, arguments.output.has_value()));
  const auto runs = simulate_all(arguments, resident_of(*guard));
  if (!runs) {
    complain_in_full(kSimulateName, runs.error());
    return exit_code_of(runs.error().code);
  }
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  if (Status written = write_run_files(arguments, *runs); !written)
    return tl::unexpected(written.error());
  if (form == 0 && arguments.from) sink.append(found_answer(*runs) + "\n");
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
  command->add_option("SCENARIO", arguments->scenarios, "Scenario files (TOML)");
  command
      ->add_option("--kernel", arguments->kernels,
                   "5.10, 6.1, 6.12 or 7.2; may be given repeatedly")
      ->allow_extra_args(false);
  CLI::Option* const seed =
      command->add_option("--seed", arguments->seed, "One seed, one run")->capture_default_str();
  command
      ->add_option("--from", arguments->from,
                   "Begin where a host was when oom snapshot kept it: its zones, cgroups, "
                   "processes, swap and page cache, as the nearest kernel that is known")
      ->type_name("SNAPSHOT");
  command
      ->add_option("--what-if", arguments->what_if,
                   "'NAME grow 2G at 50M/s': what a process does beside (of several of that name "
                   "the largest; if there is none, a new one); may be given repeatedly")
      ->allow_extra_args(false);
  command->add_option("--time", arguments->time,
                      "Of --from: for how long, as in 10m; without it as long as what is asked "
                      "takes and half a minute more");
  command->add_option("--sweep", arguments->sweep, kSweepHelp)->type_name("FILE");
  command
      ->add_option("--threads", arguments->threads,
                   "Of --sweep: so many runs at once; without it one for each processor")
      ->check(CLI::Range(1, 1024));
  command->add_option("--show-run", arguments->show_run,
                      "Of --sweep: print the scenario of the run of this number");
  command->add_option("--log", arguments->log,
                      "Write the kernel log to this file; of several runs each to its own");
  command
      ->add_option("--policy", arguments->policy,
                   "A policy of oom guard: the guard runs in the model and acts by it")
      ->type_name("FILE");
  command->add_option("--decisions", arguments->decisions,
                      "Write the guard's decision records to this file, a line each; of several "
                      "runs each to its own");
  command->add_flag("--trace", arguments->trace, "Tell the kernel's path, step by step");
  command->add_option("--format", arguments->format, "text or json; of --sweep csv too")
      ->capture_default_str();
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  return {kSimulateName, [arguments, seed] { return run(*arguments, seed->count() > 0); }};
}

}  // namespace oomkit
