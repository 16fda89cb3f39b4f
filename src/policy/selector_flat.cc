// Rankings of all processes, or all cgroups, of a scope.
#include <algorithm>
#include <chrono>

#include "kernel/badness.h"
#include "policy/pick.h"
#include "policy/selector.h"
#include "policy/tick_rows.h"

namespace oomkit {
namespace {

constexpr double kPerMille = 1000;

// How much a preference weighs where growth is compared: there tiers would convict a bystander
// who grew a little in the place of a culprit who is to be avoided.
constexpr double kPreferenceFactor = 4;

double factor_of(PreferenceLevel level) {
  if (level == PreferenceLevel::prefer) return kPreferenceFactor;
  return level == PreferenceLevel::avoid ? 1 / kPreferenceFactor : 1;
}

template <class T>
double told(Known<T> value, bool& known) {
  known = known && value.has_value();
  if constexpr (std::integral<T>) {
    return value ? static_cast<double>(*value) : 0;
  } else {
    return value ? static_cast<double>((*value).count()) : 0;
  }
}

double seconds_of(HostTime time) {
  return std::chrono::duration<double>(time).count();
}

bool is_growth(Ranker ranker) {
  return ranker == Ranker::culprit || ranker == Ranker::growth;
}

}  // namespace

// The kernel's own sum, as a share of a thousand.
double Selector::badness_of(const TickProcess& process, bool& known) const {
  const TickHost& host = input_.tick->host;
  if (!host.mem_total || !process.rss) {
    known = false;
    return 0;
  }
  Task task;
  task.pid = process.pid;
  task.rss = floor_pages(*process.rss, host.page_size);
  task.swapents = floor_pages(process.swap.value_or(Bytes(0)), host.page_size);
  task.pgtables = process.pagetables.value_or(Bytes(0));
  task.oom_score_adj = process.oom_score_adj.value_or(0);
  BadnessContext context;
  context.page_size = host.page_size;
  const Bytes total = *host.mem_total + host.swap_total.value_or(Bytes(0));
  context.totalpages = std::max(floor_pages(total, host.page_size), Pages(1));
  const auto found = badness(task, context);
  if (!found) {
    known = false;
    return 0;
  }
  return kPerMille * static_cast<double>(found->points) /
         static_cast<double>(context.totalpages.count());
}

double Selector::process_value(Ranker ranker, const TickProcess& process, std::uint32_t row,
                               double points, bool& known) const {
  switch (ranker) {
    case Ranker::culprit:
      return shares_.of(ledger_.of_process(row));
    case Ranker::growth:
      return static_cast<double>(ledger_.of_process(row).back());
    case Ranker::badness:
      return badness_of(process, known) + points;
    case Ranker::oom_score:
      return told(process.oom_score, known) + points;
    case Ranker::rss:
    case Ranker::size:
      return told(process.rss, known);
    case Ranker::anon:
      return told(process.rss_anon, known);
    case Ranker::swap:
      return told(process.swap, known);
    case Ranker::usage:
      return told(process.rss, known) +
             static_cast<double>(process.swap.value_or(Bytes(0)).count());
    case Ranker::age:
      return process.start ? -seconds_of(input_.tick->now - *process.start) : (known = false, 0.0);
    default:
      break;
  }
  known = false;
  return 0;
}

double Selector::cgroup_value(Ranker ranker, std::uint32_t row, bool& known) const {
  const TickCgroup& cgroup = input_.tick->cgroups[row];
  switch (ranker) {
    case Ranker::culprit:
      return shares_.of(ledger_.of_cgroup(row));
    case Ranker::growth:
      return static_cast<double>(ledger_.of_cgroup(row).back());
    case Ranker::anon:
      return told(cgroup.anon, known);
    case Ranker::swap:
      return told(cgroup.swap, known);
    case Ranker::usage:
      return told(cgroup.usage, known) +
             static_cast<double>(cgroup.swap.value_or(Bytes(0)).count());
    case Ranker::size:
      return told(cgroup.usage, known);
    case Ranker::excess: {
      const double kept = static_cast<double>(
          std::max(cgroup.min.value_or(Bytes(0)), cgroup.low.value_or(Bytes(0))).count());
      return std::max(0.0, told(cgroup.usage, known) - kept);
    }
    case Ranker::pressure: {
      constexpr double kTwoCentipercents = 20'000;
      const TickPressureLine& full = cgroup.memory.full;
      return (told(full.avg10_centipercent, known) + told(full.avg60_centipercent, known)) /
             kTwoCentipercents;
    }
    case Ranker::pgscan:
      known = known && cgroup.pgscan.has_value();
      return ledger_.pgscan_rate(row);
    default:
      break;
  }
  known = false;
  return 0;
}

// `value(ranker, known)` is what a ranker says of that row.
template <class Value>
void Selector::rank(std::uint32_t row, const Standing& standing, const Value& value) {
  const std::vector<RankSum>& order = input_.rule->pick->order;
  Ranked ranked = {row, standing.level, standing.excluded, {}};
  bool known = true;
  for (std::size_t key = 0; key < order.size(); ++key) {
    for (const auto& [weight, ranker] : order[key].terms) {
      const double factor = is_growth(ranker) ? factor_of(standing.level) : 1;
      ranked.keys.at(key) += weight * factor * value(ranker, known);
    }
  }
  if (!known && ranked.excluded == Excluded::no) ranked.excluded = Excluded::unknown;
  if (least_ && ranked.excluded == Excluded::no && ranked.keys[0] < *least_)
    ranked.excluded = Excluded::too_little;
  add_ranked(ranked);
}

VictimSelection Selector::select_processes() {
  const Tick& tick = *input_.tick;
  const PolicyPick& pick = *input_.rule->pick;
  const std::size_t count = std::min(tick.processes.size(), sorted_.size());
  begin_ranking();
  least_ = least_wanted();
  for (std::uint32_t row = 0; row < count; ++row) {
    if (in_scope(tick.processes[row].cgroup)) shares_.add(ledger_.of_process(row));
  }
  for (std::uint32_t row = 0; row < count; ++row) {
    const TickProcess& process = tick.processes[row];
    if (!in_scope(process.cgroup)) continue;
    const Standing standing = standing_of_process(process);
    rank(row, standing, [&](Ranker ranker, bool& known) {
      return process_value(ranker, process, row, standing.points, known);
    });
  }
  VictimSelection selection;
  selection.considered = considered_;
  if (ranked_count_ > 0 && ranked_[0].excluded == Excluded::no) {
    const std::uint32_t row = ranked_[0].row;
    const std::uint32_t group = highest_group(tick.processes[row].cgroup);
    if (group != kNoRow) {
      target_cgroup(selection, group, TargetKind::cgroup);
    } else if (pick.kind == TargetKind::process_group) {
      target_group(selection, row);
    } else {
      target_process(selection, row);
    }
  }
  show(true);
  selection.candidates = std::span(shown_).first(shown_count_);
  return selection;
}

// Leaves, and what dies as a whole; or those that `from` names; or, recursively, the first at each
// level.
VictimSelection Selector::select_cgroups() {
  const Tick& tick = *input_.tick;
  const PolicyPick& pick = *input_.rule->pick;
  const auto count = static_cast<std::uint32_t>(tick.cgroups.size());
  std::uint32_t node = input_.scope_row == kNoRow ? 0 : input_.scope_row;
  const std::uint32_t scope = node;
  bool is_first_level = true;
  bool deeper = true;
  while (deeper) {
    begin_ranking();
    least_ = least_wanted();
    const auto is_candidate = [&](std::uint32_t row) {
      if (is_first_level && !input_.rule->from.empty()) return is_from(row);
      if (pick.recursive) return tick.cgroups[row].parent == node && row != node;
      const bool whole =
          policy_.settings.honor_oom_group && tick.cgroups[row].oom_group == Fact::yes;
      const std::uint32_t group = whole ? kNoRow : highest_group(row);
      return (whole || is_leaf(row)) && group == kNoRow && (row != scope || is_leaf(scope)) &&
             is_within(tick.cgroups, row, scope);
    };
    for (std::uint32_t row = 0; row < count; ++row) {
      if (is_candidate(row)) shares_.add(ledger_.of_cgroup(row));
    }
    for (std::uint32_t row = 0; row < count; ++row) {
      if (!is_candidate(row)) continue;
      rank(row, standing_of_cgroup(row),
           [&](Ranker ranker, bool& known) { return cgroup_value(ranker, row, known); });
    }
    deeper = pick.recursive && ranked_count_ > 0 && ranked_[0].excluded == Excluded::no &&
             !is_leaf(ranked_[0].row) && tick.cgroups[ranked_[0].row].oom_group != Fact::yes;
    if (deeper) node = ranked_[0].row;
    is_first_level = false;
  }
  VictimSelection selection;
  selection.considered = considered_;
  if (ranked_count_ > 0 && ranked_[0].excluded == Excluded::no)
    target_cgroup(selection, ranked_[0].row, pick.kind);
  if (selection.target.processes.empty() && selection.found) {
    ranked_[0].excluded = Excluded::not_whole;
    selection.found = false;
  }
  show(false);
  selection.candidates = std::span(shown_).first(shown_count_);
  return selection;
}

// The highest cgroup within the scope all of which dies with any of its members.
std::uint32_t Selector::highest_group(std::uint32_t row) const {
  const auto cgroups = input_.tick->cgroups;
  std::uint32_t highest = kNoRow;
  while (policy_.settings.honor_oom_group && row < cgroups.size() && row != input_.scope_row) {
    if (cgroups[row].oom_group == Fact::yes) highest = row;
    if (cgroups[row].parent >= row) break;
    row = cgroups[row].parent;
  }
  return highest;
}

Known<double> Selector::least_wanted() const {
  const PolicyPick& pick = *input_.rule->pick;
  if (!pick.at_least) return {};
  SignalView view;
  view.host = &input_.tick->host;
  if (input_.scope_row != kNoRow) view.cgroup = &input_.tick->cgroups[input_.scope_row];
  Known<double> whole(1);
  if (pick.at_least_of == PolicyPick::Whole::mem_total)
    whole = signal_value(Signal::mem_total, view);
  if (pick.at_least_of == PolicyPick::Whole::swap_total)
    whole = signal_value(Signal::swap_total, view);
  if (pick.at_least_of == PolicyPick::Whole::capacity)
    whole = signal_value(Signal::scope_capacity, view);
  return whole ? Known<double>(*pick.at_least * *whole) : Known<double>();
}

bool Selector::comes_before(const Ranked& a, const Ranked& b) const {
  const bool a_out = a.excluded != Excluded::no;
  const bool b_out = b.excluded != Excluded::no;
  if (a_out != b_out) return b_out;
  // Growth has its preference in the number.
  const bool by_growth = is_growth(input_.rule->pick->order.front().terms.front().second);
  if (!by_growth && a.level != b.level) return a.level < b.level;
  if (a.keys != b.keys) return a.keys > b.keys;
  return a.row < b.row;
}

void Selector::begin_ranking() {
  shares_.clear();
  ranked_count_ = considered_ = 0;
  least_.reset();
}

void Selector::add_ranked(const Ranked& ranked) {
  ++considered_;
  if (ranked_count_ == ranked_.size()) {
    if (!comes_before(ranked, ranked_.back())) return;
    --ranked_count_;
  }
  const auto end = ranked_.begin() + ranked_count_++;
  const auto place =
      std::upper_bound(ranked_.begin(), end, ranked,
                       [&](const Ranked& a, const Ranked& b) { return comes_before(a, b); });
  std::move_backward(place, end, end + 1);
  *place = ranked;
}

void Selector::show(bool processes) {
  const Tick& tick = *input_.tick;
  shown_count_ = ranked_count_;
  for (std::size_t i = 0; i < shown_count_; ++i) {
    const Ranked& ranked = ranked_.at(i);
    DecisionCandidate& candidate = shown_.at(i);
    candidate = {};
    candidate.level = ranked.level;
    candidate.excluded = ranked.excluded;
    candidate.rank = ranked.excluded == Excluded::no ? static_cast<std::uint32_t>(i + 1) : 0;
    candidate.kind = processes ? TargetKind::process : TargetKind::cgroup;
    if (processes) {
      const TickProcess& process = tick.processes[ranked.row];
      candidate.process = {process.pid, process.start};
      candidate.comm = process.comm;
      candidate.frees = frees_of(process);
      if (const TickCgroup* cgroup = cgroup_of(process)) {
        candidate.cgroup = cgroup->path;
        candidate.cgroup_id = cgroup->id;
      }
    } else {
      candidate.cgroup = tick.cgroups[ranked.row].path;
      candidate.cgroup_id = tick.cgroups[ranked.row].id;
      candidate.frees = use_of(tick.cgroups[ranked.row]);
    }
    show_terms(candidate, ranked, processes);
  }
}

void Selector::show_terms(DecisionCandidate& candidate, const Ranked& ranked, bool processes) {
  const std::size_t place = static_cast<std::size_t>(&candidate - shown_.data()) * kTermsMax;
  std::size_t count = 0;
  for (const RankSum& sum : input_.rule->pick->order) {
    for (const auto& [weight, ranker] : sum.terms) {
      if (count == kTermsMax) break;
      bool known = true;
      const double value = processes ? process_value(ranker, input_.tick->processes[ranked.row],
                                                     ranked.row, 0, known)
                                     : cgroup_value(ranker, ranked.row, known);
      if (known)
        terms_.at(place + count++) = {ranker_entry(ranker).name, ranker_entry(ranker).unit, value};
    }
  }
  if (processes && count < kTermsMax) {
    const double points = standing_of_process(input_.tick->processes[ranked.row]).points;
    if (points != 0) terms_.at(place + count++) = {"preference", kNumber, points};
  }
  candidate.terms = std::span(terms_).subspan(place, count);
}

}  // namespace oomkit
