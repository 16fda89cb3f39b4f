// What `oom protect` did or would do, in words and as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "act/protect_do.h"
#include "act/protect_plan.h"

namespace oomkit {

// From `before` to `after` as a unified diff; the files are small, so all of it is shown.
std::string unified_diff(const std::string& name, const std::optional<std::string>& before,
                         std::string_view after);

struct ProtectWords {
  bool dry_run = false;
  std::string root;          // "" for "/": what paths begin with.
  std::string reload_words;  // "systemctl daemon-reload"; "" if nobody is told.
};
std::string protect_text(const std::vector<ProtectPlan>& plans, const ProtectWords& words);
std::string protect_json(const std::vector<ProtectPlan>& plans, const ProtectWords& words);

std::string undo_text(const Protector::Undone& undone, bool dry_run);
std::string undo_json(const Protector::Undone& undone, bool dry_run);

}  // namespace oomkit
