// [lab]: the words that turn a scenario into an experiment: its title and topic, what is
// said when something happens, and the values worth a place in the table of all runs.
//
//   [lab]
//   title = "One of three dies"
//   topic = "cgroup v2"
//   here = true
//   narration = [ { after = "full", say = "..." }, { after = "oom_kill", say = "..." } ]
//   values = [ { name = "peak", of = "cgroup./box.max_usage" } ]
#pragma once

#include <vector>

#include "scenario/scenario.h"
#include "scenario/table_reader.h"

namespace oomkit {

// Everything else of `scenario` must have been read before: notes and values name it.
void read_lab(const toml::table& table, Scenario& scenario, std::vector<Diagnostic>& diagnostics);

}  // namespace oomkit
