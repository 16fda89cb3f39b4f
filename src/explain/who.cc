// Why this victim: the ranking made again, with each term, and what it says or hides.
//
// Three people are kept apart: who asked (came by at the wrong moment), who died (had the
// most points), and who is to blame (held or took the memory). Only the second is a
// matter of the kernel's rule.
#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/points.h"
#include "explain/ranking.h"
#include "explain/rules.h"
#include "explain/trigger.h"
#include "explain/words.h"

namespace oomkit {
namespace {

std::string signed_term(std::int64_t amount, std::string_view what) {
  const bool minus_sign = amount < 0;
  const std::string digits = grouped(amount);
  return text_of(
      {minus_sign ? " - " : " + ", std::string_view(digits).substr(minus_sign ? 1 : 0), what});
}

// "rss 6,593 + swap 0 + page tables 44 - 50,847 (oom_score_adj -997) = -44,210 points".
std::string sum_text(const Ranking& ranking, const RankedTask& task, const Task& row) {
  const Badness& b = task.badness;
  std::string sum = text_of({per_mille(ranking) ? "(rss " : "rss ", grouped(b.rss.count()),
                             " + swap ", grouped(b.swap.count())});
  if (ranking.context.counts_pgtables) {
    sum += text_of({" + page tables ", grouped(b.pgtables.count())});
  }
  if (per_mille(ranking)) {
    sum += text_of({") * 1000 / ", grouped(ranking.context.totalpages.count())});
  }
  if (b.root_bonus != 0) {
    sum += signed_term(b.root_bonus == INT64_MIN ? INT64_MAX : -b.root_bonus, " (run by root)");
  }
  if (b.adj_points != 0 && row.oom_score_adj) {
    const std::string adj = text_of({" (oom_score_adj ", std::to_string(*row.oom_score_adj), ")"});
    sum += signed_term(b.adj_points, adj);
  }
  sum += text_of({" = ", grouped(b.points), per_mille(ranking) ? " per mille" : " pages"});
  if (b.floored) sum += ", as less than 1 counts as 1";
  return sum;
}

std::string rule_text(const Context& context) {
  if (!context.judgement) return {};
  const std::string rule = to_string(context.judgement->version);
  const auto& release = context.report.at.kernel_release;
  std::string text;
  if (context.judgement->other_rule) {
    text = text_of(
        {" That is the rule of ", rule,
         release ? text_of({", which this kernel (", *release, ") seems to have taken over."})
                 : std::string(": the log does not name its kernel's version.")});
  } else if (!context.version_stated) {
    text = release
               ? text_of({" The release is ", *release, ", but its log has what came with ", rule,
                          ": the rule of that was used."})
               : text_of({" The log does not name the kernel: the rule of ", rule, " was used."});
  }
  if (!context.judgement->totals_known) {
    text +=
        " What the scope may use at most is not in the log, but no task has an oom_score_adj "
        "that would need it.";
  }
  return text;
}

// Who would have been next, and what it would have taken.
std::string otherwise_text(const Context& context, const Ranking& ranking,
                           const RankedTask& victim) {
  const auto rank = rank_of_row(ranking, victim.index);
  if (!rank || *rank != 1 || ranking.tasks.size() < 2 || ranking.tied > 1) return {};
  const RankedTask& second = ranking.tasks[1];
  if (second.badness.unkillable) return " Nobody else could have been chosen.";
  const Task& other = context.row(second.index);
  std::string text = text_of({" Next would have been ", process_text(other.comm, other.pid),
                              " with ", grouped(second.badness.points), "."});
  const std::int64_t unit = adj_unit(ranking);
  if (unit <= 0) return text;
  const std::int64_t step =
      saturated_difference(victim.badness.points, second.badness.points) / unit;
  const std::int64_t adj = context.row(victim.index).oom_score_adj.value_or(0);
  const std::int64_t needed = saturated_difference(adj, saturated_sum(step, 1));
  if (victim.badness.floored || second.badness.floored) return text;
  if (needed >= -999) {
    text += text_of({" With an oom_score_adj of ", std::to_string(needed), " instead of ",
                     std::to_string(adj), " the victim would have come after it."});
  }
  return text;
}

std::string disagreement_text(const Context& context, const Ranking& ranking,
                              const RankedTask& victim) {
  const OomReport& report = context.report;
  if (report.allocating_task_killed) {
    return " It was not chosen by points: the kernel is set to kill whoever asks "
           "(vm.oom_kill_allocating_task).";
  }
  const RankedTask& top = ranking.tasks.front();
  const Task& first = context.row(top.index);
  std::string text = text_of({" By the table ", process_text(first.comm, first.pid), " with ",
                              grouped(top.badness.points), " should have been taken."});
  if (top.badness.points == victim.badness.points) {
    return text +
           " Both have the same points: which of them stands first in the kernel's walk is "
           "not certain.";
  }
  if (!top.badness.exact || !victim.badness.exact) {
    text +=
        " The table lacks a term of the rule, or whether a task was privileged, so the points "
        "are approximate.";
  }
  if (context.judgement && context.judgement->totals_known && !context.judgement->totals_exact) {
    text +=
        " What the scope may use at most is only known in part (swap), which changes the weight "
        "of oom_score_adj.";
  }
  return text +
         " The table does not show everything: a task that is already dying, that is being "
         "started by vfork, or that runs swapoff is passed over or taken first, and the "
         "counters moved between the choice and the print.";
}

// A version that was only concluded must be shown by the table itself.
bool surely_first_rule(const Context& context) {
  if (!context.version || badness_rule(*context.version) != BadnessRule::v0) return false;
  if (context.version_stated) return true;
  const std::vector<Task>& tasks = context.report.at.tasks;
  return !tasks.empty() && tasks.front().oom_adj && !tasks.front().oom_score_adj;
}

std::optional<Finding> why_without_ranking(const Context& context) {
  if (!surely_first_rule(context)) return std::nullopt;
  auto finding =
      say(FindingId::why_this_victim, Severity::info,
          text_of({"Why ", context.victim_text(), " was chosen cannot be computed again"}),
          text_of({"Kernels before 2.6.36 (this one: ", to_string(*context.version),
                   ") weigh virtual size, the children's size, run time, niceness and "
                   "privileges, most of which no log prints."}));
  finding.lines = evidence({context.victim->line});
  if (context.report.selection && context.report.selection->score) {
    finding.detail += text_of({" Its score was ", grouped(*context.report.selection->score), "."});
    finding.numbers = {count_number("score", *context.report.selection->score)};
  }
  return finding;
}

void add_terms(Finding& finding, const Ranking& ranking, const RankedTask& task, std::int64_t rank,
               std::int64_t candidates) {
  finding.numbers = {count_number("rank", rank),
                     count_number("candidates", candidates),
                     count_number("points", task.badness.points),
                     count_number("rss_pages", task.badness.rss.count()),
                     count_number("swap_pages", task.badness.swap.count()),
                     count_number("pgtables_pages", task.badness.pgtables.count()),
                     count_number("adj_points", task.badness.adj_points),
                     count_number("root_bonus", task.badness.root_bonus),
                     count_number("totalpages", ranking.context.totalpages.count()),
                     count_number("tied", static_cast<std::int64_t>(ranking.tied))};
}

}  // namespace

std::optional<Finding> find_why_this_victim(const Context& context) {
  if (!context.victim || context.report.killer != Killer::kernel) return std::nullopt;
  if (!context.said.ranking) return why_without_ranking(context);
  const Ranking& ranking = *context.said.ranking;
  const std::int64_t candidates = candidates_of(ranking);
  const RankedTask* chosen = context.chosen_row ? ranked(ranking, *context.chosen_row) : nullptr;
  auto finding = say(FindingId::why_this_victim, Severity::info, "", "");
  if (chosen == nullptr) {
    finding.title =
        text_of({context.victim_text(), " is not in the table, so its rank is unknown"});
    finding.detail =
        text_of({"The log has ",
                 count_text(static_cast<std::int64_t>(context.report.at.tasks.size()), "task"),
                 ", and the victim is not among them: rows are missing, or it came "
                 "and went while the table was printed."});
    finding.lines = evidence({context.victim->line});
    return finding;
  }
  const Task& row = context.row(chosen->index);
  const auto rank = static_cast<std::int64_t>(rank_of_row(ranking, chosen->index).value_or(0));
  const std::string who = process_text(row.comm, row.pid);
  const bool agrees = context.said.predicted_agrees.value_or(false);
  const bool alone = candidates == 1 && context.report.at.tasks.size() == 1;
  if (alone) {
    finding.title = text_of({who, " was the only task ", context.scope_place()});
  } else if (agrees && ranking.tied > 1) {
    finding.title = text_of({who, " had as many points as ",
                             grouped(static_cast<std::int64_t>(ranking.tied) - 1), " other",
                             ranking.tied == 2 ? " task" : " tasks", " of ", grouped(candidates)});
  } else {
    finding.title = text_of({who, agrees ? " had the most points of " : " was not first of ",
                             count_text(candidates, "task"), " that could be chosen"});
    if (!agrees) finding.title += text_of({", but number ", grouped(rank)});
  }
  finding.detail = sum_text(ranking, *chosen, row) + ".";
  if (agrees && ranking.tied > 1) {
    finding.detail += text_of({" ", count_text(static_cast<std::int64_t>(ranking.tied), "task"),
                               " had as many: this kernel takes the ",
                               ranking.tie == TieRule::first ? "first" : "last",
                               " of them in the table's order."});
  }
  if (agrees) finding.detail += otherwise_text(context, ranking, *chosen);
  if (!agrees && context.said.predicted_agrees) {
    finding.severity = Severity::notice;
    finding.detail += disagreement_text(context, ranking, *chosen);
  }
  finding.detail += rule_text(context);
  const std::string thread = trigger_thread_sentence(context);
  if (!thread.empty()) finding.detail += " " + thread;
  add_terms(finding, ranking, *chosen, rank, candidates);
  finding.lines = evidence({row.line, context.victim->line,
                            context.report.selection ? context.report.selection->line : 0,
                            context.report.trigger ? context.report.trigger->line : 0,
                            context.report.trigger ? context.report.trigger->cpu_line : 0});
  return finding;
}

}  // namespace oomkit
