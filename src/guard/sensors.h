// One tick of this machine, into memory that was there from the start.
//
// After create() nothing here allocates: files are kept open, and what is read goes into rows and
// rooms for texts whose size was chosen then. What does not fit is left out, and the tick says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "guard/cgroup_sensor.h"
#include "guard/host_sensor.h"
#include "guard/process_sensor.h"
#include "guard/room.h"
#include "guard/scan_schedule.h"
#include "guard/tick_source.h"
#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

// For what is there now.
SensorRoom room_below(const std::string& root, const std::optional<CgroupPlace>& place);

class Sensors final : public TickSource {
 public:
  static Result<Sensors> create(const std::string& root, const TickNeeds& needs,
                                const std::optional<CgroupPlace>& place, const SensorRoom& room);

  // What every tick has, and of the rest what is due or wished for. Good until the next call.
  const Tick& read(const TickWish& wish) override;
  // The host's numbers of this moment, for a second look before anything is done.
  TickHost read_again() override;

  bool has_pressure() const { return host_.has_pressure(); }
  // The open folder of a cgroup; -1 if it is gone.
  int folder_of(std::uint64_t cgroup_id) const override;

 private:
  Sensors(HostSensor host, ProcessSensor processes)
      : host_(std::move(host)), processes_(std::move(processes)) {}

  HostSensor host_;
  std::optional<CgroupSensor> cgroups_;
  ProcessSensor processes_;
  ScanSchedule schedule_;
  Tick tick_;
};

}  // namespace oomkit
