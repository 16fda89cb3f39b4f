// What `oom protect` will do, as a value: planned from a snapshot and the unit files that are
// there, shown by --dry-run, done by act/protect_do.h.
//
// A process is protected by its oom_score_adj, which is one for all its threads and is inherited
// by what it starts later. A unit gets a drop-in, which holds for whatever runs in it from now
// on, and its processes and its cgroup get the values at once. Memory is protected only as far
// as all cgroups above agree: so memory.min of a service is asked of its slices as well.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "act/protect_target.h"
#include "core/result.h"
#include "core/time.h"
#include "core/units.h"
#include "model/snapshot.h"

namespace oomkit {

// What is asked for. Without any of the three a score of -999: last, but not exempt, for a
// process that nobody may kill takes the machine with it when it leaks.
struct ProtectRequest {
  std::optional<int> score = {};
  std::optional<Bytes> memory_min = {};
  std::optional<Bytes> memory_low = {};
  bool children = false;
};
inline constexpr int kDefaultProtection = -999;

struct ScoreChange {
  std::int64_t pid = 0;
  std::optional<HostTime> start;  // With the pid, which process it is.
  std::string comm;
  int before = 0;
  int after = 0;

  friend bool operator==(const ScoreChange&, const ScoreChange&) = default;
};

struct FileChange {
  std::string path;                   // Below the tree's root.
  std::optional<std::string> before;  // Absent: the file is new.
  std::string after;

  friend bool operator==(const FileChange&, const FileChange&) = default;
};

// A file of a cgroup.
struct SettingChange {
  std::string path;
  std::string before, after;  // As the kernel takes them.

  friend bool operator==(const SettingChange&, const SettingChange&) = default;
};

struct ProtectPlan {
  std::string target;  // canonical_text() of what was typed.
  std::string cgroup;  // Of a unit that runs: the folder, below the tree's root.
  std::vector<FileChange> files;
  std::vector<SettingChange> settings;
  std::vector<ScoreChange> scores;
  std::vector<std::string> notes;  // What somebody should know beside it.

  bool changes_nothing() const { return files.empty() && settings.empty() && scores.empty(); }
};

// Where the units of one manager are.
struct UnitFolders {
  std::string drop_ins;              // "etc/systemd/system": where ours goes.
  std::vector<std::string> sources;  // Where a unit file may be.
  std::string cgroups;               // "sys/fs/cgroup"
  bool of_user = false;
};
UnitFolders system_unit_folders();
// `config` is the user's: "home/alice/.config".
UnitFolders user_unit_folders(const std::string& config);

// The content of a file of the tree; nothing if there is none.
using FileContent = std::function<Result<std::optional<std::string>>(const std::string& path)>;

Result<ProtectPlan> plan_protection(const Snapshot& snapshot, const std::string& target,
                                    const ProtectRequest& request, const UnitFolders& folders,
                                    const FileContent& content);

}  // namespace oomkit
