// Why this victim: the ranking made again, with each term, and what it says or hides.
//
// Three people are kept apart: who asked (came by at the wrong moment), who died (had the
// most points), and who is to blame (held or took the memory). Only the second is a
// matter of the kernel's rule.
#include <algorithm>
#include <cstdlib>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/owners.h"
#include "explain/ranking.h"
#include "explain/rules.h"
#include "explain/trigger.h"
#include "explain/words.h"

namespace oomkit {
namespace {

std::int64_t candidates_of(const Ranking& ranking) {
  return std::count_if(ranking.tasks.begin(), ranking.tasks.end(),
                       [](const RankedTask& task) { return !task.badness.unkillable; });
}

bool per_mille(const Ranking& ranking) {
  return ranking.context.rule <= BadnessRule::v1;
}

// One unit of oom_score_adj, in the unit of points.
std::int64_t adj_unit(const Ranking& ranking) {
  return per_mille(ranking) ? 1 : ranking.context.totalpages.count() / 1000;
}

// What oom_score_adj added to a task's points, as memory.
Bytes adj_worth(const Context& context, const Ranking& ranking, std::int64_t adj_points) {
  const std::int64_t pages =
      per_mille(ranking)
          ? saturated_product(adj_points, ranking.context.totalpages.count() / 1000).count()
          : adj_points;
  return to_bytes(Pages(pages), context.page_size.value_or(PageSize::k4K));
}

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
  std::string text;
  if (context.judgement->other_rule) {
    text = text_of({" That is the rule of ", to_string(context.judgement->version),
                    context.version_stated ? ", which this kernel seems to have taken over."
                                           : ": the log does not name its kernel's version."});
  } else if (!context.version_stated) {
    text = text_of({" The log does not name the kernel: the rule of ",
                    to_string(context.judgement->version), " was used."});
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
  if (!rank || *rank != 1 || ranking.tasks.size() < 2) return {};
  const RankedTask& second = ranking.tasks[1];
  if (second.badness.unkillable) return " Nobody else could have been chosen.";
  const Task& other = context.row(second.index);
  std::string text = text_of({" Next would have been ", process_text(other.comm, other.pid),
                              " with ", grouped(second.badness.points), "."});
  const std::int64_t unit = adj_unit(ranking);
  if (unit <= 0) return text;
  const std::int64_t step =
      saturated_difference(victim.badness.points, second.badness.points) / unit;
  const std::int64_t adj = context.victim_adj().value_or(0);
  const std::int64_t needed = saturated_difference(adj, saturated_sum(step, 1));
  if (victim.badness.floored || second.badness.floored) return text;
  if (needed >= -999) {
    text += text_of({" An oom_score_adj of ", std::to_string(needed), " instead of ",
                     std::to_string(adj), " would have put it first."});
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

std::optional<Finding> why_without_ranking(const Context& context) {
  if (!context.version || badness_rule(*context.version) != BadnessRule::v0) return std::nullopt;
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

namespace {

std::string spared_reason(const Context& context, const RankedTask* largest,
                          const RankedTask* victim) {
  const Ranking& ranking = *context.said.ranking;
  if (context.report.allocating_task_killed) return " The kernel is set to kill whoever asks.";
  if (largest != nullptr && largest->badness.unkillable) {
    return *largest->badness.unkillable == Unkillable::init
               ? " It is the first process, which is never chosen."
               : " Its oom_score_adj of -1000 exempts it.";
  }
  if (largest == nullptr || victim == nullptr) return {};
  if (largest->badness.floored && victim->badness.floored) {
    return " Up to 5.8 points below 1 count as 1: both came out as 1, and the order of the table "
           "decided.";
  }
  if (largest->badness.adj_points == victim->badness.adj_points) return {};
  const std::int64_t moved =
      saturated_difference(victim->badness.adj_points, largest->badness.adj_points);
  return text_of({" oom_score_adj made the difference: ",
                  size_text(adj_worth(context, ranking, victim->badness.adj_points)),
                  " for the victim, ",
                  size_text(adj_worth(context, ranking, largest->badness.adj_points)), " for ",
                  process_text(context.row(largest->index).comm, std::nullopt),
                  ", which moves them ", size_text(adj_worth(context, ranking, moved)), " apart."});
}

}  // namespace

std::optional<Finding> find_victim_not_largest(const Context& context) {
  if (!context.victim || !context.victim_row || !context.largest_row || !context.victim_use ||
      !context.largest_use || context.report.killer != Killer::kernel) {
    return std::nullopt;
  }
  // A tenth more: rows are printed a little after the choice.
  if (*context.largest_use <= plus(*context.victim_use, *context.victim_use / 10)) {
    return std::nullopt;
  }
  const Task& largest = context.row(*context.largest_row);
  const Bytes more = minus(*context.largest_use, *context.victim_use);
  auto finding = say(FindingId::victim_not_largest, Severity::notice,
                     text_of({process_text(largest.comm, largest.pid),
                              " was larger than the victim: ", size_text(*context.largest_use),
                              " against ", size_text(*context.victim_use)}),
                     text_of({"rss and swap of the victim are ", size_text(more), " less."}));
  finding.numbers = {bytes_number("victim_bytes", *context.victim_use),
                     bytes_number("largest_bytes", *context.largest_use),
                     count_number("largest_pid", largest.pid)};
  finding.lines =
      evidence({largest.line, context.row(*context.victim_row).line, context.victim->line});
  if (context.said.ranking) {
    const RankedTask* large = ranked(*context.said.ranking, *context.largest_row);
    const RankedTask* small = ranked(*context.said.ranking, *context.victim_row);
    finding.detail += spared_reason(context, large, small);
    if (large != nullptr && small != nullptr) {
      const std::int64_t moved =
          saturated_difference(small->badness.adj_points, large->badness.adj_points);
      finding.numbers.push_back(
          bytes_number("adj_moved_bytes", adj_worth(context, *context.said.ranking, moved)));
    }
  }
  if (context.victim->role == Victim::Role::child) {
    finding.detail += " It died in the place of its parent.";
  }
  return finding;
}

std::optional<Finding> find_victim_not_culprit(const Context& context) {
  if (!context.victim || !context.victim_use || !context.whole || !context.killed() ||
      context.report.manual) {
    return std::nullopt;
  }
  // Less than a twentieth did not fill it, whatever else is unknown. Sockets are the
  // exception: they are in no rss, and may well be the victim's.
  constexpr double kBlamelessPercent = 5;
  const Bytes own = *context.victim_use;
  if (at_least(own, kBlamelessPercent, *context.whole)) return std::nullopt;
  const Bytes sock = context.amounts ? context.amounts->sock.value_or(Bytes(0)) : Bytes(0);
  const bool sockets = context.scope == Scope::memcg && at_least(sock, 20, *context.whole);
  const bool has_workers = std::any_of(
      context.said.by_name.begin(), context.said.by_name.end(), [&](const NameSum& sum) {
        return sum.comm == context.victim->comm.value_or("") && sum.count > 1 &&
               at_least(plus(sum.rss, sum.swap), 25, *context.whole);
      });
  if (sockets || has_workers || context.report.victims.size() > 1) return std::nullopt;
  auto finding = say(FindingId::victim_not_culprit, Severity::warning,
                     text_of({"The victim held only ", size_text(own), " of ", context.whole_text(),
                              " (", share_text(own, *context.whole), ")"}),
                     text_of({context.victim_text(),
                              " did not fill it, and its death freed next to "
                              "nothing."}));
  finding.numbers = {bytes_number("victim_bytes", own),
                     share_number("share_percent", own, *context.whole)};
  if (context.largest_row && context.largest_row != context.victim_row &&
      at_least(*context.largest_use, 25, *context.whole)) {
    const Task& largest = context.row(*context.largest_row);
    finding.detail += text_of({" Look at ", process_text(largest.comm, largest.pid), " with ",
                               size_text(*context.largest_use), " first."});
    finding.numbers.push_back(count_number("largest_pid", largest.pid));
    add_evidence(finding.lines, largest.line);
  } else if (context.said.ledger && !context.said.ledger->rows.empty()) {
    const LedgerRow& top = context.said.ledger->rows.front();
    finding.detail +=
        text_of({" Most of the memory is ", top.label, ": ", size_text(top.amount), "."});
  }
  add_evidence(finding.lines, context.victim->line);
  if (context.victim_row) add_evidence(finding.lines, context.row(*context.victim_row).line);
  return finding;
}

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

std::optional<Finding> find_protected_victim(const Context& context) {
  const auto adj = context.victim_adj();
  if (!context.victim || !adj || *adj >= 0 || context.report.killer != Killer::kernel) {
    return std::nullopt;
  }
  const CgroupIdentity* identity = nullptr;
  for (const auto& owner : {&context.said.victim_owner, &context.said.limit_owner}) {
    if (identity == nullptr && *owner && (*owner)->qos) identity = &**owner;
  }
  auto finding =
      say(FindingId::protected_victim, Severity::notice,
          text_of({context.victim_text(), " was protected (oom_score_adj ", std::to_string(*adj),
                   identity != nullptr ? text_of({", ", *identity->qos}) : std::string(),
                   ") and died all the same"}),
          "");
  if (context.scope == Scope::memcg) {
    finding.detail =
        "That protects it from a shortage of the host and of groups above, not from "
        "the limit that was reached here: only tasks below that limit can be chosen.";
  } else {
    finding.detail = "Everybody who was left had fewer points, or could not be chosen at all.";
  }
  if (context.said.ranking && context.victim_row) {
    if (const RankedTask* task = ranked(*context.said.ranking, *context.victim_row)) {
      const Bytes worth = adj_worth(context, *context.said.ranking, task->badness.adj_points);
      finding.detail += text_of(
          {" It took ", size_text(minus(Bytes(0), worth)), " off what the victim counted for; ",
           count_text(candidates_of(*context.said.ranking), "task"), " could be chosen."});
      finding.numbers.push_back(bytes_number("adj_worth_bytes", worth));
    }
  }
  finding.numbers.push_back(count_number("oom_score_adj", *adj));
  finding.lines = evidence(
      {context.victim->line, context.victim_row ? context.row(*context.victim_row).line : 0});
  return finding;
}

}  // namespace oomkit
