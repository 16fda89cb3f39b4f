// Runs the built `oom` as a user would: with arguments, an input and an environment.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace oomkit {

struct Ran {
  int exit_status = -1;  // 128 + the signal that ended it, as a shell says.
  std::string out, err;
};

struct RunOptions {
  std::string input = {};  // Through a pipe.
  std::map<std::string, std::string> environment = {};
  // Close the reading end of its output after so many bytes.
  std::optional<std::size_t> read_at_most = std::nullopt;
};

Ran run_oom(const std::vector<std::string>& arguments, const RunOptions& options = {});

}  // namespace oomkit
