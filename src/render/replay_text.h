// A replay, for people and for programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "record/replay_summary.h"

namespace oomkit {

// A line for one decision.
std::string replayed_line(const ReplayedDecision& decision, std::size_t columns);

// What was replayed, what differs, and what cannot be known; `policy` is the file asked now.
std::string replay_text(const ReplaySummary& summary, std::string_view policy, std::size_t columns);

// oomkit.replay/1, a line.
std::string replay_json(const ReplaySummary& summary, std::string_view policy);

}  // namespace oomkit
