// Experiments for programs: "oomkit.lab/1".
#pragma once

#include <string>
#include <vector>

#include "render/lab_text.h"

namespace oomkit {

// {"schema","experiments":[{"name","title","topic","kernels","here"}]}
std::string lab_list_json(const std::vector<LabEntry>& entries);

// {"schema","runs":[{"experiment","kernel","holds","problem","values":{},"moments":[],
// "checks":[],"record":{oomkit.run/1}}]}
std::string lab_runs_json(const std::vector<LabRun>& runs);

}  // namespace oomkit
