// The cgroups of a scenario, made and set before it begins, in both versions.
#pragma once

#include "core/result.h"
#include "guest/plan.h"

namespace oomkit::guest {

// Makes all cgroups and writes their files, in the order of the scenario. A refusal names
// the file and what the kernel said.
Status make_cgroups(const Plan& plan);

}  // namespace oomkit::guest
