// A drop-in of ours: the few settings of a unit that protect it.
//
//   # Made by "oom protect", which takes it back with --undo.
//   [Service]
//   OOMScoreAdjust=-999
//   MemoryMin=268435456
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/units.h"

namespace oomkit {

struct DropIn {
  std::optional<int> score;
  std::optional<Bytes> memory_min, memory_low;
};

inline constexpr std::string_view kDropInName = "50-oomkit.conf";

// What one that we wrote before says: a second request adds to the first. Anything else in it
// is somebody's own, and nothing is understood then.
std::optional<DropIn> parse_drop_in(std::string_view text);

std::string drop_in_text(std::string_view unit, const DropIn& drop_in);

}  // namespace oomkit
