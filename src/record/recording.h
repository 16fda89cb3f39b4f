// A recording of a guard at work: all that its policy looked at and what became of its decisions,
// so that the same policy, or another one, can be asked again later.
//
// A file of lines, each an object of JSON with its `kind`:
//   begin    oomkit.recording/1: the guard starts, or starts anew with a changed policy
//   tick     what the policy's next step was made from
//   again    the host's numbers of the second look before something is done
//   settled  whom a decision was about, and what became of it
//   lost     so many lines are missing here: they came faster than they could be written
// What is not in an object is not known, or is as it is without being said.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/time.h"
#include "policy/engine.h"
#include "policy/tick.h"

namespace oomkit {

inline constexpr std::string_view kRecordingSchema = "oomkit.recording/1";

struct RecordingBegin {
  std::string policy;  // The path of its file.
  std::uint64_t policy_hash = 0;
  std::chrono::microseconds since_epoch{0};
  HostTime start{0};  // The engine's, since boot.
  EngineCapacity capacity;
  bool dry_run = false;
  bool goes_on = false;  // With what the guard before it knew.
};

// A tick with the rows and texts that it looks at.
struct RecordedTick {
  RecordedTick() = default;
  // The spans go along with the rows; a copy's would stay behind.
  RecordedTick(RecordedTick&&) = default;
  RecordedTick& operator=(RecordedTick&&) = default;
  RecordedTick(const RecordedTick&) = delete;
  RecordedTick& operator=(const RecordedTick&) = delete;

  Tick tick;
  std::vector<TickCgroup> cgroups;
  std::vector<TickProcess> processes;
  std::vector<std::vector<char>> texts;
};

struct SecondLook {
  TickHost host;
};

struct SettledDecision {
  std::uint64_t number = 0;
  std::string rule;
  std::vector<std::int32_t> pids;
  std::string cgroup;
  DecisionOutcome outcome = DecisionOutcome::done;
};

struct LostLines {
  std::uint64_t count = 0;
};

using RecordedLine =
    std::variant<RecordingBegin, RecordedTick, SecondLook, SettledDecision, LostLines>;

}  // namespace oomkit
