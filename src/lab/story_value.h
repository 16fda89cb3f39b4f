// A value of a record as people read it: amounts of memory, counts and times told apart by
// where they come from.
#pragma once

#include <string>

#include "model/run_record.h"
#include "scenario/scenario.h"

namespace oomkit {

// "40.2 MiB", "188", "1.3 s", "D"; "-" when the record does not have it.
std::string story_text(const CheckSubject& subject, const Scenario& scenario,
                       const RunRecord& record);

}  // namespace oomkit
