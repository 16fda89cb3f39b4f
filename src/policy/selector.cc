#include "policy/selector.h"

#include <algorithm>

namespace oomkit {

Selector::Selector(const Policy& policy, const GrowthLedger& ledger, const TableRoom& processes)
    : policy_(policy), ledger_(ledger), room_(processes) {
  take_room(members_, room_);
  take_room(sorted_, room_);
  take_room(targets_, room_);
}

void Selector::keep_spare(std::size_t processes) {
  oomkit::keep_spare(members_, room_.most, processes);
  oomkit::keep_spare(sorted_, room_.most, processes);
  oomkit::keep_spare(targets_, room_.most, processes);
}

std::size_t Selector::memory() const {
  return sizeof(*this) + room_.most * (sizeof(Member) + sizeof(std::uint32_t) + sizeof(ProcessId));
}

VictimSelection Selector::select(const SelectorInput& input) {
  input_ = input;
  ranked_count_ = considered_ = 0;
  members_count_ = 0;
  target_count_ = 0;
  shown_count_ = 0;
  frees_ = 0;
  const Tick& tick = *input_.tick;
  const PolicyPick& pick = *input_.rule->pick;
  // Numbers of rows of other ticks would be of other cgroups.
  if (policy_.needs.cgroups && !tick.has_cgroups && ledger_.has_cgroups()) {
    VictimSelection lacking;
    lacking.lack.cgroups = true;
    return lacking;
  }
  if (pick.descent) return descend();
  const bool of_cgroups = pick.kind == TargetKind::cgroup || pick.kind == TargetKind::unit;
  VictimSelection lacking;
  const bool from_elsewhere = !input_.rule->from.globs.empty();
  if (input_.scope_row == kNoRow || from_elsewhere) {
    lacking.lack.all_processes = tick.processes_read != ProcessesRead::all;
  } else if (!has_processes_of(input_.scope_row)) {
    lacking.lack.processes_of = tick.cgroups[input_.scope_row].id;
  }
  if (lacking.lack.anything()) return lacking;
  return of_cgroups ? select_cgroups() : select_processes();
}

}  // namespace oomkit
