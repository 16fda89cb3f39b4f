// The door through which a guard ends the processes of the model's world (io/kill_door.h).
//
// A handle is a process's number in the order in which handles were taken; a folder is a cgroup's.
// No pid is ever given twice there, so that a handle stays with its process by itself.
#pragma once

#include <string>
#include <vector>

#include "io/kill_door.h"
#include "sim/resident.h"

namespace oomkit {

class ModelDoor final : public KillDoor {
 public:
  explicit ModelDoor(sim::Surroundings& world) : world_(world) {}

  // That one of these handles is on it.
  bool holds(std::span<const int> handles, const sim::Process& process) const;

  DoorNumber open_process(std::int32_t pid) override;
  void close_process(int /*handle*/) override {}
  DoorNumber start_ticks(std::int32_t pid) override;
  int send_signal(int handle, int signal, SignalReach reach) override;
  int send_signal_to_pid(std::int32_t pid, int signal) override;
  int release_memory(int handle) override;
  bool is_gone(int handle) override;
  int write_file(int folder, const char* name, std::string_view value) override;
  DoorText read_file(int folder, const char* name, std::span<char> buffer) override;
  void walk_groups(int folder, GroupVisitor& visitor) override;
  int press_sysrq(char letter) override;
  std::int64_t now_ns() override { return world_.since_boot().count(); }
  // Time goes on between two turns of the guard, which is woken by what it has handles on.
  void wait_any(std::span<const int> /*handles*/, std::int64_t /*timeout_ns*/) override {}

 private:
  sim::Process* find(std::int32_t pid) const;
  sim::Process& of(int handle) const { return *opened_.at(static_cast<std::size_t>(handle)); }
  sim::Memcg* group_of(int folder) const;

  sim::Surroundings& world_;
  std::vector<sim::Process*> opened_;
};

}  // namespace oomkit
