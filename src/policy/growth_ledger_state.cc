// What the ledger remembers, on its way to the ledger of a guard that starts anew.
#include <algorithm>

#include "policy/growth_ledger.h"

namespace oomkit {

template <class Archive>
void GrowthLedger::Followed::walk(Archive& archive) {
  history.walk(archive);
  archive.truth(buried);
  if constexpr (Archive::kReads) {
    archive.until(settles_until, archive.now() + kSettles);
  } else {
    archive.until(settles_until, settles_until);
  }
}

template <class Archive>
void GrowthLedger::CgroupMemory::walk(Archive& archive) {
  archive.number(id);
  archive.number(pgscan);
  archive.past(pgscan_time);
  archive.number(oom_kills);
  use.walk(archive);
}

template <class Archive>
void GrowthLedger::ProcessMemory::walk(Archive& archive) {
  archive.number(key);
  archive.number(cgroup_id);
  archive.number(comm);
  archive.past(gone);
  history.walk(archive);
}

template <class Archive>
void GrowthLedger::walk_root(Archive& archive) {
  archive.past(start_);
  archive.truth(first_cgroups_);
  archive.truth(root_begun_);
  root_.walk(archive);
  bool is_known = root_lived_in_ != Fact::unknown;
  bool is_lived_in = root_lived_in_ == Fact::yes;
  archive.truth(is_known);
  archive.truth(is_lived_in);
  root_lived_in_ = !is_known ? Fact::unknown : is_lived_in ? Fact::yes : Fact::no;
}

void GrowthLedger::hand_over(StateWriter& archive) {
  walk_root(archive);
  auto cgroups = static_cast<std::uint32_t>(cgroup_places_.size());
  archive.number(cgroups);
  for (const Place& place : cgroup_places_)
    cgroups_[place.slot].walk(archive);
  auto processes = static_cast<std::uint32_t>(process_places_.size());
  archive.number(processes);
  for (ProcessMemory& process : processes_) {
    if (process.used) process.walk(archive);
  }
}

bool GrowthLedger::take_over(StateReader& archive) {
  walk_root(archive);
  const std::size_t cgroups = archive.count(sizeof(GrowthHistory));
  if (cgroups > free_cgroups_.size()) return false;
  for (std::size_t index = 0; index < cgroups; ++index) {
    CgroupMemory memory;
    memory.walk(archive);
    // In order, as they are looked up.
    if (!cgroup_places_.empty() && memory.id <= cgroup_places_.back().key) return false;
    const std::uint32_t slot = free_cgroups_.back();
    free_cgroups_.pop_back();
    cgroup_places_.push_back({memory.id, slot});
    cgroups_[slot] = memory;
  }
  const std::size_t processes = archive.count(sizeof(GrowthHistory));
  for (std::size_t index = 0; index < processes; ++index) {
    ProcessMemory memory;
    memory.walk(archive);
    memory.used = true;
    if (find_process(memory.key) != nullptr) return false;
    keep_process(memory);
  }
  return archive.good();
}

void GrowthLedger::keep_process(const ProcessMemory& process) {
  const auto place = std::min_element(processes_.begin(), processes_.end(), gives_way_before);
  if (place == processes_.end() || !gives_way_before(*place, process)) return;
  if (place->used) forget_place(place->key);
  *place = process;
  process_places_.insert(place_for_key(process.key),
                         {process.key, static_cast<std::uint32_t>(place - processes_.begin())});
}

}  // namespace oomkit
