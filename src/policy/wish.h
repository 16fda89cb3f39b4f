// What a policy needs of whoever makes its ticks: in general, and for the next one.
#pragma once

#include <cstdint>
#include <span>

#include "core/time.h"

namespace oomkit {

// What some rule of the policy looks at at all; files for the rest need not be opened.
struct TickNeeds {
  bool zram = false;
  bool arc = false;
  bool watermarks = false;
  bool vmstat = false;
  bool pressure_io = false, pressure_cpu = false;  // Memory's is always needed.
  bool cgroups = false;
  bool cgroup_io_pressure = false;
  bool wishes = false;  // Extended attributes.
  bool processes = false;
  bool cmdline = false, exe = false, users = false;
};

struct TickWish {
  // The next tick is wanted within this time.
  HostTime within{0};
  // It shall hold the cgroups, even if nothing seems to have moved.
  bool cgroups = false;
  // A verdict waits for it: what is asked for is read whatever it costs.
  bool verdict = false;
  bool all_processes = false;
  // Identities (TickCgroup::id) of the cgroups whose processes shall be read, below them too.
  std::span<const std::uint64_t> processes_of;
};

}  // namespace oomkit
