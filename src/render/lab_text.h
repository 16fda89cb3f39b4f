// Experiments for a terminal: the list, one story, all runs of a matrix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "explain/explanation.h"
#include "model/lab_story.h"
#include "render/text_screen.h"

namespace oomkit {

struct LabEntry {
  std::string name, title, topic;
  std::string kernels;  // "5.10, 6.1"; empty: all.
  bool here = false;
};

// What there is, by topic.
void append_lab_list(TextScreen screen, const std::vector<LabEntry>& entries);

// The story, with the kernel's log of it explained.
void append_lab_story(TextScreen screen, const LabStory& story,
                      const std::vector<Explanation>& explained);

// One run of an experiment, or why there is none.
struct LabRun {
  std::string experiment, title, topic;
  std::string kernel;  // "6.1"
  std::optional<LabStory> story;
  std::string problem;
  std::optional<std::int64_t> processor_ms;  // Of QEMU: what the run costs on any machine.
};

// One line a run, what did not hold below it, and how many held.
void append_lab_runs(TextScreen screen, const std::vector<LabRun>& runs);

// Strategies side by side: who lived, who died, what was refused, how long it stood still.
void append_lab_strategies(TextScreen screen, const std::vector<LabRun>& runs);

// True if the run came to its end and shows what it should.
bool holds(const LabRun& run);

// "alloc_memory_1; adj_0 ×3", or "–".
std::string lab_names_text(const std::vector<std::string>& names);

// Of a strategy's run.
std::int64_t refusals_of(const RunRecord& record);
std::string stall_text(const RunRecord& record);

}  // namespace oomkit
