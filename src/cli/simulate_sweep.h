// `oom simulate --sweep FILE`
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "core/result.h"

namespace oomkit {

struct SweepArguments {
  std::string file;
  std::vector<std::string> kernels;        // Instead of those in the file.
  std::optional<std::uint64_t> seed;       // Instead of that in the file.
  int threads = 0;                         // 0: as many as there are processors.
  std::optional<std::int64_t> show_run;    // Print the scenario of that run, and run nothing.
  const ResidentPlan* resident = nullptr;  // A guard in each run.
  std::string format = "text";
  std::optional<std::string> output;
  std::string colour = "auto";
};

Result<ExitCode> simulate_sweep(const SweepArguments& arguments);

}  // namespace oomkit
