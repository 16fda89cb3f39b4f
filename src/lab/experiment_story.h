// From the record of a run to its story: what a person is shown of an experiment.
//
// The record has everything; the story has what matters: of a file with a hundred lines
// those that the experiment is about, of a hundred events alike their number, and beside
// what happened the sentence that says what it means.
#pragma once

#include <optional>
#include <string>

#include "lab/experiment.h"
#include "model/lab_story.h"
#include "model/run_record.h"

namespace oomkit {

LabStory make_story(const Experiment& experiment, RunRecord record);

// Those values of the record that tell the runs of an experiment apart; "-" for what the
// record does not have.
std::vector<StoryValue> values_of(const Experiment& experiment, const RunRecord& record);

// "256.0 MiB, 1 processor, no swap, cgroup v2": what an experiment needs.
std::string machine_text(const HostSpec& host);

}  // namespace oomkit
