#include "cli/lab_run.h"

#include <algorithm>
#include <utility>

#include "cli/diagnostics.h"
#include "cli/option_word.h"
#include "cli/rehearse_progress.h"
#include "io/interrupt.h"
#include "io/machine.h"
#include "io/output_sink.h"
#include "io/process_environment.h"
#include "lab/experiment.h"
#include "lab/experiment_log.h"
#include "lab/experiment_story.h"
#include "lab/here.h"
#include "lab/kernel_image.h"
#include "lab/model_world.h"
#include "lab/rehearse.h"
#include "model/run_record_json.h"
#include "render/lab_json.h"
#include "render/lab_markdown.h"
#include "render/lab_text.h"
#include "render/quantity.h"
#include "scenario/expectation.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

constexpr const char* kLabRunName = "lab run";
constexpr std::size_t kStoriesMax = 4;

enum class LabFormat { text, json, markdown };
enum class LabWorld { vm, here, model };

struct LabCase {
  const Experiment* experiment = nullptr;
  KernelImage kernel;  // Of world here: only its label and release.
};

struct LabPlan {
  std::vector<LabCase> cases;
  LabFormat format = LabFormat::text;
  LabWorld world = LabWorld::vm;
  bool colour = false;
  int columns = 0;
};

using Rehearsals = std::vector<Result<Rehearsal>>;

Result<std::vector<const Experiment*>> chosen_experiments(const LabRunArguments& arguments) {
  std::vector<const Experiment*> chosen;
  if (arguments.all == !arguments.names.empty()) {
    return fail(ErrorCode::usage,
                "name experiments, or run them with --all (oom lab list tells their names)");
  }
  for (const Experiment& each : experiments()) {
    if (arguments.all) chosen.push_back(&each);
  }
  for (const std::string& name : arguments.names) {
    OOMKIT_TRY(const std::vector<const Experiment*> found, find_experiments(name));
    for (const Experiment* each : found) {
      if (std::find(chosen.begin(), chosen.end(), each) == chosen.end()) chosen.push_back(each);
    }
  }
  return chosen;
}

// Without --kernel: all that are fetched for --all, else the newest that the experiment is for.
Result<std::vector<KernelImage>> chosen_kernels(const LabRunArguments& arguments) {
  std::vector<std::string> words = arguments.kernels;
  if (words.empty()) words = fetched_kernels();
  if (words.empty()) {
    return fail(ErrorCode::unsupported, "no kernel in " + kernels_folder() +
                                            "; ./dev kernels fetches four of them, or name one "
                                            "with --kernel");
  }
  std::vector<KernelImage> kernels;
  for (const std::string& word : words) {
    OOMKIT_TRY(KernelImage kernel, find_kernel(word));
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

// In the model a kernel is what the model knows of it: there is no image.
Result<std::vector<KernelImage>> modelled_kernels(const LabRunArguments& arguments) {
  std::vector<KernelImage> kernels;
  const std::vector<std::string> known = simulated_kernels();
  for (const std::string& word : arguments.kernels.empty() ? known : arguments.kernels) {
    if (std::find(known.begin(), known.end(), word) == known.end())
      return fail(ErrorCode::usage, "the model does not know kernel " + word);
    kernels.push_back({word, "", word, ""});
  }
  return kernels;
}

Status add_cases(const LabRunArguments& arguments, const Experiment& experiment,
                 const std::vector<KernelImage>& kernels, LabPlan& plan) {
  std::vector<LabCase> cases;
  for (const KernelImage& kernel : kernels) {
    if (applies_to(experiment, kernel.release)) cases.push_back({&experiment, kernel});
  }
  const bool newest_only = arguments.kernels.empty() && !arguments.all;
  if (newest_only && cases.size() > 1) cases.erase(cases.begin(), cases.end() - 1);
  if (cases.empty() && !arguments.all) {
    std::string text;
    for (const std::string& kernel : experiment.scenario.host.kernels)
      text += (text.empty() ? "" : ", ") + kernel;
    return fail(ErrorCode::usage, std::string(experiment.name) + " is for the kernels " + text);
  }
  plan.cases.insert(plan.cases.end(), cases.begin(), cases.end());
  return {};
}

Status choose_cases(const LabRunArguments& arguments, LabPlan& plan) {
  OOMKIT_TRY(const std::vector<const Experiment*> chosen, chosen_experiments(arguments));
  if (plan.world == LabWorld::here) {
    for (const Experiment* each : chosen) {
      const Status fits = fits_here(*each);
      if (!fits && !arguments.all) return fits;
      if (fits) plan.cases.push_back({each, {"here", "", kernel_release(), ""}});
    }
    if (plan.cases.empty())
      return fail(ErrorCode::unsupported, "no experiment can run here: there is no memory cgroup");
    return {};
  }
  OOMKIT_TRY(const std::vector<KernelImage> kernels, plan.world == LabWorld::model
                                                         ? modelled_kernels(arguments)
                                                         : chosen_kernels(arguments));
  for (const Experiment* each : chosen) {
    if (Status added = add_cases(arguments, *each, kernels, plan); !added) return added;
  }
  return {};
}

Result<LabPlan> make_plan(const LabRunArguments& arguments, const Terminal& terminal) {
  LabPlan plan;
  OOMKIT_TRY(const std::size_t format,
             chosen_word("--format", arguments.format, {"text", "json", "markdown"}));
  OOMKIT_TRY(const std::size_t world,
             chosen_word("--world", arguments.world, {"vm", "here", "model"}));
  OOMKIT_TRY(plan.colour, wants_colour(arguments.colour, terminal, arguments.output.has_value()));
  plan.format = static_cast<LabFormat>(format);
  plan.world = static_cast<LabWorld>(world);
  plan.columns = result_columns(terminal);
  if (arguments.resume && !arguments.record)
    return fail(ErrorCode::usage, "--resume needs --record: the folder of what is done already");
  if (plan.world == LabWorld::here && !arguments.kernels.empty())
    return fail(ErrorCode::usage, "--kernel is for --world vm: here there is one kernel");
  if (Status chosen = choose_cases(arguments, plan); !chosen) return tl::unexpected(chosen.error());
  return plan;
}

std::string name_of(const LabCase& one) {
  return std::string(one.experiment->name) + "." + one.kernel.label;
}

// What is done as soon as a run is over, for a long matrix may be stopped in its middle: its
// record and log go to --record, DIR/NAME.KERNEL.json and .log, and where nobody sees the line
// of progress, one line tells of it.
class Journal {
 public:
  Journal(const LabRunArguments& arguments, const LabPlan& plan, bool tells)
      : folder_(arguments.record), plan_(plan), tells_(tells) {}

  Status open() const { return folder_ ? make_folders(*folder_) : Status(); }

  void enter(std::size_t index, const Result<Rehearsal>& result) {
    const std::string name = name_of(plan_.cases[index]);
    ++count_;
    if (tells_) complain(kLabRunName, line_of(name, result));
    if (!result || !folder_ || !written_) return;
    const std::string path = *folder_ + "/" + name;
    written_ = write_whole(path + ".json", to_json(result->record));
    if (written_) written_ = write_whole(path + ".log", result->kernel_log);
  }

  const Status& written() const { return written_; }

 private:
  std::string line_of(const std::string& name, const Result<Rehearsal>& result) const {
    std::string line =
        std::to_string(count_) + "/" + std::to_string(plan_.cases.size()) + " " + name + ": ";
    if (!result) return line + result.error().what;
    const RunRecord& record = result->record;
    const bool sound = !record.expect || record.expect->holds;
    line += sound ? "as expected" : record.expect->differences.front();
    const double seconds = static_cast<double>(record.wall_ms.value_or(0)) / 1000;
    line += ", " + duration_text(seconds);
    if (const auto used = result->processor_ms)
      line += " (processor " + duration_text(static_cast<double>(*used) / 1000) + ")";
    return line;
  }

  const std::optional<std::string>& folder_;
  const LabPlan& plan_;
  bool tells_;
  std::size_t count_ = 0;
  Status written_;
};

// A run of before whose record lies in the folder: judged by what is expected now.
std::optional<Rehearsal> earlier_run(const LabRunArguments& arguments, const LabCase& one) {
  constexpr std::size_t kTextMax = std::size_t{64} << 20;
  if (!arguments.resume || !arguments.record) return std::nullopt;
  const std::string path = *arguments.record + "/" + name_of(one);
  const auto json = read_whole(path + ".json", kTextMax);
  auto log = read_whole(path + ".log", kTextMax);
  if (!json || !log) return std::nullopt;
  auto record = parse_run_record(*json);
  if (!record || record->scenario != one.experiment->name || record->seed != arguments.seed ||
      record->kernel != one.kernel.release)
    return std::nullopt;
  Rehearsal rehearsal;
  rehearsal.record = *std::move(record);
  judge(one.experiment->scenario, rehearsal.record);
  rehearsal.kernel_log = *std::move(log);
  return rehearsal;
}

Rehearsals rehearse(const LabRunArguments& arguments, const LabPlan& plan,
                    const Laboratory& laboratory, const ProgressFunction& show, Journal& journal) {
  // What lacks something, as a module that is not built, is no run; the others are.
  Rehearsals results(plan.cases.size(), fail(ErrorCode::unsupported, ""));
  std::vector<RehearsalRequest> requests;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < plan.cases.size(); ++i) {
    const LabCase& one = plan.cases[i];
    if (auto earlier = earlier_run(arguments, one)) {
      results[i] = *std::move(earlier);
      continue;
    }
    RehearsalRequest request{one.experiment->scenario,
                             std::string(one.experiment->text),
                             ".",
                             one.kernel,
                             arguments.seed,
                             std::nullopt};
    if (const Status ready = laboratory.check(request); !ready) {
      results[i] = tl::unexpected(ready.error());
      journal.enter(i, results[i]);
      continue;
    }
    requests.push_back(std::move(request));
    places.push_back(i);
  }
  const auto show_in_place = [&](RunProgress progress) {
    progress.run = places[progress.run];
    show(progress);
  };
  const auto enter_in_place = [&](std::size_t run, const Result<Rehearsal>& result) {
    journal.enter(places[run], result);
  };
  Rehearsals done =
      laboratory.rehearse_all(requests, arguments.jobs, show_in_place, enter_in_place);
  for (std::size_t i = 0; i < done.size(); ++i)
    results[places[i]] = std::move(done[i]);
  return results;
}

Result<Rehearsals> run_cases(const LabRunArguments& arguments, const LabPlan& plan,
                             const Interrupt& interrupt, const Terminal& where, Journal& journal) {
  if (plan.world == LabWorld::here) {
    Rehearsals results;
    for (const LabCase& one : plan.cases) {
      if (interrupt.happened()) break;
      results.push_back(run_here(*one.experiment, arguments.seed, interrupt.descriptor()));
      journal.enter(results.size() - 1, results.back());
    }
    return results;
  }
  if (plan.world == LabWorld::model) {
    Rehearsals results;
    for (const LabCase& one : plan.cases) {
      if (interrupt.happened()) break;
      auto run = run_in_model(one.experiment->scenario, {.kernel = one.kernel.label,
                                                         .seed = arguments.seed,
                                                         .trace = false,
                                                         .page_by_page = false});
      results.push_back(run ? Result<Rehearsal>(std::move(run->rehearsal))
                            : tl::unexpected(run.error()));
      journal.enter(results.size() - 1, results.back());
    }
    return results;
  }
  OOMKIT_TRY(const Laboratory laboratory, Laboratory::create(interrupt.descriptor()));
  std::vector<std::string> names;
  for (const LabCase& one : plan.cases)
    names.push_back(name_of(one));
  RehearseProgress progress(std::move(names), where.diagnostics, plan.columns);
  return rehearse(
      arguments, plan, laboratory, [&](const RunProgress& it) { progress.show(it); }, journal);
}

std::vector<LabRun> told_runs(const LabPlan& plan, const Rehearsals& results) {
  std::vector<LabRun> runs;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Experiment& experiment = *plan.cases[i].experiment;
    LabRun run;
    run.experiment = experiment.name;
    run.title = experiment.scenario.lab->title;
    run.topic = experiment.scenario.lab->topic;
    run.kernel = plan.cases[i].kernel.label;
    if (results[i]) {
      run.story = make_story(experiment, results[i]->record);
      run.processor_ms = results[i]->processor_ms;
    } else {
      run.problem = results[i].error().what;
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

// All of one topic, and of more than one strategy: then the comparison is what is wanted.
bool are_strategies(const std::vector<LabRun>& runs) {
  return runs.size() > 1 && std::all_of(runs.begin(), runs.end(),
                                        [](const LabRun& run) { return run.topic == "avoidance"; });
}

std::string text_of(const LabRunArguments& arguments, const LabPlan& plan,
                    const std::vector<LabRun>& runs, const Rehearsals& results) {
  std::string out;
  const TextScreen screen{out, Paint(plan.colour), static_cast<std::size_t>(plan.columns)};
  const bool table = arguments.table || arguments.all || runs.size() > kStoriesMax;
  if (are_strategies(runs)) {
    append_lab_strategies(screen, runs);
    out += '\n';
  }
  if (table) {
    append_lab_runs(screen, runs);
    return out;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i > 0) out += '\n';
    if (runs[i].story)
      append_lab_story(screen, *runs[i].story, explain_kernel_log(results[i]->kernel_log));
  }
  return out;
}

std::string markdown_of(const LabPlan& plan, const std::vector<LabRun>& runs) {
  std::vector<LabKernel> kernels;
  for (const LabCase& one : plan.cases) {
    const LabKernel kernel{one.kernel.label, one.kernel.release};
    if (std::none_of(kernels.begin(), kernels.end(),
                     [&](const LabKernel& it) { return it.label == kernel.label; }))
      kernels.push_back(kernel);
  }
  return lab_markdown(kernels, runs);
}

ExitCode exit_code_for(const std::vector<LabRun>& runs, const Rehearsals& results) {
  for (const Result<Rehearsal>& result : results) {
    if (!result) return exit_code_of(result.error().code);
  }
  return std::all_of(runs.begin(), runs.end(), holds) ? ExitCode::done : ExitCode::nothing;
}

}  // namespace

Result<ExitCode> run_lab(const LabRunArguments& arguments) {
  const Terminal where = terminal();
  OOMKIT_TRY(const LabPlan plan, make_plan(arguments, where));
  OOMKIT_TRY(const Interrupt interrupt, Interrupt::watch());
  OOMKIT_TRY(OutputSink sink, OutputSink::to(arguments.output));
  Journal journal(arguments, plan, !where.diagnostics && plan.cases.size() > kStoriesMax);
  if (const Status open = journal.open(); !open) return tl::unexpected(open.error());
  OOMKIT_TRY(const Rehearsals results, run_cases(arguments, plan, interrupt, where, journal));
  if (interrupt.happened()) {
    complain(kLabRunName, "interrupted; everything that was started is ended");
    return ExitCode::interrupted;
  }
  if (!journal.written()) return tl::unexpected(journal.written().error());
  const std::vector<LabRun> runs = told_runs(plan, results);
  for (const LabRun& run : runs) {
    if (!run.problem.empty())
      complain(kLabRunName, run.experiment + " on " + run.kernel + ": " + run.problem);
  }
  switch (plan.format) {
    case LabFormat::text:
      sink.append(text_of(arguments, plan, runs, results));
      break;
    case LabFormat::json:
      sink.append(lab_runs_json(runs));
      break;
    case LabFormat::markdown:
      sink.append(markdown_of(plan, runs));
      break;
  }
  if (const Status written = sink.finish(); !written && !sink.reader_gone())
    return tl::unexpected(written.error());
  return exit_code_for(runs, results);
}

}  // namespace oomkit
