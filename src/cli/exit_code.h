// What the program's exit tells the script that called it.
#pragma once

#include "core/result.h"

namespace oomkit {

enum class ExitCode {
  done = 0,           // And, where something was looked for, found.
  nothing = 1,        // Looked and found nothing.
  usage = 2,          // The command line or a file makes no sense.
  environment = 3,    // This machine lacks something: a permission, a device, space.
  internal = 4,       // A bug.
  interrupted = 130,  // ^C, as a shell says it.
};

constexpr ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::malformed:
    case ErrorCode::not_found:
      return ExitCode::usage;
    case ErrorCode::denied:
    case ErrorCode::unsupported:
    case ErrorCode::io:
      break;
  }
  return ExitCode::environment;
}

}  // namespace oomkit
