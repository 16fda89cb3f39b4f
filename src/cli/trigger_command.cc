// `oom trigger`: whom would the kernel kill now, and with --yes: do it.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/host_input.h"
#include "cli/option_word.h"
#include "cli/trigger_session.h"
#include "io/output_sink.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

constexpr const char* kTriggerName = "trigger";

constexpr const char* kTriggerFooter = R"(
Shows whom the kernel's OOM killer would kill now, and why. With --yes it is asked to: the
same as writing f to /proc/sysrq-trigger, which root may always do (kernel.sysrq governs the
keyboard only). One process, or one group, dies by SIGKILL even though nothing is short.

Examples:
  oom trigger                              a preview; nothing is done
  oom trigger --from now.json              in a snapshot that "oom snapshot" kept
  sudo oom trigger --yes                   and do it; says who died, and if it was foreseen

Exit status: 0 done, 1 another one died than was predicted, 2 wrong usage, 3 a permission is
missing or something could not be read, 4 a bug.)";

struct TriggerArguments {
  HostArguments host;
  bool yes = false;
  std::string format = "text";
  std::string colour = "auto";
  std::size_t rows = 10;
  std::optional<std::string> output;
};

Result<ExitCode> run(const TriggerArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const std::size_t format, chosen_word("--format", arguments.format, {"text", "json"}));
  OOMKIT_TRY(const bool colour,
             wants_colour(arguments.colour, where, arguments.output.has_value()));
  constexpr std::size_t kRowsMax = 1'000'000;
  if (arguments.rows == 0 || arguments.rows > kRowsMax)
    return fail(ErrorCode::usage, "-n: expected a number of rows from 1 to 1000000");
  OOMKIT_TRY(HostInput input, HostInput::create(arguments.host));
  if (arguments.yes && !input.is_live())
    return fail(ErrorCode::usage, "--yes kills on this machine: not with --root or --from");
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  auto log = open_kmsg_from_now("/dev/kmsg");
  OOMKIT_TRY(Snapshot snapshot, input.read(HostQuery::next_victims(arguments.rows)));
  OOMKIT_TRY(const TopReport report, preview_trigger(std::move(snapshot)));
  std::optional<TriggerOutcome> outcome;
  if (arguments.yes) {
    OOMKIT_TRY(TriggerOutcome pulled, pull_trigger(*make_sysrq_door(), std::move(log)));
    outcome = std::move(pulled);
  }
  const TriggerOutcome* const known = outcome ? &*outcome : nullptr;
  const auto columns = static_cast<std::size_t>(result_columns(where));
  sink.append(format == 1 ? trigger_json(report, known, arguments.rows)
                          : trigger_text(report, known, {columns, arguments.rows, colour}));
  const Status written = sink.finish();
  if (!written && !sink.reader_gone()) return tl::unexpected(written.error());
  const bool differs = outcome && is_as_predicted(report, *outcome) == false;
  return differs ? ExitCode::nothing : ExitCode::done;
}

}  // namespace

Command add_trigger_command(CLI::App& app) {
  auto arguments = std::make_shared<TriggerArguments>();
  CLI::App* const command = app.add_subcommand(
      kTriggerName, "Whom would the kernel kill now? With --yes it does (sysrq f)");
  command->footer(kTriggerFooter);
  command->add_flag("--yes", arguments->yes, "Do it: the process that is shown dies");
  command->add_option("-n,--rows", arguments->rows, "How many processes are shown")
      ->capture_default_str();
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  add_host_options(*command, arguments->host);
  return {kTriggerName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
