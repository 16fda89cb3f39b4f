// How a running guard is: what `oom guard status` and the metrics tell. A value, complete in
// itself; what is not known is absent.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "policy/decision.h"
#include "policy/reading.h"
#include "policy/unit.h"

namespace oomkit {

struct GuardReading {
  ReadingKind kind = ReadingKind::signal;
  std::string text;
  PolicyUnit unit;
  std::optional<double> value, threshold;
  bool holds = false;
  double held_s = 0;
};

enum class RuleState : std::uint8_t {
  not_judged,  // Nothing that it is about has been seen yet.
  unknown,     // The host does not tell what the condition asks for.
  idle,
  waiting,  // What has to last has begun.
  holds,
  acting,
};
std::string_view rule_state_text(RuleState state);

struct GuardRuleStatus {
  std::string name;
  std::string scope;  // As the policy has it: "host", "limited cgroups".
  // Of a rule of cgroups: how many were looked at, in how many it holds, and the one that is
  // nearest to it, whose readings these are.
  std::uint64_t cgroups = 0, cgroups_holding = 0;
  std::string cgroup;
  RuleState state = RuleState::not_judged;
  std::optional<double> held_s;  // For how long it holds.
  HeldBack held_back = HeldBack::no;
  std::optional<double> held_back_left_s;
  std::uint64_t decisions = 0;
  std::vector<GuardReading> readings;
};

struct GuardDecisionStatus {
  std::chrono::microseconds time{0};  // Since the epoch.
  std::string rule;
  std::string sentence;  // Who, and what was to be done.
  std::string result;    // What came of each action.
  bool dry_run = false;
  std::optional<Bytes> freed;
};

struct GuardStatus {
  std::chrono::microseconds now{0}, started{0};  // Since the epoch.
  std::int32_t pid = 0;
  bool dry_run = false;
  std::string policy;       // Its file.
  std::string policy_hash;  // Of the text that the guard goes by.
  std::chrono::microseconds policy_read{0};
  std::optional<bool> policy_changed;  // The file is another one by now.
  std::string woken_by;
  double last_look_s = 0;  // So long ago.
  std::uint64_t turns = 0, decisions = 0, withdrawn = 0;
  std::vector<GuardRuleStatus> rules;
  std::uint64_t rules_left_out = 0;                 // There was no room to tell of them.
  std::vector<GuardDecisionStatus> last_decisions;  // The newest first.
  std::uint64_t messages_lost = 0, stalls = 0;
  std::int32_t helper_pid = 0;
  std::uint64_t helper_restarts = 0;
  std::optional<Bytes> resident, locked;
};

// Of a policy's text, to tell whether it is the same: FNV-1a of 64 bits.
std::uint64_t policy_hash(std::string_view text);
std::string policy_hash_text(std::uint64_t hash);

}  // namespace oomkit
