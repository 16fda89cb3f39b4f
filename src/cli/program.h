// The program `oom`: its commands, help, and what goes wrong before one of them runs.
#pragma once

namespace oomkit {

// The exit status.
int run_program(int argc, const char* const* argv);

}  // namespace oomkit
