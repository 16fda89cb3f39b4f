#include "lab/experiment.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/diagnostic.h"
#include "lab/experiment_texts.h"
#include "scenario/parse.h"

namespace oomkit {
namespace {

std::vector<Experiment> read_experiments() {
  std::vector<Experiment> all;
  for (const ExperimentText& each : experiment_texts()) {
    ParsedScenario parsed = parse_scenario(each.text);
    // A test reads them all, so what is built can be read.
    OOMKIT_CHECK(parsed.diagnostics.empty() && parsed.scenario.lab, "an experiment is unsound");
    all.push_back({each.name, each.text, std::move(parsed.scenario)});
  }
  return all;
}

bool is_of_family(std::string_view name, std::string_view family) {
  return name.size() > family.size() && name.starts_with(family) && name[family.size()] == '-';
}

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = read_experiments();
  return all;
}

Result<std::vector<const Experiment*>> find_experiments(std::string_view name) {
  std::vector<const Experiment*> found;
  std::vector<std::string_view> names;
  for (const Experiment& each : experiments()) {
    if (each.name == name) return std::vector{&each};
    if (is_of_family(each.name, name)) found.push_back(&each);
    names.push_back(each.name);
  }
  if (!found.empty()) return found;
  const std::string_view meant = nearest(name, names);
  return fail(ErrorCode::usage,
              "there is no experiment \"" + std::string(name) + "\"" +
                  (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?") +
                  " (oom lab list tells them)");
}

bool applies_to(const Experiment& experiment, std::string_view release) {
  const std::vector<std::string>& kernels = experiment.scenario.host.kernels;
  return kernels.empty() ||
         std::any_of(kernels.begin(), kernels.end(),
                     [&](const std::string& version) { return is_kernel(version, release); });
}

}  // namespace oomkit
