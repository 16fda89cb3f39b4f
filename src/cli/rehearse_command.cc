// `oom rehearse`: what does a real kernel do?
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/diagnostics.h"
#include "cli/rehearse_compare.h"
#include "cli/rehearse_options.h"
#include "cli/rehearse_progress.h"
#include "cli/rehearse_result.h"
#include "io/interrupt.h"
#include "io/output_sink.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

constexpr const char* kRehearseName = "rehearse";

constexpr const char* kRehearseFooter = R"(
Boots each kernel in a virtual machine of its own (QEMU; root is not needed), lets the
scenario happen in it, and tells who was killed and why. Nothing of it touches this machine.

Examples:
  oom rehearse two.toml                                on the newest kernel that was fetched
  oom rehearse two.toml --kernel 5.10 --kernel 7.2     side by side
  oom rehearse two.toml --kernel ./vmlinuz --log two.log --record two.json
  oom rehearse two.toml --kernel host                  the kernel that runs here
  oom rehearse two.toml --policy server.toml           what the guard would do about it
  oom rehearse two.toml --compare                      whether the model agrees

./dev kernels fetches the kernels 5.10, 6.1, 6.12 and 7.2; OOMKIT_KERNELS names their folder.

Exit status: 0 done and as expected, 1 not as expected (or, with --compare, the worlds differ in
victims, survivors or events), 2 wrong usage or scenario (nothing was
started), 3 something is missing here, 4 a bug, 130 interrupted.)";

ExitCode exit_code_for(const RehearsalResults& results) {
  ExitCode code = ExitCode::done;
  for (const Result<Rehearsal>& result : results) {
    if (!result) return exit_code_of(result.error().code);
    const RunRecord& record = result->record;
    const bool cut_short = record.ended == "limit" || record.ended == "vm_died";
    if (cut_short || (record.expect && !record.expect->holds)) code = ExitCode::nothing;
  }
  return code;
}

Result<ExitCode> refuse(const Error& error) {
  complain_in_full(kRehearseName, error);
  complain(kRehearseName, "nothing was started");
  return exit_code_of(error.code);
}

// What is missing is told once, and not once for each run that lacks it.
void complain_of_failures(const RehearsalResults& results) {
  std::vector<std::string> told;
  for (const Result<Rehearsal>& result : results) {
    if (result || std::find(told.begin(), told.end(), result.error().what) != told.end()) continue;
    told.push_back(result.error().what);
    complain(kRehearseName, told.back());
  }
}

Result<ExitCode> run(const RehearseArguments& arguments) {
  const Terminal where = terminal();
  const Result<RehearsePlan> plan = plan_rehearsal(arguments, where);
  if (!plan) return refuse(plan.error());
  OOMKIT_TRY(const Interrupt interrupt, Interrupt::watch());
  const Result<Laboratory> laboratory = Laboratory::create(interrupt.descriptor());
  if (!laboratory) return refuse(laboratory.error());
  for (const RehearsalRequest& request : plan->requests) {
    if (const Status ready = laboratory->check(request); !ready) return refuse(ready.error());
  }
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));

  RehearsalResults results;
  {
    RehearseProgress progress(plan->names, where.diagnostics, plan->columns);
    results = laboratory->rehearse_all(plan->requests, arguments.jobs,
                                       [&](const RunProgress& it) { progress.show(it); });
  }
  if (interrupt.happened()) {
    complain(kRehearseName, "interrupted; all virtual machines are ended");
    return ExitCode::interrupted;
  }
  if (const Status written = write_run_files(arguments, *plan, results); !written)
    return tl::unexpected(written.error());
  if (std::any_of(results.begin(), results.end(), [](const auto& it) { return it.has_value(); })) {
    sink.append(plan->json ? rehearsal_json(*plan, results)
                           : rehearsal_text(arguments, *plan, results));
  }
  bool worlds_agree = true;
  if (arguments.compare) {
    const WorldsCompared compared = compare_with_model(*plan, results);
    sink.append(compared.text);
    worlds_agree = compared.same;
  }
  complain_of_failures(results);
  const bool nothing_to_write =
      std::none_of(results.begin(), results.end(), [](const auto& it) { return it.has_value(); });
  if (nothing_to_write) return exit_code_for(results);
  if (const Status written = sink.finish(); !written && !sink.reader_gone())
    return tl::unexpected(written.error());
  const ExitCode code = exit_code_for(results);
  return code == ExitCode::done && !worlds_agree ? ExitCode::nothing : code;
}

}  // namespace

Command add_rehearse_command(CLI::App& app) {
  auto arguments = std::make_shared<RehearseArguments>();
  CLI::App* const command = app.add_subcommand(
      kRehearseName, "Lets a scenario happen on real kernels, in virtual machines");
  command->footer(kRehearseFooter);
  command->add_option("SCENARIO", arguments->scenarios, "Scenario files (TOML)")->required();
  command
      ->add_option("--kernel", arguments->kernels,
                   "5.10, 6.1, 6.12, 7.2, host, or the path of an image; may be given repeatedly")
      ->allow_extra_args(false);
  command->add_option("--seed", arguments->seed, "One seed, one run")->capture_default_str();
  command->add_option("--log", arguments->log, "Write the kernel log to this file or folder");
  command->add_option("--record", arguments->record,
                      "Write the record (oomkit.run/1) to this file or folder");
  command->add_option("--keep-console", arguments->console,
                      "Write what the kernel's console showed to this file or folder");
  command->add_option("--captures", arguments->captures,
                      "Write what `capture` events sent to this folder: a tree a label, which is "
                      "read where commands take --root");
  command->add_option("--policy", arguments->policy,
                      "A policy of oom guard: the guard runs in each machine and acts by it");
  command->add_option("--decisions", arguments->decisions,
                      "Write the guard's decision records to this file or folder, a line each");
  command->add_option("--explain", arguments->explain,
                      "full, summary or none: of the kernel log; full for a single run");
  command->add_flag("--compare", arguments->compare,
                    "Run the scenarios in the model too (oom simulate), and tell what differs");
  command->add_option("--timeout", arguments->timeout_s, "End each machine after so many seconds");
  command
      ->add_option("--jobs", arguments->jobs,
                   "Machines side by side; 0: as many as there are processors")
      ->capture_default_str();
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  return {kRehearseName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
