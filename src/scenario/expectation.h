// What a scenario expects, held against what happened.
#pragma once

#include "model/run_record.h"
#include "scenario/scenario.h"

namespace oomkit {

// Fills record.expect with what is expected on the record's kernel and does not hold; leaves
// it absent where the scenario expects nothing.
void judge(const Scenario& scenario, RunRecord& record);

}  // namespace oomkit
