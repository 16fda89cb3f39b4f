#include "cli/simulate_policy.h"

#include <utility>

#include "cli/policy_file.h"
#include "lab/model_guard.h"

namespace oomkit {

Result<std::optional<ResidentPlan>> simulated_guard(const std::optional<std::string>& policy) {
  if (!policy) return std::nullopt;
  OOMKIT_TRY(Policy read, read_policy_file(*policy));
  return guard_in_model(std::move(read));
}

}  // namespace oomkit
