// How much a guard keeps room for, by what is there when it starts: after that it allocates
// nothing.
#pragma once

#include <cstddef>

#include "policy/engine.h"

namespace oomkit {

struct SensorRoom {
  std::size_t cgroups = 256;
  std::size_t processes = 2048;
  std::size_t leaders = 256;  // Processes that are looked at closely.
  std::size_t processes_now = 512;
};

// For so many, and for as many again, whose memory is taken when they are there.
SensorRoom room_for(std::size_t cgroups, std::size_t processes);
// What a policy's engine keeps of what is seen in there.
EngineCapacity capacity_for(const SensorRoom& room);

}  // namespace oomkit
