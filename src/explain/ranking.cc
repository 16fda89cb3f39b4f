#include "explain/ranking.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "explain/amounts.h"
#include "explain/name_sums.h"
#include "kernel/score_evidence.h"
#include "kernel/totalpages.h"

namespace oomkit {
namespace {

// Rules that distributions carry back: 3.14's discount for root, 4.17's lack of one, and
// 5.9's signed points with 5.3's last-wins. Tried in turn when the version's own rule does
// not give the task that the kernel took.
std::vector<KernelVersion> candidate_versions(const Context& context) {
  std::vector<KernelVersion> versions;
  if (!context.version) return versions;
  versions.push_back(*context.version);
  // The age of a concluded version is a span, and the rules changed within it.
  if (!context.version_stated && *context.version >= KernelVersion{5, 0, 0}) {
    versions.push_back({5, 2, 0});
    versions.push_back({5, 4, 0});
  }
  // Only the next change: nobody carries back two.
  for (const KernelVersion& later :
       {KernelVersion{3, 14, 0}, KernelVersion{4, 17, 0}, KernelVersion{5, 10, 0}}) {
    if (later > *context.version && *context.version >= KernelVersion{3, 5, 0}) {
      versions.push_back(later);
      break;
    }
  }
  return versions;
}

// Without totalpages the weight of oom_score_adj is unknown: then only a table in which
// nobody has any can be ranked (and -1000, which excludes, whatever the total).
bool adj_plays_no_part(const std::vector<Task>& tasks) {
  return std::all_of(tasks.begin(), tasks.end(), [](const Task& task) {
    const auto adj = task.oom_score_adj;
    return adj && (*adj == 0 || *adj == -1000);
  });
}

std::optional<BadnessContext> badness_context(const Context& context, Judgement& judgement) {
  BadnessContext badness;
  if (context.page_size) badness.page_size = *context.page_size;
  badness.swap_absent = context.host != nullptr && context.host->swap_total == KiB(0);
  if (const auto totals = totalpages_of(context.report)) {
    badness.totalpages = totals->pages;
    judgement.totals_known = true;
    judgement.totals_exact = totals->exact;
    return badness;
  }
  if (badness_rule(judgement.version) <= BadnessRule::v1) return std::nullopt;
  if (!adj_plays_no_part(context.report.at.tasks)) return std::nullopt;
  return badness;
}

bool table_ranks(const Context& context) {
  const OomReport& report = context.report;
  return report.killer == Killer::kernel && !report.at.tasks.empty() && context.version;
}

std::optional<Ranking> rank_by(const KernelVersion& version, const Context& context,
                               Judgement& judgement) {
  const auto badness = badness_context(context, judgement);
  if (!badness) return std::nullopt;
  const ScoreEvidence evidence =
      settle_by_score(context.report, version, *badness, judgement.totals_exact);
  judgement.version = evidence.version;
  judgement.totals_known |= evidence.totalpages_found;
  return rank_tasks(context.report.at.tasks, evidence.version, evidence.context);
}

}  // namespace

void rank_victims(Explanation& explanation, Context& context) {
  if (!table_ranks(context)) return;
  // A long table's ranking is megabytes: the first is rather made again than kept while others
  // are tried.
  constexpr std::size_t kRowsKept = 16384;
  const bool keeps_first = context.report.at.tasks.size() <= kRowsKept;
  std::optional<Ranking> best;
  std::optional<KernelVersion> first;
  for (const KernelVersion& version : candidate_versions(context)) {
    if (!keeps_first) best.reset();
    Judgement judgement{version, first.has_value(), false, false};
    auto ranking = rank_by(version, context, judgement);
    if (!ranking) continue;
    const bool agrees = context.chosen_row && ranking->chosen == context.chosen_row;
    if (!first || agrees) {
      best = std::move(ranking);
      context.judgement = judgement;
    }
    if (!first) first = version;
    // Nothing to agree with, or agreed, or the choice was not made by rank at all.
    if (!context.chosen_row || agrees || context.report.allocating_task_killed) break;
  }
  if (!best && first) {
    Judgement judgement{*first, false, false, false};
    best = rank_by(*first, context, judgement);
  }
  if (!best) return;
  explanation.ranking = std::move(best);
  // A table that lacks the victim lacks rows: its top tells nothing about the choice.
  const bool rows_missing = context.victim && !context.chosen_row;
  if (rows_missing || context.report.tasks_dropped != 0) return;
  // Nor does one that does not say who is swapped out.
  if (!explanation.ranking->swap_known) return;
  explanation.predicted = explanation.ranking->chosen;
  if (explanation.predicted && context.chosen_row) {
    explanation.predicted_agrees = *explanation.predicted == *context.chosen_row;
  }
}

namespace {

// Shared pages are in every sharer's rss, so private ones where the table tells.
std::vector<NamedUse> named_uses(const Explanation& explanation) {
  std::vector<NamedUse> uses;
  uses.reserve(explanation.processes.size());
  for (const ProcessUse& process : explanation.processes)
    uses.push_back({explanation.report.at.tasks[process.row].comm, process.rss, process.swap});
  return uses;
}

}  // namespace

std::vector<NameSum> sum_by_name(const Context& context, std::size_t names_max) {
  if (!context.page_size || context.report.at.tasks.size() < 2) return {};
  std::vector<NamedSum> sums = sums_of_names(named_uses(context.said));
  const bool alone =
      std::all_of(sums.begin(), sums.end(), [](const NamedSum& sum) { return sum.count == 1; });
  if (alone) return {};
  const std::size_t shown = std::min(sums.size(), names_max);
  std::partial_sort(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(shown), sums.end(),
                    [](const NamedSum& a, const NamedSum& b) {
                      const Bytes a_all = plus(a.use.rss, a.use.swap);
                      const Bytes b_all = plus(b.use.rss, b.use.swap);
                      return a_all != b_all ? a_all > b_all : a.use.comm < b.use.comm;
                    });
  sums.resize(shown);
  if (std::none_of(sums.begin(), sums.end(), [](const NamedSum& sum) { return sum.count > 1; })) {
    return {};
  }
  std::vector<NameSum> by_name;
  by_name.reserve(sums.size());
  for (const NamedSum& sum : sums)
    by_name.push_back({std::string(sum.use.comm), sum.count, sum.use.rss, sum.use.swap});
  return by_name;
}

std::optional<std::size_t> rank_of_row(const Ranking& ranking, std::size_t row) {
  for (std::size_t i = 0; i < ranking.tasks.size(); ++i) {
    if (ranking.tasks[i].index == row) return i + 1;
  }
  return std::nullopt;
}

const RankedTask* ranked(const Ranking& ranking, std::size_t row) {
  const auto rank = rank_of_row(ranking, row);
  return rank ? &ranking.tasks[*rank - 1] : nullptr;
}

}  // namespace oomkit
