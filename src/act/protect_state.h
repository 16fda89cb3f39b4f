// What "oom protect" changed and how it was before: the file by which --undo takes it back.
//
// A process is named by its pid, its start time and the boot: a pid that was given to another
// process is never touched. The first value that was there is what is kept, however often
// a process or a unit is protected anew.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "act/protect_plan.h"
#include "core/result.h"

namespace oomkit {

struct ProtectRecord {
  std::string target;
  std::optional<std::string> boot;  // Scores and settings are of one boot.
  std::vector<FileChange> files;
  std::vector<SettingChange> settings;
  std::vector<ScoreChange> scores;
  std::string cgroup = {};  // Of a unit: who is started in it later has its score as well.

  friend bool operator==(const ProtectRecord&, const ProtectRecord&) = default;
};

struct ProtectState {
  std::vector<ProtectRecord> records;  // One for each target.

  // With what is known of that target already.
  void add(const ProtectPlan& plan, const std::optional<std::string>& boot);

  friend bool operator==(const ProtectState&, const ProtectState&) = default;
};

std::string to_json(const ProtectState& state);
Result<ProtectState> parse_protect_state(std::string_view text);

}  // namespace oomkit
