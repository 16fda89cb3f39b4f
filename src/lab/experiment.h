// The experiments of `oom lab`: scenarios that are told, with what they show.
//
// Each is a scenario file with a [lab] table, and runs like any other scenario. The files
// are part of the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "scenario/scenario.h"

namespace oomkit {

struct Experiment {
  std::string_view name;
  std::string_view text;  // The file.
  Scenario scenario;      // With its `lab`.
};

// All of them, in the order in which they are told.
const std::vector<Experiment>& experiments();

// By name, or all of a family: "v2-oom-group" is v2-oom-group-0 and v2-oom-group-1. An error
// names the nearest.
Result<std::vector<const Experiment*>> find_experiments(std::string_view name);

// True if it is meant for that kernel.
bool applies_to(const Experiment& experiment, std::string_view release);

}  // namespace oomkit
