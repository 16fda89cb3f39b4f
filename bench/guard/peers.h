// The daemons that are compared, started as their Debian units start them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace oomkit::bench {

// What a daemon costs: all the processes of its unit, and of these the one that kills.
struct DaemonCost {
  int processes = 0;
  std::int64_t resident_kib = 0, locked_kib = 0, swapped_kib = 0;
  std::int64_t killer_resident_kib = 0;
  std::int64_t killer_minor_faults = 0, killer_major_faults = 0;  // Since it began.
  std::int64_t cpu_us = 0;
  std::int64_t wakeups = 0;
};

class Daemon {
 public:
  // "guard", "earlyoom", "nohang", "oomd", "systemd-oomd" or "none". With a file trial.command
  // among what the run brings along its lines are the peer's words, in place of its unit's; with
  // trial.import the guard's policy is made in the machine by `oom guard import` of those words.
  static Result<Daemon> start(const std::string& name);

  DaemonCost cost() const;
  // What it wrote, its last bytes.
  std::string said() const;
  bool is_there() const { return name_ == "none" || cost().processes > 0; }

 private:
  explicit Daemon(std::string name) : name_(std::move(name)) {}
  std::string folder() const;

  std::string name_;
};

}  // namespace oomkit::bench
