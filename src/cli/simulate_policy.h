// `--policy FILE` of runs in the model.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "sim/resident.h"

namespace oomkit {

// The guard with that policy, for the model's world; nothing without a policy. A refusal names what
// is wrong with the file, or what the policy looks at and the model does not have.
Result<std::optional<ResidentPlan>> simulated_guard(const std::optional<std::string>& policy);

inline const ResidentPlan* resident_of(const std::optional<ResidentPlan>& guard) {
  return guard ? &*guard : nullptr;
}

}  // namespace oomkit
