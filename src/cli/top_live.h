// The live screen of `oom top`, on a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "cli/exit_code.h"
#include "cli/host_input.h"
#include "core/result.h"

namespace oomkit {

struct LiveOptions {
  std::string scope = "host";
  std::chrono::milliseconds interval{1000};
  bool colour = true;
};

// Until the user quits.
Result<ExitCode> run_live_screen(HostInput& input, const LiveOptions& options);

}  // namespace oomkit
