// What a condition looks at, as numbers: its signals, its comparisons, its `for`s.
//
// A running guard tells these to whoever asks how it is. What a reading is about does not change
// while the policy runs and is described once; the numbers are taken after an evaluation, in the
// same order, without allocating anything.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/time.h"
#include "policy/decision.h"
#include "policy/program.h"
#include "policy/unit.h"

namespace oomkit {

enum class ReadingKind : std::uint8_t {
  signal,      // "mem.available", "psi(memory, full, 10s)"
  comparison,  // "mem.available < 4%", its left side and what that is held against
  lasting,     // "... for 5s": how long it has been so, and how long it has to be
};

struct ReadingPlace {
  ReadingKind kind = ReadingKind::signal;
  std::string_view text;  // As the policy has it.
  PolicyUnit unit;
};

inline constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

struct Reading {
  double value = kNotKnown;      // NaN: the host does not tell.
  double threshold = kNotKnown;  // Of a signal nothing.
  HostTime held{0};              // For how long without a break.
  bool holds = false;
};

// As many as there is room for.
std::size_t describe_readings(const Program& program, std::span<ReadingPlace> out);
std::size_t take_readings(const Program& program, std::span<const NodeValue> values,
                          std::span<const NodeMemo> memos, HostTime now, std::span<Reading> out);
// How many comparisons hold: which of many places is nearest to its limit.
std::size_t count_true_comparisons(const Program& program, std::span<const NodeValue> values);

// What the engine judged: a rule in one place of its scope.
struct JudgedRule {
  std::size_t rule = 0;
  std::string_view cgroup;  // Empty: the host.
  bool known = false;       // Else the condition cannot be judged.
  bool holds = false;
  std::size_t true_comparisons = 0;
  HeldBack held_back = HeldBack::no;  // What keeps it from acting now, ...
  HostTime free_again{0};             // ... and until when.
};

// Whoever wants to know what the engine thinks. Called in a step: it must not allocate or wait.
class EngineWatch {
 public:
  virtual ~EngineWatch() = default;
  // The rule's places are judged anew from here on.
  virtual void begin(std::size_t rule) = 0;
  // Where its readings are to be put; an empty span if nobody wants those of this place.
  virtual std::span<Reading> judged(const JudgedRule& place) = 0;
  // The rule has acted, or would have.
  virtual void acted(std::size_t rule) = 0;
};

}  // namespace oomkit
