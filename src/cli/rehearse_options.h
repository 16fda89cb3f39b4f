// What `oom rehearse` was asked for, as typed, and the runs that it means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/scenario_file.h"
#include "core/result.h"
#include "io/process_environment.h"
#include "lab/rehearse.h"
#include "sim/resident.h"

namespace oomkit {

struct RehearseArguments {
  std::vector<std::string> scenarios = {};
  std::vector<std::string> kernels = {};
  std::uint64_t seed = 1;
  std::optional<std::string> log = std::nullopt;
  std::optional<std::string> record = std::nullopt;
  std::optional<std::string> console = std::nullopt;
  std::optional<std::string> captures = std::nullopt;
  std::optional<std::string> policy = std::nullopt;
  std::optional<std::string> decisions = std::nullopt;
  std::optional<std::string> output = std::nullopt;
  std::optional<std::string> explain = std::nullopt;
  std::optional<double> timeout_s = std::nullopt;
  std::size_t jobs = 0;
  bool compare = false;
  std::string format = "text";
  std::string colour = "auto";
};

enum class ExplainForm { full, summary, none };

struct RehearsePlan {
  std::vector<ScenarioFile> files;
  std::vector<RehearsalRequest> requests;  // All kernels of the first file, then of the next.
  std::vector<std::size_t> file_of;        // For each request.
  ExplainForm explain = ExplainForm::full;
  bool json = false;
  bool colour = false;
  int columns = 0;
  std::optional<ResidentPlan> guard;  // Of --compare with a policy: the model's.
  // What each request is called in file names: "two.6.1".
  std::vector<std::string> names;
};

// Reads and checks everything that can be checked before a machine is started. An error may
// have several lines (cli/scenario_file.h).
Result<RehearsePlan> plan_rehearsal(const RehearseArguments& arguments, const Terminal& terminal);

// The file of one run for an option that names a file or a folder: as it is for a single run,
// "two.6.1.log" for one of several, in that folder if it is one.
std::string file_for(const std::string& option, const RehearsePlan& plan, std::size_t request,
                     const std::string& extension);

}  // namespace oomkit
