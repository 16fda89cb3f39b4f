// A scenario in the model: what comes of it, and what the kernel would have logged.
//
// The run is the same for the same scenario, kernel and seed, wherever it is compiled. What the
// kernel says stands here as values; the text of that version is made above (klog/writer.h), and
// who was killed is read from that text as in any other world.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.h"
#include "core/result.h"
#include "core/time.h"
#include "model/oom_report.h"
#include "model/run_record.h"
#include "scenario/scenario.h"
#include "sim/found_host.h"

namespace oomkit {

struct ResidentPlan;  // sim/resident.h

struct SimulationOptions {
  std::string kernel;  // "6.1", or a release of it.
  std::uint64_t seed = 1;
  bool trace = false;
  const FoundHost* found = nullptr;        // Where it begins instead of at a boot.
  const ResidentPlan* resident = nullptr;  // Who lives there beside the scenario.
  bool page_by_page = false;  // The same, one page at a time: slow, to be compared with.
};

// One thing that the kernel said.
struct SimulatedWords {
  HostTime at{0};  // Since boot.
  std::optional<OomReport> report;
  std::string line;  // Without a report: a line as it stands.
};

struct TraceLine {
  HostTime at{0};  // Since the scenario began.
  std::string text;
};

// What a resident had to tell.
struct ToldDecision {
  std::int64_t t_ms = 0;
  std::string record;
};

struct Simulation {
  std::string release;
  RunRecord parts;  // Events but kills, processes, cgroups, host.
  std::vector<SimulatedWords> log;
  HostTime begin{0};   // When, since boot, the scenario began.
  bool ended = false;  // False: the kernel panicked.
  std::string ended_by;
  std::int64_t duration_ms = 0;
  std::vector<TraceLine> trace;
  std::vector<ToldDecision> decisions;
};

// The kernels that the model knows: "5.10", ...
std::vector<std::string> simulated_kernels();
// Without one being named: the newest that the scenario is meant for.
Result<std::string> kernel_for(const Scenario& scenario);

// What of the scenario the model does not know: refused, and never passed over.
// `has_resident`: there is somebody besides the kernel who kills.
std::vector<Diagnostic> beyond_model(const Scenario& scenario, std::string_view kernel,
                                     bool has_resident = false);

// That a run can begin: every setting is one that this kernel takes, each process can enter its
// cgroup.
Status can_begin(const Scenario& scenario, const SimulationOptions& options);

Result<Simulation> simulate(const Scenario& scenario, const SimulationOptions& options);

}  // namespace oomkit
