// `oom rehearse --compare`: the same scenarios in the model, and what differs.
#pragma once

#include <string>

#include "cli/rehearse_options.h"
#include "cli/rehearse_result.h"

namespace oomkit {

struct WorldsCompared {
  std::string text;
  bool same = true;  // In victims, survivors and events, wherever the model knows the scenario.
};

WorldsCompared compare_with_model(const RehearsePlan& plan, const RehearsalResults& results);

}  // namespace oomkit
