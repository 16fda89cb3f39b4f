#include "kernel/score_evidence.h"

#include <algorithm>
#include <array>

#include "kernel/totalpages.h"

namespace oomkit {
namespace {

const Task* chosen_task(const OomReport& report) {
  if (!report.selection || !report.selection->pid || !report.selection->score) return nullptr;
  const auto row =
      std::find_if(report.at.tasks.begin(), report.at.tasks.end(),
                   [&](const Task& task) { return task.pid == *report.selection->pid; });
  return row == report.at.tasks.end() ? nullptr : &*row;
}

bool gives(std::int64_t score, const Task& task, const KernelVersion& version,
           const BadnessContext& context) {
  const BadnessContext judged = judged_by(version, context);
  const auto b = badness(task, judged);
  if (!b) return false;
  const std::int64_t ours = oom_score(b->points, false, judged.rule, judged.totalpages);
  // The table is printed after the choice: a page or two may have come or gone.
  return ours >= score - 1 && ours <= score + 1;
}

}  // namespace

ScoreEvidence settle_by_score(const OomReport& report, const KernelVersion& version,
                              const BadnessContext& context, bool totals_exact) {
  ScoreEvidence evidence{version, context, false, false};
  const Task* task = chosen_task(report);
  if (task == nullptr || badness_rule(version) == BadnessRule::v0) return evidence;
  const std::int64_t score = *report.selection->score;

  BadnessContext without_discount = context;
  without_discount.root_discount = false;
  const KernelVersion carried_back =
      badness_rule(version) == BadnessRule::v2 ? KernelVersion{3, 14, 0} : version;
  struct Reading {
    const KernelVersion* version;
    const BadnessContext* context;
  };
  const std::array<Reading, 3> readings = {
      {{&version, &context}, {&carried_back, &context}, {&version, &without_discount}}};
  for (const Reading& reading : readings) {
    if (!gives(score, *task, *reading.version, *reading.context)) continue;
    evidence = {*reading.version, *reading.context, true, false};
    evidence.context.root_bonus_known = task->uid == 0;
    return evidence;
  }
  if (totals_exact) return evidence;

  const auto b = badness(*task, judged_by(version, context));
  if (!b || !b->exact) return evidence;
  const auto range =
      totalpages_of_score(b->rss + b->swap + b->pgtables, task->oom_score_adj.value_or(0), score);
  if (!range) return evidence;
  evidence.context.totalpages = range->low + (range->high - range->low) / 2;
  evidence.confirmed = true;
  evidence.totalpages_found = true;
  return evidence;
}

}  // namespace oomkit
