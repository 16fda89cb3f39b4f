// `oom guard` becomes the guard: what is done and checked before, and the helper that it leaves
// behind.
#pragma once

#include <optional>
#include <string>

#include "cli/exit_code.h"
#include "core/result.h"

namespace oomkit {

struct GuardStart {
  std::string config;  // A policy that has been found good, ...
  bool warns = false;  // ... and whether it warns of low memory.
  bool dry_run = false;
  std::optional<std::string> record_file;
  std::optional<std::string> recording;  // A file for all that it sees.
  std::optional<std::string> lock_file;
  std::optional<std::string> status_socket;  // Else the usual one.
  std::optional<std::string> metrics;        // Where they are told; nowhere without.
};

// Comes back only with what kept it from starting.
Result<ExitCode> start_guard(const GuardStart& start);

}  // namespace oomkit
