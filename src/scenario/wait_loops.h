// Waits that can never end: A waits for a mark that only B makes, after B has waited for
// one that only A makes later.
//
// Found by playing the scenario without time: everyone goes as far as the marks let them,
// until nobody moves. Who then still waits for a mark that somebody would make, waits
// forever. A process can end at any time after its start, so "NAME exits" is never missing
// once NAME has started.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "scenario/scenario.h"

namespace oomkit {

struct EndlessWait {
  bool is_event = false;            // Else a process.
  std::size_t index = 0;            // In Scenario::events or ::processes.
  std::optional<std::size_t> step;  // Of the process; absent: its `after`.
  std::string mark;
  std::string explanation;  // Who would make the mark, and what that waits for in turn.
};

std::vector<EndlessWait> find_endless_waits(const Scenario& scenario);

}  // namespace oomkit
