// Two run records held against each other: `oom compare`.
//
// Who died, who lived and how often each kind of thing happened must agree; a difference
// there is what the exit status tells. Times and sizes differ from run to run and are shown
// for what they are.
#pragma once

#include <string>
#include <vector>

#include "model/run_record.h"
#include "render/text_screen.h"

namespace oomkit {

struct RunDifference {
  std::string what;  // "victims", "events.oom_kill", "duration_ms", "cgroup /box max_usage".
  std::string a, b;
  bool hard = false;  // Of the kind that must not be.
};

struct RunComparison {
  std::vector<RunDifference> differences;  // The hard ones first.
  bool same = true;                        // No hard difference.
};

RunComparison compare_runs(const RunRecord& a, const RunRecord& b);

// `a_name` and `b_name`: the files.
void append_comparison(TextScreen screen, const RunComparison& comparison,
                       const std::string& a_name, const std::string& b_name);
// "oomkit.compare/1"
std::string comparison_json(const RunComparison& comparison, const std::string& a_name,
                            const std::string& b_name);

}  // namespace oomkit
