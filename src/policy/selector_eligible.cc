// Who may die, and with what preference.
#include <algorithm>
#include <array>
#include <charconv>

#include "policy/selector.h"
#include "policy/tick_rows.h"

namespace oomkit {
namespace {

constexpr std::int32_t kAdjNever = -1000;

bool found_in_user(const Pattern& pattern, const TickProcess& process) {
  if (!process.user.empty()) return pattern.found_in(process.user);
  if (!process.uid) return false;
  if (*process.uid == 0 && pattern.found_in("root")) return true;
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *process.uid).ptr;
  return pattern.found_in({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

}  // namespace

const TickCgroup* Selector::cgroup_of(const TickProcess& process) const {
  const auto cgroups = input_.tick->cgroups;
  return process.cgroup < cgroups.size() ? &cgroups[process.cgroup] : nullptr;
}

bool Selector::process_fits(const PolicyMatch& match, const TickProcess& process) const {
  if (match.is_about_adj()) {
    if (!process.oom_score_adj) return false;
    const std::int32_t adj = *process.oom_score_adj;
    if (adj < match.oom_score_adj_min.value_or(adj) || adj > match.oom_score_adj_max.value_or(adj))
      return false;
  }
  const TickCgroup* const cgroup = cgroup_of(process);
  const std::string_view path = cgroup == nullptr ? std::string_view() : cgroup->path;
  return std::all_of(match.patterns.begin(), match.patterns.end(), [&](const auto& entry) {
    const Pattern& pattern = entry.second;
    switch (entry.first) {
      case MatchField::comm:
        return pattern.found_in(process.comm);
      case MatchField::cmdline:
        return pattern.found_in(process.cmdline);
      case MatchField::exe:
        return pattern.found_in(process.exe);
      case MatchField::user:
        return found_in_user(pattern, process);
      case MatchField::cgroup:
        return pattern.found_in(path);
      case MatchField::unit:
        return pattern.found_in(unit_of(path));
    }
    return false;
  });
}

// Of a cgroup only its own names can be said; what is about processes is about those in it.
bool Selector::cgroup_fits(const PolicyMatch& match, const TickCgroup& cgroup) const {
  if (match.is_about_adj() || match.patterns.empty()) return false;
  return std::all_of(match.patterns.begin(), match.patterns.end(), [&](const auto& entry) {
    if (entry.first == MatchField::cgroup) return entry.second.found_in(cgroup.path);
    return entry.first == MatchField::unit && entry.second.found_in(unit_of(cgroup.path));
  });
}

// The wish of the nearest cgroup that has one. Anybody may ask to be taken first; to be spared
// only root may ask, or whoever owns the scope as well: else each user would spare himself at
// the cost of the others.
void Selector::cgroup_wish(std::uint32_t row, Standing& standing) const {
  if (!policy_.settings.honor_wishes) return;
  const auto cgroups = input_.tick->cgroups;
  const Known<std::int64_t> scope_owner = input_.scope_row < cgroups.size()
                                              ? cgroups[input_.scope_row].owner_uid
                                              : Known<std::int64_t>(0);
  while (row < cgroups.size()) {
    const TickCgroup& cgroup = cgroups[row];
    if (cgroup.wish != CgroupWish::none) {
      const bool heard =
          cgroup.owner_uid && (*cgroup.owner_uid == 0 || cgroup.owner_uid == scope_owner);
      if (cgroup.wish == CgroupWish::prefer) standing.level = PreferenceLevel::prefer;
      if (cgroup.wish == CgroupWish::avoid && heard) standing.level = PreferenceLevel::avoid;
      if (cgroup.wish == CgroupWish::omit && heard) standing.excluded = Excluded::omitted;
      return;
    }
    if (cgroup.parent >= row) return;
    row = cgroup.parent;
  }
}

Excluded Selector::kernel_says_no(const TickProcess& process) const {
  if (process.kernel_thread == Fact::yes) return Excluded::kernel_thread;
  if (process.pid <= 1) return Excluded::init;
  if (process.pid == input_.tick->own_pid) return Excluded::guard_itself;
  const std::uint32_t own = input_.tick->own_cgroup;
  const bool beside_us = process.cgroup != kNoRow && process.cgroup == own && own != 0;
  if (beside_us) return Excluded::guard_itself;
  if (process.state == 'Z' || process.state == 'X') return Excluded::zombie;
  if (process.oom_score_adj && *process.oom_score_adj == kAdjNever) return Excluded::adj_minus_1000;
  return Excluded::no;
}

Excluded Selector::recently(const TickProcess& process) const {
  for (const RecentTarget& recent : input_.recent) {
    const bool same = recent.process.pid == process.pid && recent.process.start == process.start &&
                      recent.cgroup_id == 0;
    if (same && recent.survived) return Excluded::does_not_die;
    if (same && input_.tick->now < recent.until) return Excluded::cooling_down;
  }
  return Excluded::no;
}

Excluded Selector::recently(const TickCgroup& cgroup) const {
  for (const RecentTarget& recent : input_.recent) {
    if (recent.cgroup_id == 0 || recent.cgroup_id != cgroup.id) continue;
    if (input_.tick->now < recent.until) return Excluded::cooling_down;
  }
  return Excluded::no;
}

// The policy's preferences and the rule's filters; `fits(match)` says whether they mean this one.
template <class Fits>
void Selector::judge(const Fits& fits, Standing& standing) const {
  bool told = false;
  for (const Preference& preference : policy_.preferences) {
    if (!fits(preference.match)) continue;
    standing.points += preference.points;
    if (preference.level == PreferenceLevel::never) {
      standing.excluded = Excluded::protected_by_preference;
      standing.level = PreferenceLevel::never;
      return;
    }
    if (!told && preference.level != PreferenceLevel::normal) standing.level = preference.level;
    told = told || preference.level != PreferenceLevel::normal;
  }
  if (standing.excluded != Excluded::no) return;
  const PolicyRule& rule = *input_.rule;
  const bool outside =
      (!rule.only.empty() && !fits(rule.only)) || (!rule.except.empty() && fits(rule.except));
  if (outside) standing.excluded = Excluded::filtered;
}

Selector::Standing Selector::standing_of_process(const TickProcess& process) const {
  Standing standing;
  standing.excluded = kernel_says_no(process);
  if (standing.excluded != Excluded::no) return standing;
  if (process.cgroup != kNoRow) cgroup_wish(process.cgroup, standing);
  judge([&](const auto& match) { return process_fits(match, process); }, standing);
  if (standing.excluded == Excluded::no) standing.excluded = recently(process);
  return standing;
}

Selector::Standing Selector::standing_of_cgroup(std::uint32_t row) const {
  const TickCgroup& cgroup = input_.tick->cgroups[row];
  Standing standing;
  if (row == input_.tick->own_cgroup) standing.excluded = Excluded::guard_itself;
  if (cgroup.populated == Fact::no) standing.excluded = Excluded::empty;
  if (standing.excluded != Excluded::no) return standing;
  cgroup_wish(row, standing);
  judge([&](const auto& match) { return cgroup_fits(match, cgroup); }, standing);
  if (standing.excluded == Excluded::no) standing.excluded = recently(cgroup);
  return standing;
}

bool Selector::is_from(std::uint32_t row) const {
  const PolicyFrom& from = input_.rule->from;
  if (from.scope_itself) return row == input_.scope_row;
  const std::string_view path = input_.tick->cgroups[row].path;
  return std::any_of(from.globs.begin(), from.globs.end(),
                     [&](const std::string& glob) { return glob_fits(glob, path); });
}

bool Selector::in_scope(std::uint32_t cgroup_row) const {
  if (!input_.rule->from.empty()) {
    const auto cgroups = input_.tick->cgroups;
    for (std::uint32_t row = cgroup_row; row < cgroups.size(); row = cgroups[row].parent) {
      if (is_from(row)) return true;
      if (cgroups[row].parent >= row) break;
    }
    return false;
  }
  if (input_.scope_row == kNoRow) return true;
  return cgroup_row != kNoRow && is_within(input_.tick->cgroups, cgroup_row, input_.scope_row);
}

bool Selector::is_leaf(std::uint32_t row) const {
  return !ledger_.has_children(row);
}

// Whether the processes of this cgroup are in the tick.
bool Selector::has_processes_of(std::uint32_t row) const {
  const Tick& tick = *input_.tick;
  if (tick.processes_read != ProcessesRead::some) return tick.processes_read == ProcessesRead::all;
  for (std::uint32_t at = row; at < tick.cgroups.size();) {
    for (const std::uint64_t id : input_.asked) {
      if (id == tick.cgroups[at].id) return true;
    }
    const std::uint32_t parent = tick.cgroups[at].parent;
    if (parent >= at) break;
    at = parent;
  }
  return false;
}

}  // namespace oomkit
