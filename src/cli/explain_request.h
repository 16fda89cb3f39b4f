// What `oom explain` was asked for, as typed, and as understood.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/time_bound.h"
#include "core/result.h"
#include "io/process_environment.h"
#include "render/renderer.h"

namespace oomkit {

struct ExplainArguments {
  std::vector<std::string> files = {};
  bool journal = false;
  bool kmsg = false;
  bool summary = false;
  bool redact = false;
  bool plain_scan = false;
  std::optional<std::string> since = std::nullopt;
  std::optional<std::string> until = std::nullopt;
  std::optional<std::string> boot = std::nullopt;
  std::optional<std::string> only = std::nullopt;
  std::optional<std::string> output = std::nullopt;
  std::string format = "text";
  std::string colour = "auto";
  std::string root = "/";
};

struct ExplainRequest {
  std::vector<std::string> files;  // "-" is standard input.
  bool journal = false;
  bool kmsg = false;
  std::optional<std::string> boot;
  std::optional<TimeBound> since, until;
  std::optional<std::size_t> only;
  std::optional<std::string> output;
  std::string root;  // Without a slash at its end; "" is the machine's own.
  RenderOptions render;
  bool plain_scan = false;
  Calendar now{};
};

// Refuses what contradicts itself, and says what to do instead.
Result<ExplainRequest> understand(const ExplainArguments& arguments, const Terminal& terminal,
                                  const Calendar& now);

}  // namespace oomkit
