// What a reading of a live host could not tell, by the way in which it failed.
//
// A process may end while it is read, a file may be forbidden, a container sees only part
// of the host. Each such case is counted here under its name and told with every result;
// the value itself stays absent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oomkit {

enum class SourceGap {
  task_vanished,     // Ended between two reads: it is left out.
  task_denied,       // There, and its files may not be read.
  task_malformed,    // A file of it does not follow its format.
  task_foreign,      // In a cgroup, but not in our pid namespace.
  tasks_hidden,      // hidepid: other users' processes are invisible.
  tasks_namespaced,  // A pid namespace: the host's other processes are invisible.
  tasks_unread,      // Left out because they cannot be the next victim.
  host_absent,       // A file that this kernel or view does not have.
  host_denied,
  host_malformed,
  memcg_vanished,
  memcg_denied,
  memcg_malformed,
  memcgs_partial,     // The cgroups above or beside ours are invisible.
  memcgs_unmounted,   // No memory controller is mounted here.
  memcgs_too_many,    // More cgroups than are read.
  memcgs_unassigned,  // Which cgroup a task is in cannot be said.
  kCount,
};

struct SourceGapKind {
  std::string_view code;  // "task-vanished"
  std::string_view sentence;
};

const SourceGapKind& describe(SourceGap gap);

struct SourceGapCount {
  SourceGap gap = SourceGap::task_vanished;
  std::uint64_t count = 0;
  std::string example;  // The first path or name that it happened to.

  friend bool operator==(const SourceGapCount&, const SourceGapCount&) = default;
};

// In the order of the enumeration; only those that happened.
class SourceGaps {
 public:
  void add(SourceGap gap, std::string_view example, std::uint64_t count = 1);
  std::uint64_t of(SourceGap gap) const;
  bool empty() const { return counts_.empty(); }
  const std::vector<SourceGapCount>& counts() const { return counts_; }

  friend bool operator==(const SourceGaps&, const SourceGaps&) = default;

 private:
  std::vector<SourceGapCount> counts_;
};

}  // namespace oomkit
