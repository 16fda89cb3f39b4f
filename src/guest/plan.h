// A scenario as the guest runs it: names turned into numbers beforehand, so that nothing is
// looked up by text or allocated while it runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "guest/stage.h"
#include "scenario/scenario.h"

namespace oomkit::guest {

struct Plan {
  const Scenario* scenario = nullptr;
  const Stage* stage = nullptr;
  std::uint64_t seed = 0;
  std::vector<std::string> marks;
  std::vector<std::string> comms;       // Each once, in the order of the scenario.
  std::vector<std::size_t> exit_marks;  // "NAME exits" of each comm.
  std::size_t slots = 0;                // Processes at most, children of forks included.

  // The scenario and the stage must outlive the plan.
  static Plan create(const Scenario& scenario, const Stage& stage, std::uint64_t seed);

  std::size_t mark(std::string_view name) const;
  std::size_t comm(std::string_view name) const;
};

}  // namespace oomkit::guest
