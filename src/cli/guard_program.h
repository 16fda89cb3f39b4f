// Where oom-guard is, the program that `oom guard` becomes and that a rehearsal takes along.
#pragma once

#include <string>

#include "core/result.h"

namespace oomkit {

// Its path; `unsupported` with the remedy if it is not beside this program.
Result<std::string> find_guard_program();

}  // namespace oomkit
