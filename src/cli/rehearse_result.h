// What a rehearsal leaves: the text or JSON on standard output, and the files asked for.
#pragma once

#include <string>
#include <vector>

#include "cli/rehearse_options.h"
#include "core/result.h"
#include "lab/rehearse.h"

namespace oomkit {

using RehearsalResults = std::vector<Result<Rehearsal>>;

// --log, --record, --keep-console and --captures, for each run that came to a record.
Status write_run_files(const RehearseArguments& arguments, const RehearsePlan& plan,
                       const RehearsalResults& results);

// The table of each scenario, and its kernel logs explained.
std::string rehearsal_text(const RehearseArguments& arguments, const RehearsePlan& plan,
                           const RehearsalResults& results);

// One oomkit.run/1 for a single run, else {"schema":"oomkit.runs/1","runs":[...]}.
std::string rehearsal_json(const RehearsePlan& plan, const RehearsalResults& results);

}  // namespace oomkit
