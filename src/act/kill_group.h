// All that is in a cgroup, ended: at once where the kernel can, held still or again and again
// where it cannot.
//
// From 5.14 on cgroup.kill does it without a race. Before that the members are read and
// signalled one by one, held still meanwhile where there is a freezer (cgroup.freeze from 5.2
// on, version 1's freezer), and read again until there are none: whoever forks faster than
// that is caught in a later round. A pid in cgroup.procs may be another process's by the time
// that a handle on it is there, so the list is read a second time, and only whoever is in both
// counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "act/kill_order.h"
#include "act/kill_targets.h"
#include "io/kill_door.h"

namespace oomkit {

class KillGroupActions {
 public:
  KillGroupActions(KillDoor& door, KillTargets& targets) : door_(door), targets_(targets) {}

  struct Beginning {
    int error = 0;
    bool by_kernel = false;  // cgroup.kill did it: no rounds are needed.
  };
  // Handles on its members are in the targets afterwards, as many as there is room for.
  Beginning begin_kill(const KillGroup& group);
  // Whoever is there now gets SIGKILL; how many did.
  std::int32_t kill_round(const KillGroup& group);
  // Nobody but protected processes is left in it and below it.
  bool is_empty(const KillGroup& group);

  int freeze(const KillGroup& group);
  int thaw(const KillGroup& group);
  int set_memory_high(const KillGroup& group, std::int64_t bytes);
  // One piece of `bytes`, small enough that we do not stay in the kernel for long; how much
  // was asked for is in `value`.
  DoorNumber reclaim_piece(const KillGroup& group, std::int64_t bytes);

 private:
  static constexpr std::size_t kMembersMax = 2048;

  // The members of one cgroup, ascending; cut at kMembersMax.
  std::span<const std::int32_t> read_members(int folder);

  KillDoor& door_;
  KillTargets& targets_;
  std::array<char, std::size_t{16} * 1024> text_{};
  std::array<std::int32_t, kMembersMax> members_{};
};

}  // namespace oomkit
