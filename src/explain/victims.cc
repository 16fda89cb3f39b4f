// The victim beside the others: larger ones that were spared, whether it is to blame, and
// what protected it in vain.
#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/ledger.h"
#include "explain/points.h"
#include "explain/processes.h"
#include "explain/ranking.h"
#include "explain/rules.h"
#include "explain/words.h"

namespace oomkit {
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

namespace {

// Somebody else holds a large share, alone or as many of one name; or, on a host, the
// kernel does. Sockets, files and tmpfs have no owner in a report: they may be the victim's.
struct Holder {
  std::string words;
  std::uint64_t line = 0;
  std::optional<std::int64_t> pid;
};

constexpr double kLargePercent = 25;

std::optional<Holder> other_process(const Context& context) {
  if (!context.largest_row || context.largest_row == context.victim_row) return std::nullopt;
  if (!at_least(*context.largest_use, kLargePercent, *context.whole)) return std::nullopt;
  const Task& task = context.row(*context.largest_row);
  return Holder{
      text_of({process_text(task.comm, task.pid), " with ", size_text(*context.largest_use)}),
      task.line, task.pid};
}

std::optional<Holder> other_swarm(const Context& context) {
  const auto swarm = swarm_of(context);
  if (!swarm || swarm->comm == context.victim->comm.value_or("")) return std::nullopt;
  return Holder{text_of({"the ", grouped(static_cast<std::int64_t>(swarm->count)),
                         " processes named ", swarm->comm, " with ", size_text(swarm->sum)}),
                0, std::nullopt};
}

std::optional<Holder> the_kernel(const Context& context) {
  if (context.scope != Scope::host || !context.said.ledger) return std::nullopt;
  const Ledger& ledger = *context.said.ledger;
  Bytes kernel = std::max(ledger.unaccounted, Bytes(0));
  for (const std::string_view key : {"slab_unreclaimable", "slab", "hugetlb", "kernel_stack"})
    kernel = plus(kernel, row_amount(ledger, key).value_or(Bytes(0)));
  if (!at_least(kernel, 40, *context.whole)) return std::nullopt;
  return Holder{text_of({"what the kernel holds: ", size_text(kernel)}), 0, std::nullopt};
}

}  // namespace

std::optional<Finding> find_victim_not_culprit(const Context& context) {
  if (!context.victim || !context.victim_use || !context.whole || !context.killed() ||
      context.report.manual || context.report.victims.size() > 1) {
    return std::nullopt;
  }
  // Less than a twentieth did not fill it, whatever else is unknown.
  constexpr double kBlamelessPercent = 5;
  const Bytes own = *context.victim_use;
  if (at_least(own, kBlamelessPercent, *context.whole)) return std::nullopt;
  auto holder = other_process(context);
  if (!holder) holder = other_swarm(context);
  if (!holder) holder = the_kernel(context);
  if (!holder) return std::nullopt;
  auto finding = say(FindingId::victim_not_culprit, Severity::warning,
                     text_of({"The victim held only ", size_text(own), " of ", context.whole_text(),
                              " (", share_text(own, *context.whole), ")"}),
                     text_of({context.victim_text(),
                              " did not fill it, and its death freed next to "
                              "nothing. Look first at ",
                              holder->words, "."}));
  finding.numbers = {bytes_number("victim_bytes", own),
                     share_number("share_percent", own, *context.whole)};
  if (holder->pid) finding.numbers.push_back(count_number("largest_pid", *holder->pid));
  finding.lines = evidence({context.victim->line, holder->line,
                            context.victim_row ? context.row(*context.victim_row).line : 0});
  return finding;
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
      finding.detail +=
          text_of({" It made the victim count for ", size_text(minus(Bytes(0), worth)), " less; ",
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
