// A run of an experiment as it is told: what was done and seen, moment by moment, and what
// it shows. Made from the record by lab/, drawn by render/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/run_record.h"

namespace oomkit {

// A line of a file, or a value of the record: its name and its text as people read it.
struct StoryValue {
  std::string name;
  std::string text;

  friend bool operator==(const StoryValue&, const StoryValue&) = default;
};

struct StoryMoment {
  std::int64_t t_ms = 0;
  std::string kind;                // As RunEvent::kind; "begin" and "end" beside them.
  std::string what;                // "/box/memory.oom_control", "hog (pid 41)"
  std::vector<StoryValue> values;  // What was read.
  bool refused = false;            // The kernel said no.
  std::int64_t times = 1;          // Alike and one after the other.
  std::string say;                 // Told beside it; may be empty.

  friend bool operator==(const StoryMoment&, const StoryMoment&) = default;
};

// One check of [expect], with what was found.
struct StoryCheck {
  std::string text;
  std::string found;
  bool holds = false;

  friend bool operator==(const StoryCheck&, const StoryCheck&) = default;
};

struct LabStory {
  std::string name, title, topic, description;
  std::vector<StoryValue> setting;  // The machine, each cgroup, the processes.
  std::vector<StoryMoment> moments;
  std::vector<StoryCheck> checks;
  std::vector<StoryValue> values;  // Those that tell the runs apart.
  RunRecord record;

  friend bool operator==(const LabStory&, const LabStory&) = default;
};

}  // namespace oomkit
