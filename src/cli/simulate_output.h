// What `oom simulate` writes of its runs.
#pragma once

#include <string>
#include <vector>

#include "lab/model_world.h"

namespace oomkit {

struct SimulatedRun {
  std::string file;    // The scenario's.
  std::string kernel;  // "6.1"
  ModelRun model;
};

// A table for each scenario; the kernel's path, where it was traced; kills, one line each.
std::string simulation_text(const std::vector<SimulatedRun>& runs, bool colour, int columns);
// One oomkit.run/1 for a single run, else {"schema":"oomkit.runs/1","runs":[...]}.
std::string simulation_json(const std::vector<SimulatedRun>& runs);

}  // namespace oomkit
