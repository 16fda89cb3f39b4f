// Whom `oom protect` is about: a process by its pid, processes by their name, a systemd unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "model/snapshot.h"

namespace oomkit {

struct ProtectTarget {
  enum class Kind { pid, name, unit };
  Kind kind = Kind::pid;
  std::int64_t pid = 0;
  std::string word;  // The process's name, or the unit's.
};

// "2211"; "name:sshd", or any word that is no number and no unit; "mariadb.service",
// "batch.slice". Scopes are refused: a program makes them anew each time.
Result<ProtectTarget> parse_protect_target(std::string_view text);

// One spelling for each: what was done to "name:sshd" is found again as "sshd".
std::string canonical_text(const ProtectTarget& target);

struct TargetTasks {
  std::vector<std::size_t> tasks;   // Indexes into the snapshot's.
  std::vector<std::size_t> memcgs;  // Of a unit: its cgroup and those above it, the root last.
};

struct TargetScope {
  bool children = false;       // With all that descend from its processes.
  bool unit_is_known = false;  // There is a unit file: one that does not run is no mistake.
  bool user_units = false;     // Of a user's own manager, not of the system's.
};
// not_found if there is none; a unit that is known and does not run has no tasks.
Result<TargetTasks> resolve_target(const Snapshot& snapshot, const ProtectTarget& target,
                                   const TargetScope& scope);

// What could have been meant: names of processes, or of units that run.
std::vector<std::string> known_targets(const Snapshot& snapshot, const ProtectTarget& target);

// "web.service" of "/system.slice/web.service".
std::string_view last_name_of(std::string_view path);

}  // namespace oomkit
