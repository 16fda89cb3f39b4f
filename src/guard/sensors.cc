#include "guard/sensors.h"

#include <chrono>
#include <utility>

#include "io/kept_file.h"
#include "io/own_process.h"

namespace oomkit {

SensorRoom room_below(const std::string& root, const std::optional<CgroupPlace>& place) {
  return room_for(place ? CgroupSensor::count(root, *place) : 0, ProcessSensor::count(root));
}

Result<Sensors> Sensors::create(const std::string& root, const TickNeeds& needs,
                                const std::optional<CgroupPlace>& place, const SensorRoom& room) {
  OOMKIT_TRY(HostSensor host, HostSensor::create(root, needs));
  OOMKIT_TRY(ProcessSensor processes,
             ProcessSensor::create(
                 root, needs,
                 needs.processes ? TableRoom{room.processes, room.processes_now} : TableRoom{1, 1},
                 room.leaders));
  Sensors sensors(std::move(host), std::move(processes));
  if (place && needs.cgroups) {
    OOMKIT_TRY(CgroupSensor cgroups, CgroupSensor::create(root, *place, needs, room.cgroups));
    sensors.cgroups_.emplace(std::move(cgroups));
  }
  sensors.tick_.own_pid = own_process_id();
  return sensors;
}

const Tick& Sensors::read(const TickWish& wish) {
  const std::int64_t now_ns = boot_time_ns();
  tick_.now = HostTime(now_ns);
  host_.read_fast(tick_.host);
  host_.read_rest(now_ns, tick_.host);
  tick_.has_cgroups = false;
  tick_.cgroups = {};
  tick_.processes = {};
  tick_.processes_read = ProcessesRead::none;
  tick_.processes_cut = false;
  if (cgroups_ && schedule_.cgroups_due(wish)) {
    cgroups_->scan(now_ns);
    schedule_.cgroups_were_read();
    tick_.has_cgroups = true;
    tick_.cgroups = cgroups_->rows();
    tick_.cgroups_cut = cgroups_->is_cut();
    tick_.own_cgroup = cgroups_->own_row();
  }
  if (!schedule_.processes_due(now_ns, wish)) return tick_;
  const bool swap_in_use =
      tick_.host.swap_free.value_or(Bytes(0)) < tick_.host.swap_total.value_or(Bytes(0));
  const std::int64_t begin_ns = boot_time_ns();
  if (wish.all_processes || !cgroups_) {
    processes_.read_all(cgroups_ ? &*cgroups_ : nullptr, swap_in_use);
    tick_.processes_read = ProcessesRead::all;
  } else {
    processes_.read_some(*cgroups_, wish.processes_of, swap_in_use);
    tick_.processes_read = ProcessesRead::some;
  }
  schedule_.processes_were_read(begin_ns, boot_time_ns());
  tick_.processes = processes_.rows();
  tick_.processes_cut = processes_.is_cut();
  return tick_;
}

TickHost Sensors::read_again() {
  TickHost host;
  host_.read_fast(host);
  host_.read_rest(boot_time_ns(), host);
  return host;
}

int Sensors::folder_of(std::uint64_t cgroup_id) const {
  return cgroups_ ? cgroups_->folder_of(cgroups_->row_of(cgroup_id)) : -1;
}

}  // namespace oomkit
