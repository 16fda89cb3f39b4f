// From the chosen to the target: whom to signal, in which order, and what comes back.
#include <algorithm>

#include "policy/selector.h"
#include "policy/tick_rows.h"

namespace oomkit {

// File pages come back without a death, and shared memory may have other users: what is certain
// is what is its own.
Known<Bytes> Selector::frees_of(const TickProcess& process) const {
  const Known<Bytes> own = process.rss_anon ? process.rss_anon : process.rss;
  if (!own) return {};
  return *own + process.swap.value_or(Bytes(0)) + process.pagetables.value_or(Bytes(0));
}

bool Selector::add_target(const TickProcess& process) {
  if (target_count_ == targets_.size()) return false;
  if (target_count_ == 0) first_comm_ = process.comm;
  targets_[target_count_++] = {process.pid, process.start};
  frees_ = (Bytes(frees_) + frees_of(process).value_or(Bytes(0))).count();
  return true;
}

void Selector::finish_target(VictimSelection& selection, TargetKind kind) {
  selection.found = target_count_ > 0;
  selection.target.kind = kind;
  selection.target.processes = std::span(targets_).first(target_count_);
  selection.target.comm = selection.found ? first_comm_ : std::string_view();
  if (selection.found && !selection.target.frees) selection.target.frees = Bytes(frees_);
}

void Selector::target_process(VictimSelection& selection, std::uint32_t row) {
  const TickProcess& process = input_.tick->processes[row];
  add_target(process);
  if (const TickCgroup* cgroup = cgroup_of(process)) {
    selection.target.cgroup = cgroup->path;
    selection.target.cgroup_id = cgroup->id;
    selection.target.unit = unit_of(cgroup->path);
  }
  finish_target(selection, TargetKind::process);
}

void Selector::target_group(VictimSelection& selection, std::uint32_t row) {
  const auto processes = input_.tick->processes;
  const Known<std::int32_t> group = processes[row].pgid;
  target_process(selection, row);
  for (std::uint32_t other = 0; group && other < processes.size(); ++other) {
    const bool with_it = other != row && processes[other].pgid == group;
    if (with_it && standing_of_process(processes[other]).excluded == Excluded::no)
      add_target(processes[other]);
  }
  finish_target(selection, TargetKind::process_group);
}

// All in it and below it but those who may not die.
void Selector::target_cgroup(VictimSelection& selection, std::uint32_t row, TargetKind kind) {
  const Tick& tick = *input_.tick;
  bool whole = !tick.processes_cut;
  for (const TickProcess& process : tick.processes) {
    if (process.cgroup == kNoRow || !is_within(tick.cgroups, process.cgroup, row)) continue;
    const Excluded excluded = standing_of_process(process).excluded;
    if (excluded == Excluded::zombie) continue;
    const bool dies = excluded == Excluded::no || excluded == Excluded::cooling_down ||
                      excluded == Excluded::filtered || excluded == Excluded::does_not_die;
    whole = whole && dies;
    if (dies) add_target(process);
  }
  selection.target.cgroup = tick.cgroups[row].path;
  selection.target.cgroup_id = tick.cgroups[row].id;
  selection.target.unit = unit_of(tick.cgroups[row].path);
  selection.target.whole_cgroup = whole && row != 0;
  selection.target.frees = use_of(tick.cgroups[row]);
  finish_target(selection, kind);
}

}  // namespace oomkit
