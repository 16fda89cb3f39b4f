// What came of a sweep: every run in one line, who died how often, and by each varied field at
// what value it tips.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace oomkit {

struct SweepRun {
  std::int64_t index = 0;  // From 0.
  std::uint64_t seed = 0;
  std::string kernel;
  std::vector<std::string> values;             // By field, as shown.
  std::vector<std::optional<double>> numbers;  // The same, to be sorted by.
  // Who died, each name once, in order: "leak, web". Or "nobody", "panic", "refused".
  std::string outcome;
  std::vector<std::string> victims;  // One for each kill.
  std::optional<std::int64_t> first_kill_ms;
  std::int64_t duration_ms = 0;
  std::string problem;  // Of one that was refused: why.

  friend bool operator==(const SweepRun&, const SweepRun&) = default;
};

struct SweepCount {
  std::string name;
  std::int64_t runs = 0;
  std::optional<std::int64_t> median_ms;  // Of the first kill in them.

  friend bool operator==(const SweepCount&, const SweepCount&) = default;
};

// Runs whose value lies between two, both included.
struct SweepBin {
  std::string from, to;
  std::int64_t runs = 0;
  std::vector<std::int64_t> outcomes;  // As SweepReport::outcomes stands.

  friend bool operator==(const SweepBin&, const SweepBin&) = default;
};

// Up to `below` mostly one thing happens, from `above` on mostly another.
struct SweepTip {
  std::string below, above;
  std::string before, after;           // Outcomes.
  std::int64_t runs = 0, as_said = 0;  // Of the runs around it, those that it is true of.

  friend bool operator==(const SweepTip&, const SweepTip&) = default;
};

struct SweepByField {
  std::string field;
  std::vector<SweepBin> bins;
  std::vector<SweepTip> tips;

  friend bool operator==(const SweepByField&, const SweepByField&) = default;
};

struct SweepReport {
  std::string scenario;
  std::uint64_t seed = 0;
  std::vector<std::string> fields;
  std::vector<SweepCount> outcomes;  // The most frequent first.
  std::vector<SweepCount> deaths;    // Runs in which a process of that name died.
  std::vector<SweepByField> by_field;
  std::vector<SweepRun> runs;

  friend bool operator==(const SweepReport&, const SweepReport&) = default;
};

}  // namespace oomkit
