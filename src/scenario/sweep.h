// A sweep: one scenario many times, each time with other values in some of its fields.
//
//   schema = 1
//   scenario = "two.toml"      beside the sweep's file
//   kernel = ["6.1", "7.2"]    every run on each; absent: one that the scenario is meant for
//   runs = 100                 with every combination of values; absent: 1
//   seed = 1
//   [[vary]]
//   field = "process.leak.steps.1.alloc"
//   values = ["100M", "1G"]                             these, or
//   from = "100M", to = "1G", step = "100M"             every so much, or
//   from = "100M", to = "1G", steps = 10                so many, even; scale = "log": by factors
//   from = "100M", to = "1G", draw = "uniform" or "log" another one in every run
//
// A field is named by the keys that lead to it in the scenario's file: a process by its name, a
// cgroup by its path, a step or an event by its number from 1, a cgroup file as it is written
// ("cgroup./box.set.memory.max"). It has to stand in that file: its text is what is replaced, so
// every run is a scenario that could have been written by hand, and is checked as such.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.h"
#include "scenario/scenario.h"

namespace oomkit {

// A value as it is shown ("100M") and as it stands in a scenario's file ("\"100M\"").
struct SweepValue {
  std::string shown;
  std::string toml;
  std::optional<double> number;  // What it is sorted by.
};

enum class SweepUnit { number, bytes, milliseconds, percent };

struct SweepDraw {
  SweepUnit unit = SweepUnit::number;
  std::int64_t low = 0, high = 0;  // Both included.
  bool is_log = false;
};

struct SweepField {
  std::string path;
  std::vector<SweepValue> values;        // Of a list or a range, in their order; ...
  std::optional<SweepDraw> draw;         // ... or where from a value is drawn.
  std::size_t begin = 0, end = 0;        // The bytes of the scenario's file that it replaces.
  Diagnostic place;                      // Of its path in the sweep's file, and ...
  std::vector<Diagnostic> value_places;  // ... of its values, or of `from` and `to`.
};

struct SweepPlan {
  std::string scenario;
  std::vector<std::string> kernels;
  std::int64_t runs = 1;
  std::uint64_t seed = 1;
  std::vector<SweepField> fields;
};

struct ParsedSweep {
  SweepPlan plan;
  std::vector<Diagnostic> diagnostics;  // Of the sweep's file.
};

ParsedSweep parse_sweep(std::string_view source);

// What else a scenario is asked, beside being one: nothing, or why it cannot be run.
using SweepTrial = std::function<std::optional<std::string>(const Scenario&)>;

// Finds the fields in the scenario's file and tries all their values, one at a time: what the
// scenario or the trial would refuse is refused at its place in the sweep's file.
std::vector<Diagnostic> bind_sweep(SweepPlan& plan, std::string_view scenario_source,
                                   const SweepTrial& trial);

// How many runs there are in all, with at least one kernel in the plan.
std::int64_t count_runs(const SweepPlan& plan);

struct SweepChoice {
  std::size_t kernel = 0;
  std::uint64_t seed = 1;
  std::vector<SweepValue> values;  // By field.
};

// What run number `index` (from 0) is: a function of the plan and the index alone.
SweepChoice choose(const SweepPlan& plan, std::int64_t index);

// The scenario's file with these values in it.
std::string scenario_text(const SweepPlan& plan, std::string_view source,
                          const SweepChoice& choice);

}  // namespace oomkit
