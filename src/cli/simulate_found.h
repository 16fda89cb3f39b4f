// `oom simulate --from SNAPSHOT` and `--what-if`
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/simulate_output.h"
#include "core/result.h"

namespace oomkit {

struct FoundArguments {
  std::string snapshot;
  std::vector<std::string> what_if;
  std::vector<std::string> kernels;  // Empty: the one that is nearest to the host's.
  std::optional<std::string> time;   // For how long; absent: what is asked takes, and a while.
  std::uint64_t seed = 1;
  bool trace = false;
  const ResidentPlan* resident = nullptr;
};

Result<std::vector<SimulatedRun>> simulate_found(const FoundArguments& arguments);

// Who dies, and when, in a few sentences; to stand before all else.
std::string found_answer(const std::vector<SimulatedRun>& runs);

}  // namespace oomkit
