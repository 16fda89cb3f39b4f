// Scores that tell nobody apart: when oom_score_adj drowns the sizes, or counts for nothing.
#include <algorithm>

#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/points.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
namespace {

struct AdjSpread {
  std::int64_t low = 0, high = 0;
  std::int64_t eligible = 0;
  bool all_floored = true;
  std::int64_t use_max = 0;  // Pages.
};

AdjSpread spread_of(const Context& context, const Ranking& ranking) {
  AdjSpread spread;
  for (const RankedTask& task : ranking.tasks) {
    if (task.badness.unkillable) continue;
    const std::int64_t adj = context.row(task.index).oom_score_adj.value_or(0);
    spread.low = spread.eligible == 0 ? adj : std::min(spread.low, adj);
    spread.high = spread.eligible == 0 ? adj : std::max(spread.high, adj);
    ++spread.eligible;
    spread.all_floored &= task.badness.floored;
    const std::int64_t use =
        saturated_sum(saturated_sum(task.badness.rss.count(), task.badness.swap.count()),
                      task.badness.pgtables.count());
    spread.use_max = std::max(spread.use_max, use);
  }
  return spread;
}

Finding degenerate(const Context& context, const AdjSpread& spread, Severity severity,
                   std::string title, std::string detail) {
  auto finding = say(FindingId::scores_degenerate, severity, std::move(title), std::move(detail));
  finding.numbers = {count_number("candidates", spread.eligible),
                     count_number("adj_lowest", spread.low),
                     count_number("adj_highest", spread.high),
                     count_number("totalpages", context.said.ranking->context.totalpages.count())};
  finding.lines = evidence({context.chosen_row ? context.row(*context.chosen_row).line : 0});
  return finding;
}

}  // namespace

std::optional<Finding> find_scores_degenerate(const Context& context) {
  if (!context.said.ranking) return std::nullopt;
  const Ranking& ranking = *context.said.ranking;
  const AdjSpread spread = spread_of(context, ranking);
  if (spread.eligible < 2) return std::nullopt;
  const std::string tasks = count_text(spread.eligible, "task");
  if (spread.all_floored) {
    auto finding = degenerate(
        context, spread, Severity::warning,
        text_of({"The scores of all ", tasks, " were the same, so chance decided"}),
        text_of({"oom_score_adj takes more from each than it has, and kernels before 5.9 count "
                 "less than 1 as 1. Of equals this kernel takes the ",
                 ranking.tie == TieRule::first ? "first" : "last",
                 " in the order of the table, however small."}));
    finding.advice = {
        "give the expendable ones a higher oom_score_adj than the others (in "
        "Kubernetes: not all in one Guaranteed pod), or run 5.9 or later, which ranks "
        "them by size"};
    return finding;
  }
  const std::int64_t unit = adj_unit(ranking);
  const bool known = context.judgement && context.judgement->totals_known;
  if (known && unit == 0 && (spread.low != 0 || spread.high != 0)) {
    return degenerate(
        context, spread, Severity::notice, "oom_score_adj had no effect in so small a group",
        text_of({"One unit of it is worth totalpages / 1000, and ",
                 grouped(ranking.context.totalpages.count()),
                 " pages make that 0: only the size decided (-1000 still exempts)."}));
  }
  if (!known || spread.low == 0 || (spread.low < 0) != (spread.high < 0)) return std::nullopt;
  // Nearly equal values move the tasks apart by less than a twentieth of the largest.
  const std::int64_t apart =
      saturated_product(saturated_difference(spread.high, spread.low), unit).count();
  if (saturated_product(apart, 20).count() > spread.use_max) return std::nullopt;
  const std::string adj =
      spread.low == spread.high
          ? std::to_string(spread.low)
          : text_of({std::to_string(spread.low), " to ", std::to_string(spread.high)});
  return degenerate(context, spread, Severity::info,
                    text_of({"oom_score_adj told nobody apart: all ", tasks, " have ", adj}),
                    "It shields them from shortages of others; among themselves only the size "
                    "decided.");
}

}  // namespace oomkit
