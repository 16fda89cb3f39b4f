// What two worlds say of one scenario, line by line: in what they agree and in what not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/run_record.h"

namespace oomkit {

struct WorldRun {
  RunRecord record;
  std::string kernel_log;
};

// A quantity of which there may be several in a run: how many, and how many agree.
struct Tally {
  std::int64_t all = 0;
  std::int64_t same = 0;

  void count(bool agrees) {
    ++all;
    same += agrees ? 1 : 0;
  }
  void add(const Tally& other) {
    all += other.all;
    same += other.same;
  }
};

struct Comparison {
  bool victims = false;  // In their order, and the survivors.
  bool events = false;   // As many of each kind.
  Tally levels;  // Of a host: every zone's min, low, high and managed; MemTotal, CommitLimit.
  Tally scores;  // oom_score of who is alive at the end in both.
  Tally held;    // Of a kill: memory of the victim, within 2 %.
  Tally memory_events;  // Of a cgroup: each number of memory.events, or of v1 failcnt.
  Tally full;           // Of a cgroup: `full` of memory.pressure, within a factor of two.

  bool agrees() const { return victims && events; }
};

// Whether a second run came to the same victims, survivors and numbers of events.
bool same_outcome(const RunRecord& a, const RunRecord& b);

Comparison compare_worlds(const WorldRun& model, const WorldRun& real);

// "p1 0.8 s, p3 1.2 s": who was killed and when.
std::string kills_of(const RunRecord& record);

}  // namespace oomkit
