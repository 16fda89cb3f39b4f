// A policy after parsing and checking: rules, preferences, settings. Immutable.
//
// The TOML that it is written in is in docs/POLICY.md; policy/policy_parse.h reads it. All that
// can be wrong with a policy is found there, so that whoever has one of these can run it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/units.h"
#include "policy/action.h"
#include "policy/decision.h"
#include "policy/pattern.h"
#include "policy/program.h"
#include "policy/wish.h"

namespace oomkit {

enum class MatchField : std::uint8_t { comm, cmdline, exe, user, cgroup, unit };

// All patterns that are given have to be found.
struct PolicyMatch {
  std::vector<std::pair<MatchField, Pattern>> patterns;
  // Only processes from the one up to the other.
  std::optional<std::int32_t> oom_score_adj_min, oom_score_adj_max;

  bool is_about_adj() const { return oom_score_adj_min || oom_score_adj_max; }
  bool empty() const { return patterns.empty() && !is_about_adj(); }
};

struct Preference {
  PolicyMatch match;
  PreferenceLevel level = PreferenceLevel::normal;
  double points = 0;  // Added to scores that are in points (badness, oom_score).
  std::size_t line = 0;
};

// What candidates are compared by.
enum class Ranker : std::uint8_t {
  culprit,    // Share of the record growth of all, the mean over 2 to 64 s.
  growth,     // Record growth within 64 s.
  badness,    // The kernel's points, as a share of a thousand (oom_score before 5.9).
  oom_score,  // As /proc/PID/oom_score says.
  rss,
  anon,
  swap,
  usage,     // Memory and swap.
  size,      // memory.current of a cgroup, rss of a process.
  excess,    // What a cgroup uses above its memory.min and memory.low.
  pressure,  // How much of the last 10 s and 60 s all in the cgroup waited for memory.
  pgscan,    // Pages scanned in it per second.
  age,       // Younger first.
};

struct RankSum {
  std::vector<std::pair<double, Ranker>> terms;  // Weight and what is weighed.
};

struct PolicyPick {
  TargetKind kind = TargetKind::process;
  // By the culprit's descent, which itself finds out if it is a process, a family or a cgroup.
  bool descent = false;
  bool recursive = false;      // Cgroups: from the scope downwards, the first at each level.
  std::vector<RankSum> order;  // Compared by the first, then by the second where equal.
  Known<double> at_least;      // Of the first; a share of `at_least_of` where that is set.
  enum class Whole : std::uint8_t { none, mem_total, swap_total, capacity };
  Whole at_least_of = Whole::none;
  std::string text;
};

struct PolicyScope {
  enum class Kind : std::uint8_t {
    host,
    cgroups,    // Each that fits `globs`.
    limited,    // Each with memory.high or memory.max.
    container,  // The root that we see, if it has a limit: we are inside a container.
  };
  Kind kind = Kind::host;
  std::vector<std::string> globs;  // "/user.slice/*": * within a name, ** over any names.
  std::string text = "host";
};

// Where candidates are taken from, if not from what lies in the scope.
struct PolicyFrom {
  bool scope_itself = false;       // The scope's cgroup as a whole.
  std::vector<std::string> globs;  // The cgroups that fit.
  std::string text;

  bool empty() const { return !scope_itself && globs.empty(); }
};

struct PolicyRule {
  std::string name;
  std::size_t line = 0;
  PolicyScope scope;
  Program when;
  bool if_unknown = false;  // What a condition that cannot be judged counts as.
  std::optional<PolicyPick> pick;
  PolicyFrom from;
  PolicyMatch only, except;
  std::vector<PolicyAction> actions;
  std::chrono::milliseconds cooldown{0};
  bool recheck = true;
  bool destructive = false;  // Some action ends processes.
  bool kills = false;        // By SIGKILL, and waits until they are dead.
};

struct PolicySettings {
  std::chrono::milliseconds tick_min{100}, tick_max{4000};
  Bytes fill_rate{std::int64_t{1} << 30};    // Nobody uses memory up faster, per second.
  std::chrono::milliseconds cooldown{2000};  // Of all rules after any kill.
  std::chrono::milliseconds target_cooldown{10'000};
  int budget = 0;  // Kills within budget_window; 0: any number.
  std::chrono::milliseconds budget_window{600'000};
  std::chrono::milliseconds after_kernel_kill{1000};  // Pause when the kernel has killed.
  bool honor_wishes = true;
  bool honor_oom_group = true;
  bool dry_run = false;
};

struct Policy {
  PolicySettings settings;
  std::vector<PolicyRule> rules;
  std::vector<Preference> preferences;
  TickNeeds needs;
};

}  // namespace oomkit
