// `oom run`: a command under a limit that explains itself.
#include "act/run_command.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/diagnostics.h"
#include "cli/option_word.h"
#include "core/size_text.h"
#include "explain/cgroup_reports.h"
#include "io/byte_source.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "render/command_json.h"
#include "render/command_text.h"
#include "render/renderer.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;

constexpr const char* kRunName = "run";

constexpr const char* kRunFooter = R"(
Runs COMMAND in a fresh memory cgroup, version 1 or 2, with its limits set before it begins.
When the kernel kills something in it, why is explained on stderr. When COMMAND ends,
whatever it left in the cgroup is killed and the cgroup is removed; the same if "oom run"
itself is killed. Write -- before COMMAND.

Examples:
  oom run --memory 80M -- ./hog
  oom run --memory 2G --swap 0 --stats -- make -j8
  oom run --high 500M --memory 1G --oom-group --score 500 -- ./workers
  oom run --stats --format json --output run.json -- ./batch

^C and other signals reach COMMAND. One that is still there --grace seconds after SIGTERM
or SIGHUP is killed; so is one that ignores ^C, by the second.

Exit status: COMMAND's own, 128 + N if signal N ended it (137: killed); 126 it cannot be
started, 127 it is not there; 2 wrong usage, 3 no cgroup can be made here, 4 a bug.)";

struct RunArguments {
  std::vector<std::string> words;
  std::optional<std::string> memory, swap, high;
  std::optional<int> score;
  bool oom_group = false;
  bool stats = false;
  double grace_s = 10;
  std::string format = "text";
  std::string colour = "auto";
  std::optional<std::string> output;
};

struct RunPlan {
  CommandRequest request;
  bool json = false;
  bool colour = false;
  int columns = 80;
};

Status read_size(std::string_view option, const std::optional<std::string>& text,
                 std::optional<Bytes>& size) {
  if (!text) return {};
  const Result<Bytes> parsed = parse_size(*text);
  if (!parsed) {
    return fail(ErrorCode::usage,
                std::string(option) + " \"" + *text + "\": " + parsed.error().what);
  }
  if (*parsed < Bytes(0))
    return fail(ErrorCode::usage, std::string(option) + ": a size is not negative");
  size = *parsed;
  return {};
}

Result<CommandLimits> limits_of(const RunArguments& arguments) {
  CommandLimits limits;
  const auto sizes = {std::tuple("--memory", &arguments.memory, &limits.memory),
                      std::tuple("--swap", &arguments.swap, &limits.swap),
                      std::tuple("--high", &arguments.high, &limits.high)};
  for (const auto& [option, text, size] : sizes) {
    if (const Status read = read_size(option, *text, *size); !read)
      return tl::unexpected(read.error());
  }
  constexpr int kScoreMax = 1000;
  if (arguments.score && std::abs(*arguments.score) > kScoreMax)
    return fail(ErrorCode::usage, "--score: expected a number from -1000 to 1000");
  limits.oom_score_adj = arguments.score;
  limits.oom_group = arguments.oom_group;
  return limits;
}

Result<RunPlan> understand(const RunArguments& arguments, const Terminal& where) {
  RunPlan plan;
  if (arguments.words.empty())
    return fail(ErrorCode::usage, "no command is given: oom run [--memory SIZE] -- COMMAND...");
  OOMKIT_TRY(plan.request.limits, limits_of(arguments));
  plan.request.words = arguments.words;
  constexpr double kGraceMax = 86400;
  if (!(arguments.grace_s >= 0 && arguments.grace_s <= kGraceMax))
    return fail(ErrorCode::usage, "--grace: expected seconds from 0 to 86400");
  plan.request.grace = milliseconds(std::lround(arguments.grace_s * 1000));
  OOMKIT_TRY(const std::size_t format, chosen_word("--format", arguments.format, {"text", "json"}));
  plan.json = format == 1;
  if (plan.json && !arguments.output)
    return fail(ErrorCode::usage, "--format json goes with --output: stdout is the command's");
  // What we say goes to stderr, or to the file.
  Terminal diagnostics = where;
  diagnostics.output = where.diagnostics;
  OOMKIT_TRY(plan.colour,
             wants_colour(arguments.colour, diagnostics, arguments.output.has_value()));
  plan.columns = result_columns(where);
  return plan;
}

// The kernel's log while the command runs, and the reports about its cgroup in it.
class KernelWatch {
 public:
  KernelWatch() : opened_(open_kmsg_from_now("/dev/kmsg")) {}

  // "" if the log can be read.
  std::string problem() const { return opened_ ? "" : opened_.error().what; }

  CommandWatch watch() {
    if (!opened_) return {};
    return {(*opened_)->descriptor(), [this] { read(); }};
  }

  // Every report about that cgroup, explained. `killed`: there must be one.
  void finish(CgroupReports& reports, bool killed) {
    if (!opened_) return;
    read();
    // Who was killed may be gone before the kernel has logged the last of it.
    constexpr milliseconds kQuiet{40};
    constexpr int kAttempts = 25;
    for (int attempt = 0; killed && attempt < kAttempts; ++attempt) {
      const std::size_t known = text_.size();
      pause_for(kQuiet);
      read();
      const bool told = text_.find("Killed process") != std::string::npos;
      if (told && text_.size() == known) break;
    }
    LogReader reader("the kernel's log", reports);
    reader.feed(text_);
    reader.finish();
  }

 private:
  // Kept as text: whose reports are wanted is known only at the end. A log without an end
  // loses its beginning.
  void read() {
    std::array<char, 16384> block{};
    while (true) {
      const auto count = (*opened_)->read(block);
      if (!count || *count == 0) return;
      text_.append(block.data(), *count);
      constexpr std::size_t kTextMax = std::size_t{16} << 20;
      if (text_.size() > kTextMax) text_.erase(0, text_.size() - kTextMax / 2);
    }
  }

  Result<std::unique_ptr<LiveSource>> opened_;
  std::string text_;
};

std::string rendered(const CgroupReports& reports, OutputFormat format, const RunPlan& plan,
                     std::size_t count_max = SIZE_MAX) {
  std::string out;
  RenderOptions options;
  options.format = format;
  options.columns = plan.columns;
  options.colour = plan.colour;
  const auto renderer = make_renderer(options, [&](std::string_view text) { out += text; });
  renderer->begin();
  std::size_t index = 0;
  for (const Explanation& each : reports.explained()) {
    if (index < count_max) renderer->report(++index, each);
  }
  renderer->end({}, DamageCounts());
  return out;
}

// A line for each kill if there are several, and the first one in full.
std::string text_of(const CgroupReports& reports, const RunPlan& plan) {
  std::string text;
  if (reports.count() > 1) {
    text = rendered(reports, OutputFormat::summary, plan);
    const std::size_t rest = reports.count() - reports.explained().size();
    if (rest > 0) text += "and " + std::to_string(rest) + " more kills\n";
    text += "\nThe first of them:\n\n";
  }
  return text + rendered(reports, OutputFormat::text, plan, 1);
}

std::string report_text(const CommandRun& run, const CgroupReports& reports,
                        const std::string& problem, const RunArguments& arguments,
                        const RunPlan& plan) {
  std::string out;
  const auto sentence = [&](const std::string& text) { out += "oom run: " + text + "\n"; };
  if (reports.count() > 0) {
    out += text_of(reports, plan);
  } else if (oom_kills(run).value_or(0) > 0) {
    sentence(command_kill_text(run, problem));
  }
  for (const std::string& note : command_notes(run))
    sentence(note);
  if (arguments.stats) out += command_stats_text(run, Paint(plan.colour));
  return out;
}

Result<ExitCode> run(const RunArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const RunPlan plan, understand(arguments, where));
  std::optional<OutputSink> sink;
  if (arguments.output) {
    OOMKIT_TRY(OutputSink file, OutputSink::to(arguments.output));
    sink.emplace(std::move(file));
  }
  KernelWatch kernel;
  const auto done = run_command(plan.request, kernel.watch());
  if (!done) {
    if (!done.error().exec_status) return tl::unexpected(done.error().error);
    complain(kRunName, done.error().error.what);
    return static_cast<ExitCode>(*done.error().exec_status);
  }
  const std::string& path = done->cgroup;
  CgroupReports reports(path.substr(path.rfind('/') + 1));
  kernel.finish(reports, oom_kills(*done).value_or(done->signal ? 1 : 0) > 0);
  const std::string text = report_text(*done, reports, kernel.problem(), arguments, plan);
  if (plan.json) {
    sink->append(command_json(
        *done, reports.count() > 0 ? rendered(reports, OutputFormat::json, plan) : ""));
  } else if (sink) {
    sink->append(text);
  } else {
    say(text);
  }
  if (sink) {
    if (const Status written = sink->finish(); !written) complain(kRunName, written.error().what);
  }
  return static_cast<ExitCode>(done->status());
}

}  // namespace

Command add_run_command(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* const command =
      app.add_subcommand(kRunName, "Run a command under a memory limit that explains itself");
  command->footer(kRunFooter);
  command->add_option("COMMAND", arguments->words, "What to run, after --");
  command->add_option("--memory", arguments->memory, "Its limit: 80M, 1.5G (memory.max)");
  command->add_option("--swap", arguments->swap, "How much swap beside it (memory.swap.max)");
  command->add_option("--high", arguments->high, "Throttle above this (memory.high, v2)");
  command->add_option("--score", arguments->score, "oom_score_adj of the command, -1000 to 1000");
  command->add_flag("--oom-group", arguments->oom_group,
                    "A kill takes all of it (memory.oom.group, v2)");
  command->add_flag("--stats", arguments->stats, "Say on stderr what it used, and how it ended");
  command->add_option("--grace", arguments->grace_s, "Seconds between SIGTERM and SIGKILL")
      ->capture_default_str();
  command->add_option("--format", arguments->format, "text or json, of --output")
      ->capture_default_str();
  command->add_option("--output", arguments->output,
                      "Write what we say to this file, not to stderr");
  command->add_option("--color", arguments->colour, "auto, always or never")->capture_default_str();
  return {kRunName, [arguments] { return run(*arguments); }};
}

}  // namespace oomkit
