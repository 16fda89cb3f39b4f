// A scenario file, read and understood, or refused with every place that is wrong.
#pragma once

#include <string>

#include "core/result.h"
#include "scenario/scenario.h"

namespace oomkit {

struct ScenarioFile {
  std::string path;  // As given; "two.toml".
  std::string name;  // Without folder.
  std::string source;
  std::string folder;  // "." for a file of the current one.
  Scenario scenario;
};

// The refusal of a scenario that is wrong is `what` as a whole, in lines, ready to be printed.
Result<ScenarioFile> read_scenario_file(const std::string& path);

// Prints an error of read_scenario_file, or any other, so that its lines stay lines.
void complain_in_full(std::string_view command, const Error& error);

}  // namespace oomkit
