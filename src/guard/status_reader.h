// The numbers that the guard publishes, and what its helper knows beside them, as a GuardStatus.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "guard/status_board.h"
#include "io/shared_ring.h"
#include "policy/guard_status.h"

namespace oomkit {

// What the board says; nothing before the guard's first word. `boot_now` is the time of asking.
std::optional<GuardStatus> read_board(const SharedBoard& board, HostTime boot_now);

// The helper's side: remembers the last decisions, asks the kernel about the guard's memory.
class StatusReader {
 public:
  StatusReader(SharedRing& ring, std::chrono::microseconds started)
      : ring_(ring), started_(started) {}

  // The texts of a record's message (guard/guard.cc).
  void keep_decision(const std::vector<std::string>& texts);
  std::optional<GuardStatus> read() const;

 private:
  SharedRing& ring_;
  std::chrono::microseconds started_;
  std::deque<GuardDecisionStatus> decisions_;  // The newest first.
};

}  // namespace oomkit
