// Both worlds: random scenarios in the model and on real kernels, and in how many they agree.
//
//   differential --scenarios N --seed S --kernel K... [--least PERCENT] [--jobs N]
//                [--records FOLDER] [--report FILE]
//
// Scenario i is that of seed S + i, the same on each kernel. Where the worlds differ in who dies,
// in what order or in how many events there are, the real kernel is asked six times more, with
// seeds of its own machine: if it contradicts itself it is a race, which is counted apart and which
// no model can get right. Exit code 1 where fewer than --least percent of the others agree, 77
// where there is nothing to run kernels with.
//
// --records keeps the real runs in a folder, and takes from there what is there already. --report
// writes what came out into a document, between its two marks.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "differential_compare.h"
#include "lab/kernel_image.h"
#include "lab/model_world.h"
#include "lab/rehearse.h"
#include "model/run_record_json.h"
#include "random_scenario.h"
#include "scenario/parse.h"
#include "sim/simulate.h"
#include "vm_missing.h"

namespace oomkit {
namespace {

constexpr int kSkipped = 77;
constexpr std::uint64_t kMachines = 7;  // On which a scenario happens where the worlds differ.
constexpr std::string_view kBegin = "<!-- differential: begin -->\n";
constexpr std::string_view kEnd = "<!-- differential: end -->\n";

struct Arguments {
  std::int64_t scenarios = 5;
  std::uint64_t seed = 1;
  std::vector<std::string> kernels;
  int least = 0;
  std::size_t jobs = 0;
  std::string records, report;
};

struct Trial {
  std::uint64_t seed = 0;
  std::string kernel;
  std::string text;
  Scenario scenario;
  std::optional<WorldRun> model, real;
  std::string model_error, real_error;
  bool race = false;
  bool met = false;  // A race, and the kernel came to the model's outcome too.
  Comparison comparison;
};

struct Column {
  std::int64_t scenarios = 0, failed = 0, races = 0, met = 0, victims = 0, both = 0;
  Tally levels, scores, held, memory_events, full;
};

std::string file_text(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::optional<Arguments> parse_arguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    const std::string word = words[i];
    if (i + 1 == count) return std::nullopt;
    const std::string value = words[i + 1];
    if (word == "--kernel") {
      arguments.kernels.push_back(value);
    } else if (word == "--records") {
      arguments.records = value;
    } else if (word == "--report") {
      arguments.report = value;
    } else if (value.empty() || value.find_first_not_of("0123456789") != std::string::npos ||
               value.size() > 12) {
      return std::nullopt;
    } else if (word == "--scenarios") {
      arguments.scenarios = std::stoll(value);
    } else if (word == "--seed") {
      arguments.seed = std::stoull(value);
    } else if (word == "--least") {
      arguments.least = std::stoi(value);
    } else if (word == "--jobs") {
      arguments.jobs = std::stoul(value);
    } else {
      return std::nullopt;
    }
  }
  if (arguments.kernels.empty()) return std::nullopt;
  return arguments;
}

// Of one scenario on one kernel, and which of the real runs it is.
std::filesystem::path kept_at(const Arguments& arguments, const Trial& trial,
                              std::uint64_t machine_seed) {
  return std::filesystem::path(arguments.records) /
         ("random-" + std::to_string(trial.seed) + "." + trial.kernel + "." +
          std::to_string(machine_seed));
}

std::optional<WorldRun> kept(const Arguments& arguments, const Trial& trial,
                             std::uint64_t machine_seed) {
  if (arguments.records.empty()) return std::nullopt;
  const std::filesystem::path base = kept_at(arguments, trial, machine_seed);
  // The same scenario, or the run is of another one.
  if (file_text(base.string() + ".toml") != trial.text) return std::nullopt;
  const auto record = parse_run_record(file_text(base.string() + ".json"));
  if (!record) return std::nullopt;
  return WorldRun{*record, file_text(base.string() + ".log")};
}

// The real runs that are not there yet, of these trials, on machines of that seed.
std::vector<Result<WorldRun>> run_really(const Laboratory& laboratory, const Arguments& arguments,
                                         const std::vector<Trial*>& trials,
                                         std::uint64_t machine_seed) {
  std::vector<Result<WorldRun>> results;
  std::vector<RehearsalRequest> requests;
  std::vector<std::size_t> places;
  for (const Trial* trial : trials) {
    if (auto there = kept(arguments, *trial, machine_seed)) {
      results.emplace_back(std::move(*there));
      continue;
    }
    const auto image = find_kernel(trial->kernel);
    if (!image) {
      results.emplace_back(tl::unexpected(image.error()));
      continue;
    }
    results.emplace_back(WorldRun{});
    places.push_back(results.size() - 1);
    RehearsalRequest request;
    request.scenario = trial->scenario;
    request.source = trial->text;
    request.folder = ".";
    request.kernel = *image;
    request.seed = machine_seed;
    requests.push_back(std::move(request));
  }
  const auto keep = [&](std::size_t index, const Result<Rehearsal>& result) {
    const std::size_t place = places[index];
    if (!result) {
      results[place] = tl::unexpected(result.error());
      return;
    }
    results[place] = WorldRun{result->record, result->kernel_log};
    if (arguments.records.empty()) return;
    const std::string base = kept_at(arguments, *trials[place], machine_seed).string();
    write_text(base + ".toml", trials[place]->text);
    write_text(base + ".json", to_json(result->record));
    write_text(base + ".log", result->kernel_log);
  };
  laboratory.rehearse_all(requests, arguments.jobs, nullptr, keep);
  return results;
}

std::vector<Trial> make_trials(const Arguments& arguments) {
  std::vector<Trial> trials;
  for (std::int64_t i = 0; i < arguments.scenarios; ++i) {
    for (const std::string& kernel : arguments.kernels) {
      Trial trial;
      trial.seed = arguments.seed + static_cast<std::uint64_t>(i);
      trial.kernel = kernel;
      trial.text = random_scenario(trial.seed, kernel == "5.10" || kernel == "6.1");
      ParsedScenario parsed = parse_scenario(trial.text);
      if (!parsed.diagnostics.empty()) {
        std::cerr << trial.text << parsed.diagnostics.front().message << "\n";
        std::exit(1);
      }
      trial.scenario = std::move(parsed.scenario);
      trials.push_back(std::move(trial));
    }
  }
  return trials;
}

void run_model(Trial& trial) {
  SimulationOptions options;
  options.kernel = trial.kernel;
  auto run = run_in_model(trial.scenario, options);
  if (!run) {
    trial.model_error = run.error().what;
    return;
  }
  trial.model = WorldRun{std::move(run->rehearsal.record), std::move(run->rehearsal.kernel_log)};
}

void run_both(const Laboratory& laboratory, const Arguments& arguments,
              std::vector<Trial>& trials) {
  std::vector<Trial*> all;
  for (Trial& trial : trials)
    all.push_back(&trial);
  const auto real = run_really(laboratory, arguments, all, 1);
  std::vector<Trial*> doubtful;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    Trial& trial = trials[i];
    run_model(trial);
    if (!real[i]) {
      trial.real_error = real[i].error().what;
      continue;
    }
    trial.real = *real[i];
    if (!trial.model) continue;
    trial.comparison = compare_worlds(*trial.model, *trial.real);
    if (!trial.comparison.agrees()) doubtful.push_back(&trial);
  }
  for (std::uint64_t machine_seed = 2; machine_seed <= kMachines; ++machine_seed) {
    const auto again = run_really(laboratory, arguments, doubtful, machine_seed);
    for (std::size_t i = 0; i < doubtful.size(); ++i) {
      Trial& trial = *doubtful[i];
      if (!again[i] || same_outcome(again[i]->record, trial.real->record)) continue;
      trial.race = true;
      trial.met = trial.met || compare_worlds(*trial.model, *again[i]).agrees();
    }
  }
}

std::map<std::string, Column> count_columns(const std::vector<Trial>& trials) {
  std::map<std::string, Column> columns;
  for (const Trial& trial : trials) {
    Column& column = columns[trial.kernel];
    ++column.scenarios;
    if (!trial.real || !trial.model) {
      ++column.failed;
      continue;
    }
    const Comparison& of = trial.comparison;
    column.levels.add(of.levels);
    if (trial.race) {
      ++column.races;
      column.met += trial.met ? 1 : 0;
      continue;
    }
    column.victims += of.victims ? 1 : 0;
    column.both += of.agrees() ? 1 : 0;
    column.held.add(of.held);
    column.scores.add(of.scores);
    column.memory_events.add(of.memory_events);
    column.full.add(of.full);
  }
  return columns;
}

std::string share(std::int64_t some, std::int64_t all) {
  return std::to_string(some) + " of " + std::to_string(all);
}

std::string share(const Tally& tally) {
  return share(tally.same, tally.all);
}

std::string table_of(const Arguments& arguments, const std::map<std::string, Column>& columns) {
  std::string text = "| |";
  std::string line = "|---|";
  for (const std::string& kernel : arguments.kernels) {
    text += " " + kernel + " |";
    line += "---|";
  }
  text += "\n" + line + "\n";
  const auto row = [&](const std::string& title, auto value) {
    text += "| " + title + " |";
    for (const std::string& kernel : arguments.kernels)
      text += " " + value(columns.at(kernel)) + " |";
    text += "\n";
  };
  const auto judged = [](const Column& it) { return it.scenarios - it.failed - it.races; };
  row("scenarios", [](const Column& it) { return std::to_string(it.scenarios); });
  row("could not be begun", [](const Column& it) { return std::to_string(it.failed); });
  row("races: the kernel contradicts itself",
      [](const Column& it) { return std::to_string(it.races); });
  row("of these: the model has one of the kernel's outcomes",
      [](const Column& it) { return share(it.met, it.races); });
  row("of the others: victims in their order, survivors",
      [&](const Column& it) { return share(it.victims, judged(it)); });
  row("and event counts by kind", [&](const Column& it) { return share(it.both, judged(it)); });
  row("levels of zones, MemTotal, CommitLimit equal",
      [](const Column& it) { return share(it.levels); });
  row("scores equal", [](const Column& it) { return share(it.scores); });
  row("memory held at a kill within 2 %", [](const Column& it) { return share(it.held); });
  row("numbers of memory.events equal", [](const Column& it) { return share(it.memory_events); });
  row("PSI `full` within a factor of two, where there is any",
      [](const Column& it) { return share(it.full); });
  return text;
}

std::string differences_of(const std::vector<Trial>& trials) {
  std::string text;
  for (const Trial& trial : trials) {
    const std::string name = "- " + std::to_string(trial.seed) + " on " + trial.kernel + ": ";
    if (!trial.model || !trial.real) {
      text += name + (trial.model ? trial.real_error : trial.model_error) + "\n";
    } else if (!trial.comparison.agrees()) {
      text += name + (trial.race ? "(race) " : "") + "model " + kills_of(trial.model->record) +
              "; kernel " + kills_of(trial.real->record) + "\n";
    }
  }
  return text;
}

bool write_report(const Arguments& arguments, const std::string& table,
                  const std::string& differences) {
  const std::string before = file_text(arguments.report);
  const std::size_t begin = before.find(kBegin);
  const std::size_t end = before.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  std::string text = before.substr(0, begin + kBegin.size());
  text += "`./dev vm-test --differential --scenarios " + std::to_string(arguments.scenarios) +
          " --seed " + std::to_string(arguments.seed) + "`\n\n" + table + "\n";
  text += differences.empty() ? "" : "What differs, by the seed of the scenario:\n\n" + differences;
  write_text(arguments.report, text + before.substr(end));
  return true;
}

int run(const Arguments& arguments) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) {
    std::cout << "skipped: " << missing << "\n";
    return kSkipped;
  }
  for (const std::string& kernel : arguments.kernels) {
    if (const auto image = find_kernel(kernel); !image) {
      std::cout << "skipped: " << image.error().what << "\n";
      return kSkipped;
    }
  }
  const auto laboratory = Laboratory::create(-1);
  if (!laboratory) {
    std::cout << "skipped: " << laboratory.error().what << "\n";
    return kSkipped;
  }
  if (!arguments.records.empty()) std::filesystem::create_directories(arguments.records);
  std::cout << "OOMKIT_SEED=" << arguments.seed << "\n" << std::flush;
  std::vector<Trial> trials = make_trials(arguments);
  run_both(*laboratory, arguments, trials);
  const auto columns = count_columns(trials);
  const std::string table = table_of(arguments, columns);
  const std::string differences = differences_of(trials);
  std::cout << table << "\n" << differences;
  if (!arguments.report.empty() && !write_report(arguments, table, differences)) {
    std::cerr << arguments.report << ": its two marks are not there\n";
    return 1;
  }
  bool enough = true;
  for (const auto& [kernel, column] : columns) {
    const std::int64_t judged = column.scenarios - column.failed - column.races;
    if (column.failed > 0 || column.both * 100 < judged * arguments.least) {
      std::cout << kernel << ": fewer than " << arguments.least << " % agree\n";
      enough = false;
    }
  }
  return enough ? 0 : 1;
}

}  // namespace
}  // namespace oomkit

int main(int count, char** words) {
  const auto arguments = oomkit::parse_arguments(count, words);
  if (!arguments) {
    std::cerr << "usage: differential --scenarios N --seed S --kernel K... [--least PERCENT] "
                 "[--jobs N] [--records FOLDER] [--report FILE]\n";
    return 2;
  }
  return oomkit::run(*arguments);
}
