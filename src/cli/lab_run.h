// `oom lab run`: which experiments on which kernels, run, and what is said of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "core/result.h"

namespace oomkit {

struct LabRunArguments {
  std::vector<std::string> names = {};
  bool all = false;
  std::vector<std::string> kernels = {};
  std::string world = "vm";
  std::uint64_t seed = 1;
  std::size_t jobs = 0;
  bool table = false;
  std::string format = "text";
  std::optional<std::string> output = std::nullopt;
  std::optional<std::string> record = std::nullopt;
  bool resume = false;
  std::string colour = "auto";
};

Result<ExitCode> run_lab(const LabRunArguments& arguments);

}  // namespace oomkit
