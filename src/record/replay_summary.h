// What came of asking a policy again, on a recording: values for whoever shows them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.h"
#include "record/recording.h"

namespace oomkit {

struct ReplayedDecision {
  HostTime at{0};        // Since the guard's first look.
  std::string sentence;  // For people.
  std::string record;    // oomkit.decision/1.
  bool acts = false;
  // Of one that acts: whether the recorded guard decided the same at this tick.
  bool as_recorded = false;
};

// What the recorded guard decided, and the policy asked now did not.
struct MissingDecision {
  HostTime at{0};  // Since the guard's first look.
  SettledDecision decision;
};

struct ReplaySummary {
  RecordingBegin begin;  // The first of the recording.
  std::uint64_t begins = 0;
  bool same_policy = false;  // By its text, at every begin.
  std::uint64_t ticks = 0;
  std::uint64_t lost = 0;  // Lines.
  bool is_cut = false;
  HostTime duration{0};        // From first to last look, of all its begins together.
  std::uint64_t recorded = 0;  // Decisions that acted: then, ...
  std::uint64_t decided = 0;   // ... now, ...
  std::uint64_t agreeing = 0;  // ... and both.
  std::vector<MissingDecision> missing;

  bool agrees() const { return missing.empty() && agreeing == decided; }
};

}  // namespace oomkit
