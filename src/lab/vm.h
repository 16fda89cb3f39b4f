// One virtual machine from its start to its end, heard through two serial ports.
//
// Whatever the guest does, this ends: by its listener's deadline, by a bound on what it may
// say, or by ^C; and QEMU is gone when run_vm() returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "lab/vm_command.h"

namespace oomkit {

// Time as monotonic_time() counts it.
using MonotonicTime = std::chrono::nanoseconds;

class VmListener {
 public:
  virtual ~VmListener() = default;
  virtual void on_console(std::string_view bytes) = 0;
  virtual void on_protocol(std::string_view bytes) = 0;
  // What QEMU has used of processors so far: told before each question for the deadline, for on
  // a busy machine it, and not the clock, says whether a guest hangs.
  virtual void on_effort(std::chrono::nanoseconds processor_time) {
    static_cast<void>(processor_time);
  }
  // When patience is over. Asked again after everything that was heard.
  virtual MonotonicTime deadline() const = 0;
  // Enough was heard: the machine may be switched off.
  virtual bool done() const = 0;
};

struct VmRun {
  std::string qemu;            // Its path.
  VmSpec spec;                 // Its serial ports are filled in here.
  std::vector<int> inherited;  // Descriptors that paths in the spec stand on.
  int interrupt = -1;          // Readable: stop.
  std::uint64_t bytes_max = std::uint64_t{256} << 20;
};

enum class VmEnd {
  exited,       // The guest switched off, or QEMU ended by itself.
  done,         // The listener had enough.
  deadline,     // Time was over.
  too_much,     // The guest said more than bytes_max.
  interrupted,  // ^C.
};

struct VmOutcome {
  VmEnd end = VmEnd::exited;
  int status = 0;            // QEMU's own, when it ended by itself.
  std::string qemu_message;  // What QEMU said, at most some KiB.
};

Result<VmOutcome> run_vm(VmRun run, VmListener& listener);

}  // namespace oomkit
