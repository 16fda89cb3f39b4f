#include "cli/guard_replay.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "cli/diagnostics.h"
#include "cli/option_word.h"
#include "cli/policy_file.h"
#include "cli/scenario_file.h"
#include "guard/replay.h"
#include "io/machine.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "policy/guard_status.h"
#include "policy/policy_parse.h"
#include "render/replay_text.h"

namespace oomkit {
namespace {

constexpr const char* kReplayFooter = R"(
A guard that was started with --recording FILE keeps all that it sees there, and what became of its
decisions. Replaying has a policy decide on that again: the same policy decides the same, another
one shows what it would have decided. Nothing is done to anybody. The file may be compressed.

Examples:
  oom guard replay --config server.toml seen.rec
  oom guard replay --config other.toml seen.rec.zst --format json

Exit status: 0 the same decisions as then, 1 others, 2 policy, recording or command line make no
sense, 3 something could not be read, 4 a bug.)";

}  // namespace

bool GuardReplayArguments::is_asked_for() const {
  return command->parsed();
}

std::shared_ptr<GuardReplayArguments> add_guard_replay(CLI::App& guard) {
  auto arguments = std::make_shared<GuardReplayArguments>();
  CLI::App* const command =
      guard.add_subcommand("replay", "What a policy decides on what a guard saw");
  command->footer(kReplayFooter);
  command->add_option("-c,--config", arguments->config, "The policy, a TOML file")->required();
  command->add_option("RECORDING", arguments->recording, "What --recording wrote; - for stdin")
      ->required();
  command->add_option("--format", arguments->format, "text or json");
  arguments->command = command;
  return arguments;
}

Result<ExitCode> run_guard_replay(const GuardReplayArguments& arguments) {
  OOMKIT_TRY(const std::size_t format, chosen_word("--format", arguments.format, {"text", "json"}));
  const bool is_json = format == 1;
  OOMKIT_TRY(const std::string text, read_whole(arguments.config, kPolicyBytesMax));
  Result<Policy> policy = parse_policy_file(arguments.config, text);
  if (!policy) {
    complain_in_full("guard", policy.error());
    return exit_code_of(policy.error().code);
  }
  OOMKIT_TRY(std::unique_ptr<ByteSource> source, open_log_file(arguments.recording));
  RecordingReader recording(std::move(source));
  const auto columns = static_cast<std::size_t>(result_columns(terminal()));

  std::string out;
  const auto hear = [&](const ReplayedDecision& decision) {
    out += is_json ? decision.record + "\n" : replayed_line(decision, columns);
  };
  OOMKIT_TRY(const ReplaySummary summary,
             replay({std::move(*policy), policy_hash(text)}, recording, hear));
  out += is_json ? replay_json(summary, arguments.config)
                 : replay_text(summary, arguments.config, columns);
  const Status written = write_standard_output(out);
  if (!written) return tl::unexpected(written.error());
  return summary.agrees() ? ExitCode::done : ExitCode::nothing;
}

}  // namespace oomkit
