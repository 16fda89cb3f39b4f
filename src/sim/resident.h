// Somebody of user space who lives in the model's world beside the scenario: a killer such as the
// guard. It sees what the kernel shows, asks it for what a process may ask for, and pays with time
// of a processor as everybody does.
//
// What it does between two waits happens at one moment of the world, and the time that it took is
// spent behind it (Scheduler::do_at_once()): its own code is no coroutine, and need not be one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/time.h"
#include "sim/kernel.h"
#include "sim/pressure_average.h"

namespace oomkit::sim {

// The world, as a resident of it may use it.
class Surroundings {
 public:
  virtual ~Surroundings() = default;

  virtual Kernel& kernel() = 0;
  virtual HostTime since_boot() const = 0;  // With what the resident has used in this turn.
  virtual HostTime start_of(const Process& process) const = 0;
  virtual char state_of(const Process& process) const = 0;
  virtual const Process& init() const = 0;  // PID 1, whom the kernel's list lacks.
  virtual const Process& itself() const = 0;
  virtual const GroupPressure& pressure_of(Memcg& group) = 0;  // The root's is the host's.

  virtual void use(SimTime time) = 0;  // Of a processor: spent when the turn is over.
  // What the kernel does when it is asked: an errno, or 0.
  virtual int write_file(Memcg& group, std::string_view file, std::string_view value) = 0;
  virtual int release_memory(Process& process) = 0;  // process_mrelease()
  virtual void press_sysrq_f() = 0;

  virtual void log(std::string line) = 0;        // The kernel's log.
  virtual void decided(std::string record) = 0;  // For whoever reads the run.
};

class Resident {
 public:
  virtual ~Resident() = default;
  // Woken: how much of a processor it uses before it comes to a turn.
  virtual SimTime work_before_turn() = 0;
  virtual void turn() = 0;
  virtual HostTime wake_at()
      const = 0;  // Since boot; of the next turn, if nothing wakes it before.
  virtual bool waits_for(const Process& process) = 0;  // To be woken by its end.
};

}  // namespace oomkit::sim

namespace oomkit {

// Who comes to live in a world, made anew for each run: runs go on side by side.
struct ResidentPlan {
  std::string name;                       // Its comm.
  Pages memory;                           // Of its own, locked.
  Pages program;                          // In the machine's tmpfs.
  std::int64_t pids = 1;                  // That it has used up before the scenario begins.
  std::int64_t some_us = 0, full_us = 0;  // Pressure in a second that wakes it.
  std::function<std::unique_ptr<sim::Resident>(sim::Surroundings&)> make;
};

}  // namespace oomkit
