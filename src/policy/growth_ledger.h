// Who has grown by how much: the histories of cgroups and processes, and what they say of the
// rows of the present tick.
//
// All cgroups are followed. Processes are followed where somebody asked for them (their cgroup
// grows), for reading all of them all the time costs more than anything else that a guard does.
// A process that takes the place of one that just died in the same cgroup under the same name
// takes over its history too: a restart, or a worker after the other, is no growth. But what those
// used who were killed for it is nobody's record: who leaks again begins where he begins.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/table_room.h"
#include "core/time.h"
#include "policy/decision.h"
#include "policy/growth_history.h"
#include "policy/state_archive.h"
#include "policy/tick.h"

namespace oomkit {

class GrowthLedger {
 public:
  GrowthLedger(std::size_t cgroups, const TableRoom& rows_of_processes, std::size_t processes,
               HostTime start);

  // Takes in what the tick has.
  void take(const Tick& tick);

  // These were killed and are dead, in a cgroup with these identities: its own, its parent's and so
  // on up to the root's.
  void bury(std::span<const ProcessId> processes, std::span<const std::uint64_t> cgroups);

  // Of the rows of the last tick that had them.
  const GrowthLadder& of_cgroup(std::uint32_t row) const { return cgroup_growth_[row]; }
  // The largest of a leaf in or below it.
  const GrowthLadder& of_leaves(std::uint32_t row) const { return leaf_growth_[row]; }
  // Of what is in the root itself, or of the host where there are no cgroups.
  const GrowthLadder& of_root() const { return root_growth_; }
  // Zeros for one that is not followed.
  GrowthLadder of_process(std::uint32_t row) const {
    const std::uint32_t slot = slot_of_row_[row];
    return slot == kNoRow ? GrowthLadder{} : processes_[slot].history.growth();
  }
  // Pages scanned per second since the last look.
  double pgscan_rate(std::uint32_t row) const { return pgscan_rate_[row]; }
  bool has_children(std::uint32_t row) const { return has_children_[row] != 0; }

  bool has_cgroups() const { return rows_ > 0; }
  // Whether somebody lives in the root itself; unknown until all processes were read once.
  Fact root_lived_in() const { return root_lived_in_; }

  std::size_t memory() const;

  // What is remembered, to the ledger of a guard that starts anew; of those that do not fit there
  // the smallest are left out. False: it makes no sense, and the ledger is of no use.
  void hand_over(StateWriter& archive);
  bool take_over(StateReader& archive);

 private:
  // The use of a cgroup, or of the root. After a kill it begins anew, as long as it still falls:
  // memory comes back later than death.
  struct Followed {
    // How long the memory of the dead may take to come back.
    static constexpr HostTime kSettles = std::chrono::seconds(2);
    GrowthHistory history;
    bool buried = false;  // Somebody in it, since the last look.
    HostTime settles_until{0};

    void add(HostTime now, Bytes use);
    template <class Archive>
    void walk(Archive& archive);
  };
  struct CgroupMemory {
    std::uint64_t id = 0;
    std::uint64_t seen = 0;  // The take() that saw it last.
    std::int64_t pgscan = -1;
    HostTime pgscan_time{0};
    std::int64_t oom_kills = -1;
    Followed use;

    template <class Archive>
    void walk(Archive& archive);
  };
  struct ProcessMemory {
    std::uint64_t key = 0;
    std::uint64_t cgroup_id = 0;
    std::uint64_t comm = 0;      // Its hash.
    HostTime gone{0};            // When it was missing first.
    std::uint32_t row = kNoRow;  // In the tick that saw it last.
    std::uint64_t seen = 0;
    bool used = false;
    GrowthHistory history;

    template <class Archive>
    void walk(Archive& archive);
  };
  struct Place {
    std::uint64_t key = 0;
    std::uint32_t slot = 0;
  };

  template <class Archive>
  void walk_root(Archive& archive);
  void keep_process(const ProcessMemory& process);
  std::vector<Place>::iterator place_for_key(std::uint64_t key);

  void take_cgroups(const Tick& tick);
  void take_cgroup(const Tick& tick, std::uint32_t row);
  void take_leaves(const Tick& tick);
  void take_root(const Tick& tick);
  void take_processes(const Tick& tick);
  void take_process(const Tick& tick, std::uint32_t row, ProcessMemory& memory);
  void mark_seen(ProcessMemory& memory, std::uint32_t row);
  void mark_the_gone(const Tick& tick);
  ProcessMemory* find_process(std::uint64_t key);
  void forget_process(ProcessMemory& memory);
  ProcessMemory* place_for(const Tick& tick, const TickProcess& process, Bytes use);
  static bool gives_way_before(const ProcessMemory& a, const ProcessMemory& b);
  void forget_place(std::uint64_t key);
  void forget_cgroups();

  HostTime start_;
  std::uint64_t takes_ = 0;
  bool first_cgroups_ = true;
  std::size_t rows_ = 0;

  std::vector<CgroupMemory> cgroups_;
  std::vector<std::uint32_t> free_cgroups_;
  std::vector<Place> cgroup_places_;  // By id.
  std::vector<ProcessMemory> processes_;
  std::vector<Place> process_places_;  // By key.

  std::vector<GrowthLadder> cgroup_growth_, leaf_growth_;
  std::size_t rows_room_;
  std::vector<std::uint32_t> slot_of_row_;  // Of the tick's processes.
  std::vector<double> pgscan_rate_;
  std::vector<std::uint8_t> has_children_;
  std::vector<std::uint64_t> row_ids_;
  Followed root_;
  bool root_begun_ = false;
  GrowthLadder root_growth_{};
  Fact root_lived_in_ = Fact::unknown;
};

}  // namespace oomkit
