// What one run showed: a workload, a daemon, a kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "lab/rehearse.h"
#include "scenario/scenario.h"

namespace oomkit::bench {

struct TrialResult {
  std::string workload, daemon, kernel;
  bool nobody_may_die = false;
  bool over = false;  // The workload came to its end; otherwise the machine hung or panicked.
  std::int64_t culprits_dead = 0;
  std::vector<std::string> innocents_dead;    // Names, each death.
  std::optional<std::string> first_dead;      // Whoever was ended by a signal first, ...
  std::optional<std::int64_t> first_dead_ms;  // ... and when, since the workload began.
  std::int64_t kernel_kills = 0;
  std::optional<std::int64_t> onset_ms;   // Since the workload began: memory is short.
  std::optional<std::int64_t> relief_ms;  // From then to the last culprit's end.
  std::int64_t longest_gap_ms = 0, stalled_ms = 0;
  std::int64_t least_left_mib = 0;
  bool daemon_lives = true;
  std::int64_t resident_kib = 0, killer_resident_kib = 0, locked_kib = 0;
  std::int64_t cpu_us = 0, wakeups = 0, watched_us = 0;
  std::int64_t emulator_ms = 0;
  std::string why;  // Where there is no result: what was said.

  // The right one died, or nobody where nobody may, and no innocent.
  bool right() const {
    return over && innocents_dead.empty() && (nobody_may_die || culprits_dead > 0);
  }
};

TrialResult judge_trial(const Scenario& scenario, const std::string& daemon,
                        const std::string& kernel, const Result<Rehearsal>& rehearsal);

// One line of JSON ("oomkit.guard-trial/1"), and back.
std::string trial_json(const TrialResult& result);
std::optional<TrialResult> trial_of_json(const std::string& line);

// A table for each workload, then the sums.
std::string trial_tables(const std::vector<TrialResult>& results);

}  // namespace oomkit::bench
