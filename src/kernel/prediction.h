// Who would die now: the kernel's choice in the host, or in a memory cgroup that meets its
// limit, from a snapshot of a live host.
//
// out_of_memory() and oom_kill_process() in mm/oom_kill.c. For the host every process is a
// candidate; for a memcg those in it and below. What the choice is measured against differs
// (kernel/totalpages.h), and with it the weight of oom_score_adj. When the victim sits in a
// cgroup with memory.oom.group, the highest such group within the scope dies as a whole.
//
// What /proc does not show stays a doubt: in which cpuset, with which memory policy the task
// that fails to allocate will be. The prediction is for one that may use all nodes, or for
// the nodes that the caller names: then only those are candidates who may use one of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "kernel/badness.h"
#include "model/kernel_version.h"
#include "model/snapshot.h"

namespace oomkit {

// Why a task cannot die here, as far as a live host tells.
enum class Spared {
  adj_minus_1000,
  init,
  kernel_thread,
  exited,       // A zombie: its memory is gone already.
  by_kernel,    // Its oom_score is 0 although our sum is not: reaped, or a vfork child.
  other_nodes,  // Killing it would free nothing that is short: none of its nodes is.
};

// What happens instead of, or beside, the choice of the worst.
enum class OomOutcome {
  kills,
  nothing_to_kill,   // In the host that is a panic.
  panics,            // vm.panic_on_oom
  kills_allocating,  // vm.oom_kill_allocating_task: whoever asks; the ranking is for others.
  waits,             // v1 oom_kill_disable: tasks sleep until memory is freed.
};

// Memory of some nodes is short, for a task that may use no others.
struct NodeScope {
  std::vector<int> nodes;  // Ascending.
  bool mempolicy = false;  // By its memory policy (CONSTRAINT_MEMORY_POLICY); else its cpuset.
};

struct HostShortage {
  std::optional<NodeScope> nodes = std::nullopt;  // Absent: all of them are short.
  bool manual = false;                            // Nothing is short: sysrq f asks for it.
};

struct PredictedTask {
  std::size_t index = 0;  // Into the snapshot's tasks.
  Badness badness;
  std::optional<Spared> spared;
};

struct Prediction {
  std::optional<std::size_t> memcg;  // Index in the memcg tree; absent: the host.
  HostShortage shortage;             // Of the host, where that is meant.
  Pages totalpages{1};
  bool totalpages_exact = true;
  BadnessRule rule = BadnessRule::v5;
  OomOutcome outcome = OomOutcome::nothing_to_kill;
  // Most likely victim first, then those who are spared, largest first; kernel threads and
  // zombies are left out.
  std::vector<PredictedTask> tasks;
  std::size_t tied = 0;  // How many of `tasks` share the first's points, itself counted.
  // Indexes of the tasks that die: the victim first, then those of its group.
  std::vector<std::size_t> would_kill;
  std::optional<std::size_t> group;  // The memcg that dies as a whole.
  std::size_t unknown = 0;           // Candidates whose memory is not known.
};

// Nothing if the rule cannot be computed: a kernel before 2.6.36, no page size, no total.
std::optional<Prediction> predict_host(const Snapshot& snapshot, const KernelVersion& version,
                                       const HostShortage& shortage = {});
// Also nothing if the memcg has no limit, for then it cannot be short by itself.
std::optional<Prediction> predict_memcg(const Snapshot& snapshot, const KernelVersion& version,
                                        std::size_t memcg);

// RAM and swap: what every /proc/PID/oom_score is relative to.
std::optional<Pages> host_totalpages(const Snapshot& snapshot);
// Swap, and the memory of some nodes; nothing if the snapshot does not know of these nodes.
std::optional<Pages> nodes_totalpages(const Snapshot& snapshot, const std::vector<int>& nodes);
// What a memcg may use at most by its own limits (mem_cgroup_get_max()).
std::optional<Pages> memcg_totalpages(const Snapshot& snapshot, const KernelVersion& version,
                                      std::size_t memcg);

}  // namespace oomkit
