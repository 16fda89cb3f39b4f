// The runs of a sweep in the model, on all processors, and what they amount to.
//
// What a run is follows from the plan and its number, and its result is kept under its number: so
// it makes no difference how many threads there are, or how many programs share the runs among
// them (io/ranks.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "model/sweep_report.h"
#include "scenario/sweep.h"

namespace oomkit {

struct ResidentPlan;  // sim/resident.h

// Those runs of all whose number is `first` above a multiple of `stride`.
struct SweepShare {
  int first = 0;
  int stride = 1;
  int threads = 1;
  const ResidentPlan* resident = nullptr;  // Who lives in each of their worlds.
};

// Why the model cannot run that scenario as one of these kernels; nothing if it can.
std::optional<std::string> why_not_in_model(const Scenario& scenario,
                                            const std::vector<std::string>& kernels,
                                            const ResidentPlan* resident);

// `progress` is told how many are done, by one thread at a time.
std::vector<SweepRun> run_sweep(const SweepPlan& plan, std::string_view source,
                                const SweepShare& share,
                                const std::function<void(std::int64_t)>& progress);

// What the number of a run, below count_runs(), says already: its seed, kernel and values.
SweepRun begin_run(const SweepPlan& plan, std::int64_t index);

// Results as bytes, for another program of the same plan.
std::string pack_runs(const std::vector<SweepRun>& runs);
Result<std::vector<SweepRun>> unpack_runs(const SweepPlan& plan, std::string_view bytes);

// `runs` in the order of their numbers.
SweepReport sum_up(const SweepPlan& plan, std::string_view scenario, std::vector<SweepRun> runs);

}  // namespace oomkit
