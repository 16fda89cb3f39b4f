// What `oom run` says on a terminal, beside the explanation of a kill.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/command_run.h"
#include "render/paint.h"

namespace oomkit {

// `--stats`: how it ended, what it used, how near the limits it was.
std::string command_stats_text(const CommandRun& run, const Paint& paint);

// Sentences about what was done beside running it: what it left behind and was ended.
std::vector<std::string> command_notes(const CommandRun& run);

// How often the kernel killed in its cgroup for lack of memory, as far as counted.
std::optional<std::int64_t> oom_kills(const CommandRun& run);

// That the kernel killed there and what the counters tell of it, where its log does not say
// more; `why_no_log` is a sentence part, or "".
std::string command_kill_text(const CommandRun& run, std::string_view why_no_log);

}  // namespace oomkit
