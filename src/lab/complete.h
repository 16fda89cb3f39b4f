// From what a run left behind to its record: who was killed, when, why, who lived.
//
// There are three witnesses. The kernel's log names each victim and the reason; the guest's
// own events say which process of the scenario that was, and how each ended; the console has
// the last words of a kernel that panicked. They are put together here and held against each
// other: where they differ the record says so in its warnings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lab/guest_protocol.h"
#include "lab/kernel_log.h"
#include "lab/vm.h"
#include "model/run_record.h"
#include "scenario/scenario.h"

namespace oomkit {

struct RunFacts {
  const Scenario& scenario;
  std::string release;  // Of the kernel's image.
  std::uint64_t seed = 0;
  std::int64_t wall_ms = 0;
  VmOutcome outcome;
};

// Moves the guest's parts of the record out of `transcript`.
RunRecord complete_record(const RunFacts& facts, Transcript& transcript, const KernelLog& log);

}  // namespace oomkit
