// A recording once more: what a policy decides on what a guard saw.
//
// The guard itself makes the turns, on ticks out of the recording and without doing anything. As
// long as it decides what was decided then, its decisions come to the end that they came to then,
// so the same policy decides the same to the last. With the first difference the recording goes on
// as if it had been done as then: what another policy would have changed it cannot show.
#pragma once

#include <cstdint>
#include <functional>

#include "core/result.h"
#include "policy/policy.h"
#include "record/recording_reader.h"
#include "record/replay_summary.h"

namespace oomkit {

struct ReplayPolicy {
  Policy policy;
  std::uint64_t hash = 0;  // policy_hash() of its text.
};

// `hears` is given every decision at once, in order.
Result<ReplaySummary> replay(const ReplayPolicy& policy, RecordingReader& recording,
                             const std::function<void(const ReplayedDecision&)>& hears);

}  // namespace oomkit
