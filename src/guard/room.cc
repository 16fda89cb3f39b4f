#include "guard/room.h"

#include <algorithm>

namespace oomkit {

SensorRoom room_for(std::size_t cgroups, std::size_t processes) {
  constexpr std::size_t kCgroupsMin = 128;
  constexpr std::size_t kCgroupsMax = 4096;
  constexpr std::size_t kProcessesMin = 512;
  constexpr std::size_t kProcessesMax = 32768;
  SensorRoom room;
  room.cgroups = std::clamp(2 * cgroups, kCgroupsMin, kCgroupsMax);
  room.processes = std::clamp(2 * processes, kProcessesMin, kProcessesMax);
  room.processes_now = processes;
  return room;
}

EngineCapacity capacity_for(const SensorRoom& room) {
  constexpr std::size_t kHistoriesMin = 256;
  constexpr std::size_t kHistoriesMax = 512;
  EngineCapacity capacity;
  capacity.cgroups = room.cgroups;
  capacity.processes = room.processes;
  capacity.processes_now = room.processes_now;
  capacity.process_histories = std::clamp(room.processes / 4, kHistoriesMin, kHistoriesMax);
  return capacity;
}

}  // namespace oomkit
