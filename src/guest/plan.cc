#include "guest/plan.h"

#include <algorithm>

#include "core/check.h"
#include "scenario/names.h"

namespace oomkit::guest {
namespace {

// Of a larger fork bomb the rest runs unwatched.
constexpr std::int64_t kSlotsMax = 4096;

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::int64_t saturating_product(std::int64_t a, std::int64_t b) {
  return a > kSlotsMax || b > kSlotsMax ? kSlotsMax : std::min(a * b, kSlotsMax);
}

// A process and all that its forks make of it.
std::int64_t processes_of(const std::vector<Step>& steps) {
  std::int64_t count = 1;
  for (const Step& step : steps) {
    if (step.kind != Step::Kind::fork && step.kind != Step::Kind::vfork) continue;
    const std::int64_t children = saturating_product(step.children, step.times);
    count += saturating_product(children, processes_of(step.steps));
  }
  return std::min(count, kSlotsMax);
}

std::size_t index_of(const std::vector<std::string>& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  OOMKIT_CHECK(it != names.end(), "a name that the scenario's check let pass is not there");
  return static_cast<std::size_t>(it - names.begin());
}

}  // namespace

Plan Plan::create(const Scenario& scenario, const Stage& stage, std::uint64_t seed) {
  Plan plan;
  plan.scenario = &scenario;
  plan.stage = &stage;
  plan.seed = seed;
  std::int64_t processes = 1;
  for (const ProcessSpec& process : scenario.processes) {
    processes += saturating_product(process.count, processes_of(process.steps));
  }
  for (const std::string& comm : comms_of(scenario))
    add_once(plan.comms, comm);
  for (const std::string& mark : marks_of(scenario))
    add_once(plan.marks, mark);
  for (const std::string& comm : plan.comms)
    plan.exit_marks.push_back(plan.mark(comm + " exits"));
  plan.slots = static_cast<std::size_t>(std::min(processes, kSlotsMax));
  return plan;
}

std::size_t Plan::mark(std::string_view name) const {
  return index_of(marks, name);
}

std::size_t Plan::comm(std::string_view name) const {
  return index_of(comms, name);
}

}  // namespace oomkit::guest
