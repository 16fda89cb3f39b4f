// The texts of experiments/*.toml, put into the program when it is built.
#pragma once

#include <span>
#include <string_view>

namespace oomkit {

struct ExperimentText {
  std::string_view name;
  std::string_view text;
};

// In the order in which they are told.
std::span<const ExperimentText> experiment_texts();

}  // namespace oomkit
