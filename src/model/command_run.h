// A command that was run in a cgroup of its own: what it was allowed, how it ended, what it
// used. The value behind `oom run --stats`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "model/host_memory.h"
#include "model/pressure.h"

namespace oomkit {

struct CommandLimits {
  std::optional<Bytes> memory;  // memory.max, v1 memory.limit_in_bytes.
  std::optional<Bytes> swap;    // memory.swap.max; v1 limits memory and swap together.
  std::optional<Bytes> high;    // memory.high, v2 alone.
  std::optional<int> oom_score_adj;
  bool oom_group = false;  // memory.oom.group, v2 alone.

  friend bool operator==(const CommandLimits&, const CommandLimits&) = default;
};

struct CommandUsage {
  std::optional<Bytes> memory_peak;   // memory.peak (5.19), v1 memory.max_usage_in_bytes.
  std::optional<Bytes> swap_peak;     // memory.swap.peak (6.5).
  std::optional<Bytes> memsw_peak;    // v1, where swap is accounted: memory and swap together.
  NamedAmounts<std::int64_t> events;  // memory.events; v1 "failcnt" and "oom_kill" (4.13).
  std::optional<Pressure> pressure;   // memory.pressure (4.20), where version 2 is mounted.

  friend bool operator==(const CommandUsage&, const CommandUsage&) = default;
};

// Who ended it, if not it itself.
enum class CommandStop { none, second_interrupt, grace_over };

struct CommandRun {
  std::vector<std::string> words;
  int cgroup_version = 2;
  std::string cgroup;  // As the kernel names it: "/user.slice/oomkit-run-4711-1".
  CommandLimits limits;

  std::optional<int> exit_code;  // One of these two.
  std::optional<int> signal;
  CommandStop stopped = CommandStop::none;
  std::chrono::milliseconds wall{0};
  std::chrono::microseconds user{0}, system{0};
  KiB largest_process;        // Resident at most; of it and the children that it waited for.
  std::size_t left_over = 0;  // Processes that it left behind, ended.
  bool removed = true;        // Its cgroup is gone.
  CommandUsage usage;

  // As a shell says it.
  int status() const { return exit_code ? *exit_code : 128 + signal.value_or(0); }

  friend bool operator==(const CommandRun&, const CommandRun&) = default;
};

}  // namespace oomkit
