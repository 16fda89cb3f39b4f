// Daemons against workloads in virtual machines: runs, results as lines of JSON, tables.
//
//   guard_compare --image DEBIAN --payload FOLDER --results FILE
//                 [--daemon NAME]... [--kernel NAME]... WORKLOAD.toml...
//   guard_compare --table FILE
//
// Without an image the payload is all that the machine has: enough for the guard.
//
// What FILE has already is not run again: a comparison can be stopped and gone on with.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "io/interrupt.h"
#include "io/machine.h"
#include "lab/rehearse.h"
#include "result.h"
#include "scenario/parse.h"

namespace oomkit::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileMax = std::size_t{64} << 20;
constexpr std::chrono::minutes kRunAtMost{15};

struct Arguments {
  std::string image, payload, results, table, captures;
  std::vector<std::string> daemons, kernels, workloads;
};

Result<Arguments> read_arguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (!word.starts_with("--")) {
      arguments.workloads.push_back(word);
      continue;
    }
    if (++i == count) return fail(ErrorCode::usage, word + " wants a value");
    const std::string value = words[i];
    if (word == "--image")
      arguments.image = value;
    else if (word == "--payload")
      arguments.payload = value;
    else if (word == "--results")
      arguments.results = value;
    else if (word == "--captures")
      arguments.captures = value;
    else if (word == "--table")
      arguments.table = value;
    else if (word == "--daemon")
      arguments.daemons.push_back(value);
    else if (word == "--kernel")
      arguments.kernels.push_back(value);
    else
      return fail(ErrorCode::usage, "there is no option " + word);
  }
  return arguments;
}

std::vector<TrialResult> read_results(const std::string& path) {
  std::vector<TrialResult> results;
  std::ifstream file(path);
  for (std::string text; std::getline(file, text);) {
    if (auto result = trial_of_json(text)) results.push_back(*std::move(result));
  }
  return results;
}

Result<std::vector<ExtraFile>> read_payload(const std::string& folder) {
  std::vector<ExtraFile> files;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(folder, problem)) {
    OOMKIT_TRY(std::string bytes, read_whole(entry.path().string(), kFileMax));
    files.push_back({entry.path().filename().string(), std::move(bytes)});
  }
  if (problem) return fail(ErrorCode::not_found, folder + ": " + problem.message());
  return files;
}

Result<RehearsalRequest> workload_of(const std::string& path) {
  RehearsalRequest request;
  OOMKIT_TRY(request.source, read_whole(path, kFileMax));
  ParsedScenario parsed = parse_scenario(request.source);
  if (!parsed.diagnostics.empty()) {
    const Diagnostic& first = parsed.diagnostics.front();
    return fail(ErrorCode::usage, path + ":" + std::to_string(first.line) + ": " + first.message);
  }
  request.scenario = std::move(parsed.scenario);
  request.timeout = kRunAtMost;
  return request;
}

// What the daemon and the kernel said, for who wants to know why.
void keep_captures(const std::string& folder, const std::string& name,
                   const Result<Rehearsal>& rehearsal) {
  if (folder.empty() || !rehearsal) return;
  fs::create_directories(folder);
  std::ofstream file(folder + "/" + name);
  for (const GuestCapture& capture : rehearsal->captures)
    file << "== " << capture.path << "\n" << capture.text << "\n";
  file << "== exits\n";
  for (const RunEvent& event : rehearsal->record.events) {
    if (event.kind == "exit" || event.kind == "oom_kill" || event.kind == "mark")
      file << event.t_ms << " ms " << event.kind << " " << event.comm.value_or("?") << " "
           << event.value.value_or("") << "\n";
  }
  file << "== kernel log\n" << rehearsal->kernel_log << "\n== console\n" << rehearsal->console;
}

class Comparison {
 public:
  Comparison(Arguments arguments, Laboratory laboratory, std::vector<ExtraFile> payload)
      : arguments_(std::move(arguments)),
        laboratory_(std::move(laboratory)),
        payload_(std::move(payload)),
        results_(read_results(arguments_.results)) {}

  Status run() {
    for (const std::string& kernel : arguments_.kernels) {
      OOMKIT_TRY(const KernelImage image, find_kernel(kernel));
      for (const std::string& workload : arguments_.workloads) {
        OOMKIT_TRY(RehearsalRequest request, workload_of(workload));
        request.kernel = image;
        for (const std::string& daemon : arguments_.daemons) {
          if (const Status done = run_one(request, daemon, kernel); !done) return done;
        }
      }
    }
    return {};
  }

  // Of what was asked for.
  std::vector<TrialResult> results() const { return asked_; }

 private:
  Status run_one(RehearsalRequest request, const std::string& daemon, const std::string& kernel) {
    const auto known =
        std::find_if(results_.begin(), results_.end(), [&](const TrialResult& result) {
          return result.workload == request.scenario.name && result.daemon == daemon &&
                 result.kernel == kernel;
        });
    if (known != results_.end()) {
      asked_.push_back(*known);
      return {};
    }
    if (!arguments_.image.empty()) {
      std::error_code problem;
      const auto size = fs::file_size(arguments_.image, problem);
      if (problem) return fail(ErrorCode::not_found, arguments_.image + ": " + problem.message());
      request.extras.disk = VmMemoryDisk{arguments_.image, Bytes(static_cast<std::int64_t>(size))};
    }
    request.extras.boot_parameters = {"trial.daemon=" + daemon};
    request.extras.files = payload_;
    const Result<Rehearsal> rehearsal = laboratory_.rehearse(request);
    if (!rehearsal && is_interruption(rehearsal.error())) return tl::unexpected(rehearsal.error());
    const TrialResult result = judge_trial(request.scenario, daemon, kernel, rehearsal);
    keep_captures(arguments_.captures, result.workload + "." + daemon + "." + kernel, rehearsal);
    std::ofstream(arguments_.results, std::ios::app) << trial_json(result) << "\n";
    std::fprintf(stderr, "%s, %s, %s: %s (%lld s of the emulator)\n", result.workload.c_str(),
                 kernel.c_str(), daemon.c_str(),
                 result.right() ? "right"
                 : result.over  ? "not right"
                                : result.why.c_str(),
                 static_cast<long long>(result.emulator_ms / 1000));
    asked_.push_back(result);
    return {};
  }

  Arguments arguments_;
  Laboratory laboratory_;
  std::vector<ExtraFile> payload_;
  std::vector<TrialResult> results_, asked_;
};

Status compare(int count, char** words) {
  OOMKIT_TRY(const Arguments arguments, read_arguments(count, words));
  if (!arguments.table.empty()) {
    std::fputs(trial_tables(read_results(arguments.table)).c_str(), stdout);
    return {};
  }
  OOMKIT_TRY(const Interrupt interrupt, Interrupt::watch());
  OOMKIT_TRY(Laboratory laboratory, Laboratory::create(interrupt.descriptor()));
  OOMKIT_TRY(std::vector<ExtraFile> payload, read_payload(arguments.payload));
  Comparison comparison(arguments, std::move(laboratory), std::move(payload));
  const Status done = comparison.run();
  std::fputs(trial_tables(comparison.results()).c_str(), stdout);
  return done;
}

}  // namespace
}  // namespace oomkit::bench

int main(int count, char** words) {
  const oomkit::Status done = oomkit::bench::compare(count, words);
  if (done) return 0;
  std::fprintf(stderr, "guard_compare: %s\n", done.error().what.c_str());
  return 3;
}
