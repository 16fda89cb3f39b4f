// What only a live host tells of a process, beside the row that a kernel log has of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/time.h"
#include "core/units.h"

namespace oomkit {

struct TaskState {
  std::optional<std::int64_t> parent;  // Its parent's pid.
  std::optional<HostTime> start;       // Since boot; pid and start name a process for good.
  std::optional<char> state;           // 'R', 'S', 'D', 'Z', ...
  std::optional<std::int64_t> threads;
  std::optional<bool> kernel_thread;        // Has no memory of its own, ever.
  std::optional<bool> exiting;              // On its way out; a zombie has no memory any more.
  std::optional<std::size_t> memcg;         // Index in the snapshot's memcg tree.
  std::optional<std::string> mems_allowed;  // Nodes of its cpuset: "0-1".
  std::optional<std::string> mempolicy;     // "bind:0", where it is visible; "default".
  std::optional<std::int64_t> oom_score;    // The kernel's own, /proc/PID/oom_score.
  std::optional<KiB> locked;                // mlock()ed: neither swapped nor dropped.
  std::optional<KiB> hugetlb;               // In no score.

  friend bool operator==(const TaskState&, const TaskState&) = default;
};

}  // namespace oomkit
