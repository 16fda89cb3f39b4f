// The culprit's descent: from the scope downwards the child that grew most, to a cgroup without
// children; inside it the process, the family or the group that accounts for half of its growth.
//
// Growth is compared over six time scales at once (policy/shares.h). Who lives in the root itself
// counts as one more child of it. Preferences of level prefer and avoid count a share four times
// and a quarter.
#include <algorithm>

#include "core/fnv.h"
#include "policy/pick.h"
#include "policy/selector.h"
#include "policy/tick_rows.h"

namespace oomkit {
namespace {

constexpr double kHalf = 0.5;
constexpr double kFloorShare = 0.02;  // Of what the scope may use: less explains no shortage.
constexpr double kLevelFactor = 4;
constexpr std::size_t kShownCgroups = 8;
constexpr int kFamilyDepthMax = 64;

double weighed(double share, PreferenceLevel level) {
  if (level == PreferenceLevel::prefer) return share * kLevelFactor;
  return level == PreferenceLevel::avoid ? share / kLevelFactor : share;
}

enum GroupBy { kBySession, kByProcessGroup, kByName };

std::int64_t name_number(const TickProcess& process) {
  const auto uid = static_cast<std::uint64_t>(process.uid.value_or(0));
  return static_cast<std::int64_t>(fnv1a(process.comm, kFnvBasis + uid) >> 1U);
}

std::int64_t group_number(const TickProcess& process, int by) {
  if (by == kBySession) return process.session.value_or(0);
  if (by == kByProcessGroup) return process.pgid.value_or(0);
  return name_number(process);
}

}  // namespace

bool Selector::explains_enough(const GrowthLadder& growth) const {
  Known<double> least = least_wanted();
  if (!least) {
    SignalView view;
    view.host = &input_.tick->host;
    if (input_.scope_row != kNoRow) view.cgroup = &input_.tick->cgroups[input_.scope_row];
    const Known<double> capacity = signal_value(Signal::scope_capacity, view);
    if (!capacity) return true;
    least = kFloorShare * *capacity;
  }
  return static_cast<double>(growth.back()) >= *least;
}

// The children of a cgroup, best first in ranked_; kNoRow if none of them has grown.
std::uint32_t Selector::worst_child(std::uint32_t node) {
  const auto cgroups = input_.tick->cgroups;
  const bool own = node == 0 && ledger_.root_lived_in() == Fact::yes;
  begin_ranking();
  if (own) shares_.add(ledger_.of_root());
  for (std::uint32_t row = node + 1; row < cgroups.size(); ++row) {
    if (cgroups[row].parent == node) shares_.add(ledger_.of_cgroup(row));
  }
  const auto rank_by_growth = [&](std::uint32_t row, const Standing& standing,
                                  const GrowthLadder& growth) {
    Ranked ranked = {row, standing.level, standing.excluded, {}};
    ranked.keys[0] = weighed(shares_.of(growth), ranked.level);
    if (ranked.excluded == Excluded::no && ranked.keys[0] <= 0)
      ranked.excluded = Excluded::no_growth;
    add_ranked(ranked);
  };
  if (own) rank_by_growth(0, {}, ledger_.of_root());
  for (std::uint32_t row = node + 1; row < cgroups.size(); ++row) {
    if (cgroups[row].parent == node)
      rank_by_growth(row, standing_of_cgroup(row), ledger_.of_cgroup(row));
  }
  const bool found = ranked_count_ > 0 && ranked_[0].excluded == Excluded::no;
  return found ? ranked_[0].row : kNoRow;
}

VictimSelection Selector::descend() {
  const Tick& tick = *input_.tick;
  VictimSelection selection;
  if (!ledger_.has_cgroups()) {
    selection.lack.all_processes = tick.processes_read != ProcessesRead::all;
    return selection.lack.anything() ? selection : inside(kNoRow);
  }
  if (ledger_.root_lived_in() == Fact::unknown && tick.processes_read != ProcessesRead::all) {
    selection.lack.all_processes = true;
    return selection;
  }
  std::uint32_t node = input_.scope_row == kNoRow ? 0 : input_.scope_row;
  while (!is_leaf(node)) {
    const bool dies_whole = policy_.settings.honor_oom_group && node != input_.scope_row &&
                            node != 0 && tick.cgroups[node].oom_group == Fact::yes;
    if (dies_whole) break;
    const std::uint32_t child = worst_child(node);
    if (child == kNoRow || child == 0) {
      node = child;
      break;
    }
    node = child;
  }
  const bool convicted =
      node != kNoRow &&
      explains_enough(node == 0 && !is_leaf(0) ? ledger_.of_root() : ledger_.of_cgroup(node));
  if (!convicted) {
    if (ranked_count_ > 0 && ranked_[0].excluded == Excluded::no)
      ranked_[0].excluded = Excluded::no_growth;
    selection.considered = considered_;
    show(false);
    selection.candidates = std::span(shown_).first(shown_count_);
    return selection;
  }
  if (!has_processes_of(node)) {
    selection.lack.processes_of = tick.cgroups[node].id;
    return selection;
  }
  return inside(node);
}

// Whose share of the cgroup's growth is how large: the one, its family, its likes, or all.
VictimSelection Selector::inside(std::uint32_t leaf) {
  const Tick& tick = *input_.tick;
  VictimSelection selection;
  selection.considered = considered_;
  ranked_count_ = std::min(ranked_count_, kShownCgroups);
  show(false);
  collect_members(leaf);
  selection.considered += static_cast<std::uint32_t>(members_count_);
  const bool group = leaf != kNoRow && leaf != 0 && (highest_group(leaf) != kNoRow) &&
                     policy_.settings.honor_oom_group;
  if (group) {
    target_cgroup(selection, highest_group(leaf), TargetKind::cgroup);
  } else if (members_count_ > 0) {
    link_families();
    convict_family(selection);
    const bool all = !selection.found && leaf != kNoRow && leaf != 0;
    // Nobody in it stands out: it is the cgroup. Of the root that would be everybody.
    if (all) target_cgroup(selection, leaf, TargetKind::cgroup);
    if (!all && !selection.found) target_largest(selection);
  }
  show_members();
  selection.candidates = std::span(shown_).first(shown_count_);
  if (selection.found && selection.target.cgroup.empty() && leaf != kNoRow) {
    selection.target.cgroup = tick.cgroups[leaf].path;
    selection.target.cgroup_id = tick.cgroups[leaf].id;
    selection.target.unit = unit_of(tick.cgroups[leaf].path);
  }
  return selection;
}

void Selector::collect_members(std::uint32_t leaf) {
  const Tick& tick = *input_.tick;
  const auto count = static_cast<std::uint32_t>(std::min(tick.processes.size(), sorted_.size()));
  shares_.clear();
  members_count_ = 0;
  for (std::uint32_t row = 0; row < count; ++row) {
    const TickProcess& process = tick.processes[row];
    const bool living = process.kernel_thread != Fact::yes && process.state != 'Z';
    const bool in = leaf == kNoRow ||
                    (leaf == 0 && !is_leaf(0) ? process.cgroup == 0
                                              : process.cgroup != kNoRow &&
                                                    is_within(tick.cgroups, process.cgroup, leaf));
    if (!in || !living) continue;
    members_[members_count_] = {};
    members_[members_count_++].row = row & (kNoRow >> 1U);
    shares_.add(ledger_.of_process(row));
  }
  const bool grown = shares_.any();
  double total = 0;
  for (std::size_t i = 0; i < members_count_; ++i) {
    Member& member = members_[i];
    const TickProcess& process = tick.processes[member.row];
    // Nobody was followed for long enough: then it is who uses most of what has grown.
    const double share = grown ? shares_.of(ledger_.of_process(member.row))
                               : static_cast<double>(use_of(process).value_or(Bytes(0)).count());
    const Standing standing = standing_of_process(process);
    member.share = standing.excluded == Excluded::no ? weighed(share, standing.level) : 0;
    total += member.share;
  }
  for (std::size_t i = 0; i < members_count_ && total > 0; ++i)
    members_[i].share /= total;
}

void Selector::link_families() {
  const auto processes = input_.tick->processes;
  for (std::size_t i = 0; i < members_count_; ++i)
    sorted_[i] = static_cast<std::uint32_t>(i);
  const auto begin = sorted_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(members_count_);
  const auto pid_of = [&](std::uint32_t member) { return processes.pid(members_[member].row); };
  std::sort(begin, end, [&](std::uint32_t a, std::uint32_t b) { return pid_of(a) < pid_of(b); });
  for (std::size_t i = 0; i < members_count_; ++i) {
    const Known<std::int32_t> parent = processes[members_[i].row].ppid;
    if (!parent || *parent <= 1) continue;
    const auto found = std::lower_bound(
        begin, end, *parent,
        [&](std::uint32_t member, std::int32_t pid) { return pid_of(member) < pid; });
    if (found != end && pid_of(*found) == *parent && *found != i) members_[i].parent = *found;
  }
  sum_families();
}

// Each adds to all above it; who claims to be above himself stops being followed.
void Selector::sum_families() {
  for (std::size_t i = 0; i < members_count_; ++i)
    members_[i].family = 0;
  for (std::size_t i = 0; i < members_count_; ++i) {
    auto at = static_cast<std::uint32_t>(i);
    for (int depth = 0; at != kNoRow && depth < kFamilyDepthMax; ++depth) {
      members_[at].family += members_[i].share;
      at = members_[at].parent;
      if (at == i) break;
    }
  }
}

void Selector::convict_family(VictimSelection& selection) {
  const auto heir_of = [&](std::uint32_t parent) {
    std::uint32_t best = kNoRow;
    for (std::uint32_t i = 0; i < members_count_; ++i) {
      const bool candidate = members_[i].parent == parent && members_[i].family >= kHalf;
      if (candidate && (best == kNoRow || members_[i].family > members_[best].family)) best = i;
    }
    return best;
  };
  std::uint32_t node = heir_of(kNoRow);
  if (node == kNoRow) {
    // Not one family; but it may be one session, one process group, one program.
    for (const int by : {kByProcessGroup, kByName, kBySession}) {
      if (convict_majority(selection, by)) break;
    }
    return sum_families();
  }
  for (int depth = 0; depth < kFamilyDepthMax; ++depth) {
    const std::uint32_t child = heir_of(node);
    if (child == kNoRow) break;
    node = child;
  }
  if (members_[node].share >= kHalf) {
    members_[node].goes = true;
    return target_process(selection, members_[node].row);
  }
  add_with_descendants(node);
  finish_target(selection, TargetKind::subtree);
}

// To the target, unless it may not die.
void Selector::take_member(std::uint32_t member) {
  const TickProcess& process = input_.tick->processes[members_[member].row];
  if (standing_of_process(process).excluded == Excluded::no)
    members_[member].goes = add_target(process);
}

void Selector::add_with_descendants(std::uint32_t root) {
  const auto below = [&](std::uint32_t member) {
    for (int depth = 0; member != kNoRow && depth < kFamilyDepthMax; ++depth) {
      if (member == root) return true;
      member = members_[member].parent;
    }
    return false;
  };
  // Its root first: it is the one that makes more of them.
  take_member(root);
  for (std::uint32_t i = 0; i < members_count_; ++i) {
    if (i != root && below(i)) take_member(i);
  }
}

bool Selector::convict_majority(VictimSelection& selection, int by) {
  const auto processes = input_.tick->processes;
  for (std::size_t i = 0; i < members_count_; ++i)
    members_[i].group = group_number(processes[members_[i].row], by);
  const auto begin = sorted_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(members_count_);
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    return members_[a].group != members_[b].group ? members_[a].group < members_[b].group : a < b;
  };
  std::sort(begin, end, less);
  for (auto from = begin; from != end;) {
    auto to = from;
    double sum = 0;
    while (to != end && members_[*to].group == members_[*from].group)
      sum += members_[*to++].share;
    if (sum >= kHalf && members_[*from].group != 0) {
      std::for_each(from, to, [&](std::uint32_t member) { take_member(member); });
      finish_target(selection, TargetKind::process_group);
      return selection.found;
    }
    from = to;
  }
  return false;
}

// Where all cannot be taken and nobody has half: the one with the largest share.
void Selector::target_largest(VictimSelection& selection) {
  std::uint32_t best = kNoRow;
  for (std::uint32_t i = 0; i < members_count_; ++i) {
    if (members_[i].share > 0 && (best == kNoRow || members_[i].share > members_[best].share))
      best = i;
  }
  if (best == kNoRow) return;
  members_[best].goes = true;
  target_process(selection, members_[best].row);
}

void Selector::show_members() {
  const Tick& tick = *input_.tick;
  const auto begin = sorted_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(members_count_);
  for (std::size_t i = 0; i < members_count_; ++i)
    sorted_[i] = static_cast<std::uint32_t>(i);
  const std::size_t room = std::min(kShownMax - shown_count_, members_count_);
  std::partial_sort(
      begin, begin + static_cast<std::ptrdiff_t>(room), end, [&](std::uint32_t a, std::uint32_t b) {
        if (members_[a].goes != members_[b].goes) return members_[a].goes;
        return members_[a].share != members_[b].share ? members_[a].share > members_[b].share
                                                      : a < b;
      });
  std::uint32_t rank = 0;
  for (std::size_t i = 0; i < room; ++i) {
    const Member& member = members_[sorted_[i]];
    const TickProcess& process = tick.processes[member.row];
    const Standing standing = standing_of_process(process);
    const std::size_t place = shown_count_ * kTermsMax;
    DecisionCandidate& candidate = shown_.at(shown_count_++);
    candidate = {};
    candidate.kind = TargetKind::process;
    candidate.process = {process.pid, process.start};
    candidate.comm = process.comm;
    candidate.level = standing.level;
    candidate.excluded = standing.excluded;
    candidate.rank = standing.excluded == Excluded::no ? ++rank : 0;
    candidate.frees = frees_of(process);
    if (const TickCgroup* cgroup = cgroup_of(process)) {
      candidate.cgroup = cgroup->path;
      candidate.cgroup_id = cgroup->id;
    }
    terms_.at(place) = {"share", kShare, member.share};
    terms_.at(place + 1) = {"family", kShare, member.family};
    terms_.at(place + 2) = {"growth", kSize,
                            static_cast<double>(ledger_.of_process(member.row).back())};
    candidate.terms = std::span(terms_).subspan(place, 3);
  }
}

}  // namespace oomkit
