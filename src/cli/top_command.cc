// `oom top`: who dies next?
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/host_input.h"
#include "cli/option_word.h"
#include "cli/top_live.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "render/top_json.h"
#include "render/top_text.h"

namespace oomkit {
namespace {

constexpr const char* kTopName = "top";

constexpr const char* kTopFooter = R"(
Ranks processes as the kernel would if memory ran out now, in the host and in each memory
cgroup with a limit, and says how far away that is. Reading is all that it does.

Examples:
  oom top                                  the live screen
  oom top --once                           once, as text
  oom top --once --scope /system.slice/db.service --format json
  oom top --once --scope nodes:1           when memory of NUMA node 1 alone is short
  oom top --once --verify                  hold our scores against the kernel's, of every process
  oom top --once --from now.json           in a snapshot that "oom snapshot" kept

On a terminal --once looks twice, a second apart, to tell what grows; --interval sets that.

Exit status: 0 done, 1 --verify found a difference larger than 1, 2 wrong usage, 3 something
could not be read, 4 a bug.)";

struct TopArguments {
  HostArguments host;
  bool once = false;
  bool verify = false;
  std::string scope = "all";
  std::string format = "text";
  std::string colour = "auto";
  std::size_t rows = 10;
  std::optional<double> interval_s;
  std::optional<std::string> output;
};

struct TopRequest {
  bool json = false;
  std::size_t columns = 80;
  bool colour = false;
  std::chrono::milliseconds interval{0};
};

Result<TopRequest> understand(const TopArguments& arguments, const Terminal& where) {
  TopRequest request;
  OOMKIT_TRY(const std::size_t format, chosen_word("--format", arguments.format, {"text", "json"}));
  request.json = format == 1;
  OOMKIT_TRY(request.colour, wants_colour(arguments.colour, where, arguments.output.has_value()));
  request.columns = static_cast<std::size_t>(result_columns(where));
  const bool to_terminal = where.output && !arguments.output;
  constexpr double kIntervalMax = 3600;
  const double interval = arguments.interval_s.value_or(to_terminal && !request.json ? 1.0 : 0.0);
  if (!(interval >= 0 && interval <= kIntervalMax)) {
    return fail(ErrorCode::usage, "--interval: expected seconds from 0 to 3600");
  }
  request.interval = std::chrono::milliseconds(std::lround(interval * 1000));
  constexpr std::size_t kRowsMax = 1'000'000;
  if (arguments.rows == 0 || arguments.rows > kRowsMax) {
    return fail(ErrorCode::usage, "-n: expected a number of rows from 1 to 1000000");
  }
  return request;
}

// A counter that moved between our reads is no difference of rules: look again, and a few
// times, at both sides of each that differs.
void look_again(HostInput& input, Snapshot& snapshot) {
  const auto version =
      snapshot.kernel_release ? parse_kernel_version(*snapshot.kernel_release) : std::nullopt;
  if (!version || badness_rule(*version) == BadnessRule::v0) return;
  constexpr int kAttempts = 5;
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const auto ours = computed_score(snapshot, *version, i);
      if (!ours || ours == snapshot.task_states[i].oom_score) break;
      if (!input.read_task_again(snapshot, i)) break;
    }
  }
}

HostQuery query_for(const TopArguments& arguments) {
  HostQuery query = HostQuery::next_victims(arguments.rows);
  if (arguments.verify) query.tasks = HostQuery::everything().tasks;
  return query;
}

Result<TopReport> look(HostInput& input, const TopArguments& arguments, const TopRequest& request) {
  std::optional<Snapshot> before;
  const auto began = monotonic_time();
  if (request.interval.count() > 0 && input.is_live()) {
    OOMKIT_TRY(before, input.read_amounts());
    pause_for(request.interval);
  }
  OOMKIT_TRY(Snapshot now, input.read(query_for(arguments)));
  const double seconds = std::chrono::duration<double>(monotonic_time() - began).count();
  if (arguments.verify) look_again(input, now);
  std::optional<EarlierAmounts> earlier;
  if (before) earlier.emplace(EarlierAmounts{*before, seconds});
  return make_top_report(std::move(now), earlier, {arguments.scope, arguments.verify});
}

// The screen that refreshes itself, or why there is none.
Result<ExitCode> run_live(const TopArguments& arguments, const TopRequest& request,
                          const Terminal& where) {
  if (arguments.output || request.json || arguments.verify) {
    return fail(ErrorCode::usage, "--output, --format json and --verify go with --once");
  }
  if (!where.input || !where.output) {
    return fail(ErrorCode::usage, "the live screen needs a terminal; --once prints once");
  }
  OOMKIT_TRY(HostInput input, HostInput::create(arguments.host));
  constexpr std::chrono::milliseconds kShortest{100};
  return run_live_screen(input,
                         {arguments.scope, std::max(request.interval, kShortest), request.colour});
}

Result<ExitCode> run(const TopArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const TopRequest request, understand(arguments, where));
  if (!arguments.once) return run_live(arguments, request, where);
  OOMKIT_TRY(HostInput input, HostInput::create(arguments.host));
  OOMKIT_TRY(const TopReport report, look(input, arguments, request));
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  if (request.json) {
    sink.append(top_json(report, arguments.rows));
  } else {
    sink.append(top_text(report, {request.columns, arguments.rows, request.colour}));
  }
  const Status written = sink.finish();
  if (!written && !sink.reader_gone()) return tl::unexpected(written.error());
  const bool differs = report.verification && report.verification->beyond_one > 0;
  return differs ? ExitCode::nothing : ExitCode::done;
}

}  // namespace

Command add_top_command(CLI::App& app) {
  auto arguments = std::make_shared<TopArguments>();
  CLI::App* const command =
      app.add_subcommand(kTopName, "Who dies next? Ranks as the kernel would");
  command->footer(kTopFooter);
  command->add_flag("--once", arguments->once, "Print it once instead of showing a live screen");
  command
      ->add_option("--scope", arguments->scope,
                   "host, all, the path of a memory cgroup, nodes:LIST or policy:LIST")
      ->capture_default_str();
  command->add_option("-n,--rows", arguments->rows, "How many processes, and cgroups")
      ->capture_default_str();
  command->add_flag("--verify", arguments->verify,
                    "Compare every score with the kernel's own /proc/PID/oom_score");
  command->add_option("--interval", arguments->interval_s, "Seconds between two looks, for growth");
  command->add_option("--format", arguments->format, "text or json")->capture_default_str();
  command->add_option("--output", arguments->output, "Write to this file, whole or not at all");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  add_host_options(*command, arguments->host);
  return {kTopName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
