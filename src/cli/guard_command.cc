// `oom guard`: a policy that acts before the kernel has to.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/guard_import.h"
#include "cli/guard_replay.h"
#include "cli/guard_start.h"
#include "cli/guard_status.h"
#include "cli/option_word.h"
#include "cli/policy_file.h"
#include "cli/scenario_file.h"
#include "io/listening_socket.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "render/policy_text.h"

namespace oomkit {
namespace {

constexpr const char* kGuardName = "guard";

constexpr const char* kGuardFooter = R"(
A policy says when memory is short, whom to pick and what to do. With --check it is read and
told in plain words, and nothing is done; else the guard runs until it is told to end. SIGHUP
has it read its policy again, and keep what it knows; a bad one changes nothing. Metrics are for
Prometheus, at /metrics of a socket that only this machine reaches: unix:PATH, 127.0.0.1:PORT or
[::1]:PORT.

Examples:
  oom guard --config server.toml --check   what it means, or all that is wrong with it
  oom guard --config server.toml           guard this host
  oom guard --config server.toml --dry-run --record decisions.jsonl
                                           decide and tell, but signal nobody
  oom guard --config server.toml --metrics 127.0.0.1:9123
                                           tell Prometheus how it is
  oom guard status                         how the guard that runs is
  oom guard --config server.toml --recording seen.rec
                                           keep all that it sees, to ask a policy again
  oom guard replay --config other.toml seen.rec
                                           what another policy would have decided
  oom guard --signals                      the words that a policy can be written with
  oom guard import earlyoom -m 5 -s 10     another program's configuration as a policy

Exit status: 0 done, 2 the policy or the command line makes no sense, 3 something could not be
read, 4 a bug.)";

struct GuardArguments {
  std::string config;
  bool check = false;
  bool signals = false;
  GuardStart start;
};

bool has_warnings(const Policy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(), [](const PolicyRule& rule) {
    return std::any_of(rule.actions.begin(), rule.actions.end(), [](const PolicyAction& action) {
      return action.kind == PolicyAction::Kind::warn;
    });
  });
}

Result<ExitCode> run_guard(const GuardArguments& arguments) {
  const auto columns = static_cast<std::size_t>(result_columns(terminal()));
  if (arguments.signals) {
    const Status written = write_standard_output(policy_vocabulary_text(columns));
    if (!written) return tl::unexpected(written.error());
    return ExitCode::done;
  }
  if (arguments.config.empty())
    return fail(ErrorCode::usage, "which policy? --config FILE, as in --config server.toml");
  if (arguments.start.metrics) {
    const auto address = parse_listen_address(*arguments.start.metrics);
    if (!address) return fail(ErrorCode::usage, "--metrics " + address.error().what);
  }
  const Result<Policy> policy = read_policy_file(arguments.config);
  if (!policy) {
    complain_in_full(kGuardName, policy.error());
    return exit_code_of(policy.error().code);
  }
  if (!arguments.check) {
    GuardStart start = arguments.start;
    start.config = arguments.config;
    start.warns = has_warnings(*policy);
    return start_guard(start);
  }
  const Status written = write_standard_output(policy_text(*policy, arguments.config, columns));
  if (!written) return tl::unexpected(written.error());
  return ExitCode::done;
}

}  // namespace

Command add_guard_command(CLI::App& app) {
  auto arguments = std::make_shared<GuardArguments>();
  CLI::App* const command = app.add_subcommand(kGuardName, "Act before the kernel has to");
  command->footer(kGuardFooter);
  command->add_option("-c,--config", arguments->config, "The policy, a TOML file");
  command->add_flag("--check", arguments->check, "Say what the policy means, and do nothing");
  command->add_flag("--dry-run", arguments->start.dry_run, "Decide and record, but do nothing");
  command->add_option("--record", arguments->start.record_file,
                      "A file for decision records, a line of JSON each");
  command->add_option("--recording", arguments->start.recording,
                      "A file for all that it sees, for oom guard replay");
  command->add_option("--lock", arguments->start.lock_file,
                      "The file by which a second guard is refused");
  command->add_option("--socket", arguments->start.status_socket,
                      "Where it answers oom guard status, if not as usual");
  command->add_option("--metrics", arguments->start.metrics,
                      "Metrics for Prometheus: unix:PATH, 127.0.0.1:PORT or [::1]:PORT");
  command->add_flag("--signals", arguments->signals, "The words of policies");
  const std::shared_ptr<GuardImport> importing = add_guard_import(*command);
  const std::shared_ptr<GuardReplayArguments> replaying = add_guard_replay(*command);
  const std::shared_ptr<GuardStatusArguments> asking = add_guard_status(*command);
  return {kGuardName, [arguments, importing, replaying, asking] {
            if (importing->is_asked_for()) return run_guard_import(*importing);
            if (replaying->is_asked_for()) return run_guard_replay(*replaying);
            return asking->is_asked_for() ? run_guard_status(*asking) : run_guard(*arguments);
          }};
}

}  // namespace oomkit
