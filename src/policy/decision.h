// What a policy decided at one instant, with its reasons as data.
//
// A Decision is spans over memory of the engine that made it, of the policy, and of the tick that
// it was made from: it is valid until the next step of that engine and until the tick's rows are
// written again. Making one allocates nothing; whoever keeps it copies it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/known.h"
#include "core/time.h"
#include "core/units.h"
#include "policy/action.h"
#include "policy/unit.h"

namespace oomkit {

// A comparison of the rule's condition: `expr` as it is written.
struct DecisionCondition {
  std::string_view expr;
  PolicyUnit unit;  // Of value and threshold.
  double value = 0, threshold = 0;
  bool known = false;  // Else the host did not tell, and value and threshold say nothing.
  bool holds = false;
  HostTime held{0};  // For how long without a break.
};

struct ScoreTerm {
  std::string_view name;  // "rss", "growth 2s", "preference"
  PolicyUnit unit;
  double value = 0;
};

enum class TargetKind : std::uint8_t {
  process,
  process_group,
  subtree,  // A process and all its descendants.
  cgroup,   // All in it and below it.
  unit,     // The cgroup of a systemd unit.
};

// Why somebody who was looked at cannot be chosen.
enum class Excluded : std::uint8_t {
  no,
  protected_by_preference,  // A preference of level never.
  adj_minus_1000,
  init,
  kernel_thread,
  zombie,
  guard_itself,
  filtered,      // The rule's `only` or `except`.
  omitted,       // The cgroup's own wish (user.oomd_omit).
  empty,         // A cgroup without processes.
  cooling_down,  // It was a target a moment ago.
  does_not_die,  // It was killed, and is still there.
  too_little,    // Below the rule's `at least`.
  no_growth,     // Its growth does not explain the shortage.
  unknown,       // What the ranker needs is not known of it.
  not_whole,     // Somebody in it may not be killed, and nobody else is in it.
};
std::string_view excluded_text(Excluded why);

enum class PreferenceLevel : std::uint8_t { prefer, normal, avoid, never };
std::string_view level_text(PreferenceLevel level);

struct ProcessId {
  std::int32_t pid = 0;
  Known<HostTime> start;

  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

struct DecisionCandidate {
  TargetKind kind = TargetKind::process;
  ProcessId process;        // Of a process, group leader or root of a subtree.
  std::string_view comm;    // Of it.
  std::string_view cgroup;  // Its cgroup, or itself; empty if not known.
  std::uint64_t cgroup_id = 0;
  PreferenceLevel level = PreferenceLevel::normal;
  Excluded excluded = Excluded::no;
  // 1 is the first to go; 0: excluded. Whoever goes comes before whoever stays.
  std::uint32_t rank = 0;
  std::span<const ScoreTerm> terms;
  Known<Bytes> frees;  // What its death is expected to give back.
};

struct DecisionTarget {
  TargetKind kind = TargetKind::process;
  // Whom to signal, in this order; for a cgroup those who were seen in it. Without those who
  // may not die.
  std::span<const ProcessId> processes;
  std::string_view comm;        // Of the first of them.
  std::string_view cgroup;      // Of a cgroup or unit; else the cgroup of the first process.
  std::uint64_t cgroup_id = 0;  // 0: not known.
  // All of the cgroup may die: cgroup.kill does it at once. Else only the processes named.
  bool whole_cgroup = false;
  std::string_view unit;  // "db.service", empty if none.
  Known<Bytes> frees;
};

// What kept a rule from acting although its condition holds.
enum class HeldBack : std::uint8_t {
  no,
  rule_cooldown,
  global_cooldown,
  budget,       // So many kills in so much time are spent.
  kernel_kill,  // The kernel has just killed by itself.
  nobody,       // No candidate is left.
  incomplete,   // The tick lacks what a choice needs; the next one is to have it.
};
std::string_view held_back_text(HeldBack why);

struct Decision {
  HostTime now{0};
  std::uint64_t number = 0;  // Of the decisions of this engine, from 1.
  std::string_view rule;
  std::uint32_t rule_index = 0;
  std::string_view scope;  // Path of the cgroup that the rule was judged in; "" for the host.
  std::span<const DecisionCondition> conditions;

  // Best first, then the excluded; of many the first ones. `considered` counts all.
  std::span<const DecisionCandidate> candidates;
  std::uint32_t considered = 0;
  bool on_a_part = false;  // There was more on the host than there was room for.

  bool has_target = false;
  DecisionTarget target;
  std::span<const PolicyAction> actions;  // In order. Empty if held back.
  HeldBack held_back = HeldBack::no;
  HostTime free_again{0};  // With a cooldown or a budget: when it is over.

  // What the host, or the scope, is short of at this moment.
  Known<Bytes> wanted;
  bool recheck = false;  // Engine::still_holds() is to be asked before anything is done.

  bool acts() const { return held_back == HeldBack::no; }
};

}  // namespace oomkit
