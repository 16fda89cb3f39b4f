// Whom the guard killed, in a run that it guarded.
//
// Its records name whom it chose; that a process ended by a signal which neither the kernel nor the
// scenario sent is the guest's own observation. Both are needed: who was chosen may have lived.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/guest_protocol.h"

namespace oomkit {

class GuardDeeds {
 public:
  explicit GuardDeeds(const std::vector<GuestDecision>& decisions);

  // The rule by which a process ended at that time, if the guard acted in this run: that which
  // chose its pid; else, as of a cgroup's process or of one of a family, the one that acted nearest
  // in time, and not longer ago than the guard waits for an end.
  std::optional<std::string> rule_of(std::int64_t pid, std::int64_t t_ms) const;

 private:
  struct Deed {
    std::int64_t t_ms = 0;
    std::string rule;
    std::optional<std::int64_t> pid;  // Of the first that it chose; nothing: a cgroup.
  };
  std::vector<Deed> deeds_;
};

}  // namespace oomkit
