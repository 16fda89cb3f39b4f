#include "cli/simulate_sweep.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <utility>

#include "cli/diagnostics.h"
#include "cli/option_word.h"
#include "cli/scenario_file.h"
#include "cli/simulate_check.h"
#include "core/diagnostic.h"
#include "io/machine.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "io/ranks.h"
#include "lab/sweep.h"
#include "render/quantity.h"
#include "render/sweep_text.h"
#include "scenario/sweep.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSweepSourceMax = std::size_t{4} << 20;

// One line on standard error, written over again and again, and wiped off at the end.
class SweepProgress {
 public:
  SweepProgress(std::int64_t all, bool on) : all_(all), on_(on), begin_(monotonic_time()) {}
  ~SweepProgress() {
    if (on_) write("\r\x1b[K");
  }
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;

  void show(std::int64_t done) {
    if (!on_ || monotonic_time() - drawn_ < 100ms) return;
    drawn_ = monotonic_time();
    const double seconds = std::chrono::duration<double>(drawn_ - begin_).count();
    const double left = seconds / static_cast<double>(done) * static_cast<double>(all_ - done);
    write("\r\x1b[K" + grouped_text(static_cast<std::uint64_t>(done)) + " of " +
          grouped_text(static_cast<std::uint64_t>(all_)) + " runs, " + duration_text(left) +
          " left");
  }

 private:
  static void write(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  }

  std::int64_t all_;
  bool on_;
  std::chrono::nanoseconds begin_;
  std::chrono::nanoseconds drawn_{0};
};

struct LoadedSweep {
  SweepPlan plan;
  ScenarioFile scenario;
};

Status refuse_sweep(const std::vector<Diagnostic>& diagnostics, const std::string& path,
                    const std::string& source) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics)
    text += diagnostic_text(diagnostic, path, source);
  if (text.empty()) return {};
  return fail(ErrorCode::malformed, std::move(text));
}

Result<LoadedSweep> load_sweep(const SweepArguments& arguments) {
  OOMKIT_TRY(const std::string source, read_whole(arguments.file, kSweepSourceMax));
  ParsedSweep parsed = parse_sweep(source);
  if (Status sound = refuse_sweep(parsed.diagnostics, arguments.file, source); !sound)
    return tl::unexpected(sound.error());
  LoadedSweep sweep{std::move(parsed.plan), {}};
  const std::size_t slash = arguments.file.find_last_of('/');
  const bool beside = slash != std::string::npos && !sweep.plan.scenario.starts_with('/');
  const std::string folder = beside ? arguments.file.substr(0, slash + 1) : "";
  OOMKIT_TRY(sweep.scenario, read_scenario_file(folder + sweep.plan.scenario));
  if (!arguments.kernels.empty()) sweep.plan.kernels = arguments.kernels;
  if (sweep.plan.kernels.empty()) {
    OOMKIT_TRY(std::string kernel, kernel_for(sweep.scenario.scenario));
    sweep.plan.kernels.push_back(std::move(kernel));
  }
  for (const std::string& kernel : sweep.plan.kernels) {
    if (Status known = check_for_model(sweep.scenario, kernel, arguments.resident != nullptr);
        !known)
      return tl::unexpected(known.error());
  }
  if (arguments.seed) sweep.plan.seed = *arguments.seed;
  const std::vector<Diagnostic> unbound =
      bind_sweep(sweep.plan, sweep.scenario.source, [&](const Scenario& scenario) {
        return why_not_in_model(scenario, sweep.plan.kernels, arguments.resident);
      });
  if (Status sound = refuse_sweep(unbound, arguments.file, source); !sound)
    return tl::unexpected(sound.error());
  return sweep;
}

// Of mpirun's programs all have run their share; the first has the runs of all.
Result<std::vector<SweepRun>> run_all(const LoadedSweep& sweep, std::optional<Ranks>& ranks,
                                      SweepShare share, bool shows) {
  if (ranks) {
    share.first = ranks->rank();
    share.stride = ranks->size();
  }
  std::vector<SweepRun> runs;
  {
    SweepProgress progress(count_runs(sweep.plan) / share.stride, shows && share.first == 0);
    runs = run_sweep(sweep.plan, sweep.scenario.source, share,
                     [&](std::int64_t done) { progress.show(done); });
  }
  if (!ranks) return runs;
  OOMKIT_TRY(const std::vector<std::string> parts, ranks->gather(pack_runs(runs)));
  runs.clear();
  for (const std::string& part : parts) {
    OOMKIT_TRY(std::vector<SweepRun> others, unpack_runs(sweep.plan, part));
    std::move(others.begin(), others.end(), std::back_inserter(runs));
  }
  std::sort(runs.begin(), runs.end(),
            [](const SweepRun& a, const SweepRun& b) { return a.index < b.index; });
  return runs;
}

Status show_run(const LoadedSweep& sweep, std::int64_t index, OutputSink& sink) {
  if (index < 0 || index >= count_runs(sweep.plan))
    return fail(ErrorCode::usage,
                "--show-run: there are runs 0 to " + std::to_string(count_runs(sweep.plan) - 1));
  const SweepChoice choice = choose(sweep.plan, index);
  sink.append("# oom simulate FILE --kernel " + sweep.plan.kernels[choice.kernel] + " --seed " +
              std::to_string(choice.seed) + "\n");
  sink.append(scenario_text(sweep.plan, sweep.scenario.source, choice));
  return {};
}

}  // namespace

Result<ExitCode> simulate_sweep(const SweepArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const std::size_t form,
             chosen_word("--format", arguments.format, {"text", "json", "csv"}));
  OOMKIT_TRY(const bool colour,
             wants_colour(arguments.colour, where, arguments.output.has_value()));
  OOMKIT_TRY(std::optional<Ranks> ranks, Ranks::join());
  const bool first = !ranks || ranks->rank() == 0;
  const auto sweep = load_sweep(arguments);
  if (!sweep) {
    // All ranks read the same files: one of them says what is wrong.
    if (first) complain_in_full("simulate", sweep.error());
    return exit_code_of(sweep.error().code);
  }
  SweepShare share;
  // mpirun starts as many of us as there are processors for.
  const int usual = ranks ? 1 : static_cast<int>(processor_count());
  share.resident = arguments.resident;
  share.threads = arguments.threads > 0 ? arguments.threads : usual;
  std::vector<SweepRun> runs;
  if (!arguments.show_run) {
    OOMKIT_TRY(runs, run_all(*sweep, ranks, share, where.diagnostics));
  }
  if (!first) return ExitCode::done;
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  if (arguments.show_run) {
    if (Status shown = show_run(*sweep, *arguments.show_run, sink); !shown)
      return tl::unexpected(shown.error());
  } else {
    const SweepReport report = sum_up(sweep->plan, sweep->scenario.name, std::move(runs));
    std::string text;
    if (form == 1) {
      text = sweep_json(report);
    } else if (form == 2) {
      text = sweep_csv(report);
    } else {
      append_sweep({text, Paint(colour), static_cast<std::size_t>(result_columns(where))}, report);
    }
    sink.append(text);
  }
  if (const Status written = sink.finish(); !written && !sink.reader_gone())
    return tl::unexpected(written.error());
  return ExitCode::done;
}

}  // namespace oomkit
