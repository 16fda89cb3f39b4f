// Points of a ranking in other units: as memory, and for one step of oom_score_adj.
#pragma once

#include <cstdint>

#include "explain/context.h"
#include "kernel/badness.h"

namespace oomkit {

// Tasks of the ranking that could be chosen at all.
std::int64_t candidates_of(const Ranking& ranking);

// Points up to 3.4 are per mille of what may be used; from then on pages.
bool per_mille(const Ranking& ranking);

// One unit of oom_score_adj, in the unit of points.
std::int64_t adj_unit(const Ranking& ranking);

// What oom_score_adj added to a task's points, as memory.
Bytes adj_worth(const Context& context, const Ranking& ranking, std::int64_t adj_points);

}  // namespace oomkit
