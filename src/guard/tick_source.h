// Where ticks come from: this machine's sensors, or a test's rows.
#pragma once

#include <cstdint>

#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

class TickSource {
 public:
  virtual ~TickSource() = default;
  // Good until the next call.
  virtual const Tick& read(const TickWish& wish) = 0;
  // The host's numbers of this moment.
  virtual TickHost read_again() = 0;
  // The open folder of a cgroup of the last tick that had it; -1 if it is gone.
  virtual int folder_of(std::uint64_t cgroup_id) const = 0;
};

}  // namespace oomkit
