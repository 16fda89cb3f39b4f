// What a guard sees in the model's world: rows of a tick, as its sensors would have read them.
//
// A reading costs a guard time, and so it is due here when it is due there: by the same
// ScanSchedule. Rows that a machine's guard has no room for are left out here as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "guard/room.h"
#include "guard/scan_schedule.h"
#include "guard/tick_source.h"
#include "policy/wish.h"
#include "sim/resident.h"

namespace oomkit {

class ModelTick final : public TickSource {
 public:
  ModelTick(sim::Surroundings& world, const TickNeeds& needs, const SensorRoom& room);

  // What the next read() with that wish takes, from now on.
  sim::SimTime cost_of_next(const TickWish& wish);

  const Tick& read(const TickWish& wish) override;
  TickHost read_again() override;
  int folder_of(std::uint64_t cgroup_id) const override;

 private:
  struct Due {
    bool cgroups = false;
    bool processes = false;
  };
  Due due(const TickWish& wish) const;
  TickHost read_host();
  void describe_zram(const sim::SimSwap& swap, TickHost& host) const;
  void read_cgroups();
  void read_processes(const TickWish& wish);
  TickCgroup row_of(sim::Memcg& group) const;
  void take_v2(const sim::Memcg& group, TickCgroup& row) const;
  TickProcess row_of(const sim::Process& process) const;
  void look_closely(const sim::Process& process, TickProcess& row) const;
  bool is_wished(const sim::Memcg& group, const TickWish& wish) const;
  std::size_t count_wished(const TickWish& wish) const;

  sim::Surroundings& world_;
  TickNeeds needs_;
  SensorRoom room_;
  bool reads_cgroups_;
  ScanSchedule schedule_;
  std::vector<TickCgroup> cgroups_;
  std::vector<TickProcess> processes_;
  Tick tick_;
};

}  // namespace oomkit
