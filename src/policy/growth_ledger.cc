#include "policy/growth_ledger.h"

#include <algorithm>
#include <chrono>

#include "core/fnv.h"
#include "policy/tick_rows.h"

namespace oomkit {
namespace {

// As long as anybody's history reaches back.
constexpr HostTime kGhostAge = window_of_step(kWindowSteps - 1);

// (pid, start) in one number: starts are whole hundredths of a second, 40 bits are 300 years.
std::uint64_t process_key(std::int32_t pid, Known<HostTime> start) {
  constexpr HostTime kClockTick = std::chrono::milliseconds(10);
  constexpr std::uint64_t kStartBits = 40;
  const auto ticks = static_cast<std::uint64_t>(start.value_or(HostTime(0)) / kClockTick);
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(pid)) << kStartBits) |
         (ticks & ((std::uint64_t{1} << kStartBits) - 1));
}
std::uint64_t process_key(const TickProcess& process) {
  return process_key(process.pid, process.start);
}

bool is_living(const TickProcess& process) {
  return process.kernel_thread != Fact::yes && process.state != 'Z' && process.state != 'X';
}

template <class Places>
auto place_of(Places& places, std::uint64_t key) {
  return std::lower_bound(
      places.begin(), places.end(), key,
      [](const auto& place, std::uint64_t wanted) { return place.key < wanted; });
}

}  // namespace

GrowthLedger::GrowthLedger(std::size_t cgroups, const TableRoom& rows_of_processes,
                           std::size_t processes, HostTime start)
    : start_(start),
      cgroups_(cgroups),
      processes_(processes),
      cgroup_growth_(cgroups),
      leaf_growth_(cgroups),
      rows_room_(rows_of_processes.most),
      pgscan_rate_(cgroups),
      has_children_(cgroups),
      row_ids_(cgroups) {
  take_room(slot_of_row_, rows_of_processes);
  free_cgroups_.reserve(cgroups);
  for (std::size_t i = cgroups; i > 0; --i)
    free_cgroups_.push_back(static_cast<std::uint32_t>(i - 1));
  cgroup_places_.reserve(cgroups);
  process_places_.reserve(processes);
}

std::size_t GrowthLedger::memory() const {
  return cgroups_.size() * (sizeof(CgroupMemory) + sizeof(Place) + 2 * sizeof(GrowthLadder) +
                            sizeof(double) + sizeof(std::uint64_t) + sizeof(std::uint32_t) + 1) +
         processes_.size() * (sizeof(ProcessMemory) + sizeof(Place)) +
         rows_room_ * sizeof(std::uint32_t);
}

void GrowthLedger::Followed::add(HostTime now, Bytes use) {
  if (buried) settles_until = now + kSettles;
  if (buried || (now < settles_until && use < history.last())) {
    history.begin(now, use, use);
  } else {
    history.add(now, use);
  }
  buried = false;
}

void GrowthLedger::bury(std::span<const ProcessId> processes,
                        std::span<const std::uint64_t> cgroups) {
  for (const ProcessId& process : processes) {
    if (ProcessMemory* memory = find_process(process_key(process.pid, process.start)))
      forget_process(*memory);
  }
  for (const std::uint64_t id : cgroups) {
    const auto place = place_of(cgroup_places_, id);
    if (place != cgroup_places_.end() && place->key == id) cgroups_[place->slot].use.buried = true;
  }
  // In the root itself, or on a host without cgroups.
  if (cgroups.size() <= 1) root_.buried = true;
}

void GrowthLedger::take(const Tick& tick) {
  ++takes_;
  if (tick.has_cgroups) take_cgroups(tick);
  take_root(tick);
  if (tick.processes_read != ProcessesRead::none) take_processes(tick);
}

void GrowthLedger::take_cgroups(const Tick& tick) {
  rows_ = std::min(tick.cgroups.size(), cgroup_growth_.size());
  for (std::uint32_t row = 0; row < rows_; ++row) {
    row_ids_[row] = tick.cgroups[row].id;
    take_cgroup(tick, row);
  }
  take_leaves(tick);
  forget_cgroups();
  first_cgroups_ = false;
}

void GrowthLedger::take_cgroup(const Tick& tick, std::uint32_t row) {
  const TickCgroup& cgroup = tick.cgroups[row];
  cgroup_growth_[row] = {};
  pgscan_rate_[row] = 0;
  const Known<Bytes> use = use_of(cgroup);
  if (!use) return;
  auto place = place_of(cgroup_places_, cgroup.id);
  const bool known = place != cgroup_places_.end() && place->key == cgroup.id;
  if (!known) {
    if (free_cgroups_.empty()) return;
    const std::uint32_t slot = free_cgroups_.back();
    free_cgroups_.pop_back();
    place = cgroup_places_.insert(place, {cgroup.id, slot});
    cgroups_[slot].id = cgroup.id;
    cgroups_[slot].pgscan = -1;
    // Who was there when we came may have been as large for long.
    cgroups_[slot].oom_kills = -1;
    cgroups_[slot].use = {};
    cgroups_[slot].use.history.begin(tick.now, *use, first_cgroups_ ? *use : Bytes(0));
  }
  CgroupMemory& memory = cgroups_[place->slot];
  memory.seen = takes_;
  // memory.events counts the kernel's kills of all below it, whoever's limit it was.
  const std::int64_t oom_kills = cgroup.events_oom_kill.value_or(-1);
  memory.use.buried = memory.use.buried || (memory.oom_kills >= 0 && oom_kills > memory.oom_kills);
  memory.oom_kills = oom_kills;
  if (known) memory.use.add(tick.now, *use);
  cgroup_growth_[row] = memory.use.history.growth();
  if (!cgroup.pgscan) return;
  const double passed = std::chrono::duration<double>(tick.now - memory.pgscan_time).count();
  if (memory.pgscan >= 0 && *cgroup.pgscan >= memory.pgscan && passed > 0)
    pgscan_rate_[row] = static_cast<double>(*cgroup.pgscan - memory.pgscan) / passed;
  memory.pgscan = *cgroup.pgscan;
  memory.pgscan_time = tick.now;
}

void GrowthLedger::take_leaves(const Tick& tick) {
  std::fill_n(has_children_.begin(), rows_, std::uint8_t{0});
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const std::uint32_t parent = tick.cgroups[row].parent;
    if (parent < row) has_children_[parent] = 1;
  }
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const bool counts = has_children_[row] == 0 && row != tick.own_cgroup;
    leaf_growth_[row] = counts ? cgroup_growth_[row] : GrowthLadder{};
  }
  for (std::size_t row = rows_; row-- > 1;) {
    const std::uint32_t parent = tick.cgroups[row].parent;
    if (parent >= row) continue;
    for (std::size_t step = 0; step < kWindowSteps; ++step)
      leaf_growth_[parent].at(step) =
          std::max(leaf_growth_[parent].at(step), leaf_growth_[row].at(step));
  }
}

void GrowthLedger::forget_cgroups() {
  const auto gone = [&](const Place& place) {
    if (cgroups_[place.slot].seen == takes_) return false;
    free_cgroups_.push_back(place.slot);
    return true;
  };
  cgroup_places_.erase(std::remove_if(cgroup_places_.begin(), cgroup_places_.end(), gone),
                       cgroup_places_.end());
}

// What the host uses without what its cgroups say they use: who lives in the root itself.
void GrowthLedger::take_root(const Tick& tick) {
  const Known<Bytes> use = use_of(tick.host);
  // Those that were taken over have no rows yet.
  if (!use || ((has_cgroups() || !cgroup_places_.empty()) && !tick.has_cgroups)) return;
  Bytes rest = *use;
  for (std::uint32_t row = 1; row < rows_; ++row) {
    if (tick.cgroups[row].parent == 0) rest -= use_of(tick.cgroups[row]).value_or(Bytes(0));
  }
  rest = std::max(rest, Bytes(0));
  if (root_begun_) {
    root_.add(tick.now, rest);
  } else {
    root_.history.begin(tick.now, rest, rest);
  }
  root_begun_ = true;
  root_growth_ = root_.history.growth();
  const bool counts = rows_ > 0 && has_children_[0] != 0 && root_lived_in_ == Fact::yes;
  for (std::size_t step = 0; counts && step < kWindowSteps; ++step)
    leaf_growth_[0].at(step) = std::max(leaf_growth_[0].at(step), root_growth_.at(step));
}

// Those that are known first, then the missing, then the new: who takes the place of a process
// that has just died takes over what is remembered of it.
void GrowthLedger::take_processes(const Tick& tick) {
  keep_spare(slot_of_row_, rows_room_, tick.processes.size());
  const std::size_t count = std::min(tick.processes.size(), slot_of_row_.size());
  bool in_root = false;
  for (std::uint32_t row = 0; row < count; ++row) {
    const TickProcess& process = tick.processes[row];
    slot_of_row_[row] = kNoRow;
    if (!is_living(process)) continue;
    in_root = in_root || (process.cgroup == 0 && process.pid != tick.own_pid);
    if (ProcessMemory* memory = find_process(process_key(process))) {
      mark_seen(*memory, row);
      take_process(tick, row, *memory);
    }
  }
  if (tick.processes_read == ProcessesRead::all) root_lived_in_ = in_root ? Fact::yes : Fact::no;
  mark_the_gone(tick);
  for (std::uint32_t row = 0; row < count; ++row) {
    const TickProcess& process = tick.processes[row];
    if (!is_living(process) || find_process(process_key(process)) != nullptr) continue;
    const Known<Bytes> use = use_of(process);
    if (!use) continue;
    ProcessMemory* const memory = place_for(tick, process, *use);
    if (memory == nullptr) continue;
    mark_seen(*memory, row);
  }
}

GrowthLedger::ProcessMemory* GrowthLedger::find_process(std::uint64_t key) {
  const auto place = place_of(process_places_, key);
  const bool known = place != process_places_.end() && place->key == key;
  return known ? &processes_[place->slot] : nullptr;
}

void GrowthLedger::take_process(const Tick& tick, std::uint32_t row, ProcessMemory& memory) {
  const Known<Bytes> use = use_of(tick.processes[row]);
  if (!use) return;
  memory.history.add(tick.now, *use);
  memory.gone = HostTime(0);
}

void GrowthLedger::mark_seen(ProcessMemory& memory, std::uint32_t row) {
  memory.seen = takes_;
  memory.row = row;
  slot_of_row_[row] = static_cast<std::uint32_t>(&memory - processes_.data());
}

// Rather an empty place than that of somebody dead, rather that than the smallest one's.
bool GrowthLedger::gives_way_before(const ProcessMemory& a, const ProcessMemory& b) {
  if (a.used != b.used) return !a.used;
  const bool a_gone = a.gone != HostTime(0);
  const bool b_gone = b.gone != HostTime(0);
  if (a_gone != b_gone) return a_gone;
  return a.history.last() < b.history.last();
}

GrowthLedger::ProcessMemory* GrowthLedger::place_for(const Tick& tick, const TickProcess& process,
                                                     Bytes use) {
  const std::uint64_t key = process_key(process);
  const std::uint64_t comm = fnv1a(process.comm);
  const std::uint64_t cgroup_id = process.cgroup < rows_ ? row_ids_[process.cgroup] : 0;
  ProcessMemory* chosen = nullptr;
  bool heir = false;
  for (ProcessMemory& other : processes_) {
    heir = other.used && other.gone != HostTime(0) && other.cgroup_id == cgroup_id &&
           other.comm == comm;
    if (heir || chosen == nullptr || gives_way_before(other, *chosen)) chosen = &other;
    if (heir) break;
  }
  if (chosen == nullptr) return nullptr;
  if (chosen->used) {
    if (chosen->gone == HostTime(0) && chosen->history.last() >= use) return nullptr;
    // A row of this tick that has to give its place up is followed no more.
    if (chosen->seen == takes_) slot_of_row_[chosen->row] = kNoRow;
    forget_place(chosen->key);
  }
  chosen->used = true;
  chosen->key = key;
  chosen->cgroup_id = cgroup_id;
  chosen->comm = comm;
  chosen->gone = HostTime(0);
  const bool newborn = process.start && *process.start >= start_ && *process.start <= tick.now;
  if (heir) {
    chosen->history.add(tick.now, use);
  } else if (newborn) {
    chosen->history.begin(*process.start, Bytes(0), Bytes(0));
    chosen->history.add(tick.now, use);
  } else {
    chosen->history.begin(tick.now, use, use);
  }
  process_places_.insert(place_for_key(key),
                         {key, static_cast<std::uint32_t>(chosen - processes_.data())});
  return chosen;
}

std::vector<GrowthLedger::Place>::iterator GrowthLedger::place_for_key(std::uint64_t key) {
  return place_of(process_places_, key);
}

void GrowthLedger::forget_place(std::uint64_t key) {
  const auto place = place_of(process_places_, key);
  if (place != process_places_.end() && place->key == key) process_places_.erase(place);
}

void GrowthLedger::mark_the_gone(const Tick& tick) {
  for (ProcessMemory& memory : processes_) {
    if (!memory.used || memory.seen == takes_) continue;
    // Of a part of the host only those whose cgroup was in it are missing.
    bool read = tick.processes_read == ProcessesRead::all;
    for (std::size_t row = 0; !read && row < tick.processes.size(); ++row) {
      const std::uint32_t cgroup = tick.processes[row].cgroup;
      read = cgroup < rows_ && row_ids_[cgroup] == memory.cgroup_id;
    }
    if (!read) continue;
    if (memory.gone == HostTime(0)) memory.gone = tick.now;
    if (tick.now - memory.gone > kGhostAge) forget_process(memory);
  }
}

void GrowthLedger::forget_process(ProcessMemory& memory) {
  forget_place(memory.key);
  memory.used = false;
}

}  // namespace oomkit
