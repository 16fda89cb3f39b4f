// Where a resident lives in a world: its process and thread, what wakes it, what it asks for.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/pressure_watch.h"
#include "sim/resident.h"

namespace oomkit::sim {

class World;

class ResidentHost final : public Surroundings {
 public:
  ResidentHost(World& world, const ResidentPlan& plan);

  void start();
  void exited(const Process& process);
  void stall_begins() { watch_.stall_begins(); }

  // Surroundings
  Kernel& kernel() override;
  HostTime since_boot() const override;
  HostTime start_of(const Process& process) const override;
  char state_of(const Process& process) const override;
  const Process& init() const override;
  const Process& itself() const override { return *process_; }
  const GroupPressure& pressure_of(Memcg& group) override;
  void use(SimTime time) override { used_ += time; }
  int write_file(Memcg& group, std::string_view file, std::string_view value) override;
  int release_memory(Process& process) override;
  void press_sysrq_f() override;
  void log(std::string line) override;
  void decided(std::string record) override;

 private:
  Co<void> settle_in();
  Co<void> live();

  World& world_;
  const ResidentPlan& plan_;
  std::unique_ptr<Resident> resident_;
  Process* process_ = nullptr;
  PressureWatch watch_;
  SimTime used_{0};      // In this turn, as one who comes first, ...
  SimTime in_turns_{0};  // ... and as one among others.
};

}  // namespace oomkit::sim
