// A group of oomd's detectors as a condition of ours, and the cgroups that it is judged in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/draft.h"
#include "import/oomd_config.h"

namespace oomkit {

struct OomdCondition {
  std::string scope;  // "cgroup /a /b"; empty for the host.
  std::string when;
};

// "cgroup /user.slice/* /system.slice" of "user.slice/*,system.slice"; empty of the root. Nothing,
// and a note, if it cannot be said.
std::optional<std::string> oomd_cgroups(const OomdPlugin& plugin, ImportDraft& draft);

// "1.5G", "40%", "100": bare numbers are MiB. `whole` is what a share is one of.
std::optional<std::string> oomd_size(std::string_view text, std::string_view whole);

// Nothing, and a note, if the group cannot be said as it is.
std::optional<OomdCondition> oomd_condition(const OomdGroup& group, ImportDraft& draft);

}  // namespace oomkit
