// A scenario in the model, told as a rehearsal on a real kernel is: its record and kernel log.
//
// The model says what its kernel said as values; here that becomes the text which that version
// prints, and from this text the record's kills are read, by the same way as those of a machine.
// What the text loses, or gets wrong, is so seen at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "lab/rehearse.h"
#include "scenario/scenario.h"
#include "sim/simulate.h"

namespace oomkit {

struct ModelRun {
  Rehearsal rehearsal;
  std::vector<TraceLine> trace;
};

Result<ModelRun> run_in_model(const Scenario& scenario, const SimulationOptions& options);

}  // namespace oomkit
