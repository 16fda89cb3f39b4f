#include "explain/points.h"

#include <algorithm>

namespace oomkit {

std::int64_t candidates_of(const Ranking& ranking) {
  return std::count_if(ranking.tasks.begin(), ranking.tasks.end(),
                       [](const RankedTask& task) { return !task.badness.unkillable; });
}

bool per_mille(const Ranking& ranking) {
  return ranking.context.rule <= BadnessRule::v1;
}

std::int64_t adj_unit(const Ranking& ranking) {
  return per_mille(ranking) ? 1 : ranking.context.totalpages.count() / 1000;
}

Bytes adj_worth(const Context& context, const Ranking& ranking, std::int64_t adj_points) {
  const std::int64_t pages =
      per_mille(ranking)
          ? saturated_product(adj_points, ranking.context.totalpages.count() / 1000).count()
          : adj_points;
  return to_bytes(Pages(pages), context.page_size.value_or(PageSize::k4K));
}

}  // namespace oomkit
