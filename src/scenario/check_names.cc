#include "scenario/check_names.h"

#include <algorithm>
#include <string>

#include "scenario/names.h"
#include "scenario/wait_loops.h"

namespace oomkit {
namespace {

using Names = std::vector<std::string_view>;

void collect_waits(const std::vector<Step>& steps, Names& waits) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::wait) waits.push_back(step.name);
    collect_waits(step.steps, waits);
  }
}

bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The node of entry `index` of the array `list`, or the root when the file is too odd.
const toml::node& entry_of(const toml::table& root, std::string_view list, std::size_t index) {
  const toml::array* array = root[list].as_array();
  return array != nullptr && index < array->size() ? *array->get(index)
                                                   : static_cast<const toml::node&>(root);
}

class NameCheck {
 public:
  NameCheck(const toml::table& root, std::vector<Diagnostic>& diagnostics)
      : root_(&root), diagnostics_(&diagnostics) {}

  void expect(const Names& names, std::string_view name, const char* what, std::string_view list,
              std::size_t index, std::string_view key) {
    if (holds(names, name)) return;
    const toml::node& entry = entry_of(*root_, list, index);
    const toml::table* table = entry.as_table();
    const toml::node* value = table == nullptr || key.empty() ? nullptr : table->get(key);
    const std::string_view meant = nearest(name, names);
    diagnostics_->push_back(
        diagnostic_at((value == nullptr ? entry : *value).source(),
                      "there is no " + std::string(what) + " \"" + std::string(name) + "\"",
                      meant.empty() ? "" : "did you mean \"" + std::string(meant) + "\"?"));
  }

 private:
  const toml::table* root_;
  std::vector<Diagnostic>* diagnostics_;
};

void check_parents(NameCheck& check, const Scenario& scenario) {
  Names seen = {"/"};
  for (std::size_t i = 0; i < scenario.cgroups.size(); ++i) {
    const std::string_view path = scenario.cgroups[i].path;
    if (!is_cgroup_path(path)) continue;
    const std::size_t slash = path.rfind('/');
    check.expect(seen, slash == 0 ? "/" : path.substr(0, slash), "cgroup before it", "cgroup", i,
                 "path");
    seen.push_back(path);
  }
}

void check_processes(NameCheck& check, const Scenario& scenario, const Names& cgroups,
                     const Names& marks) {
  for (std::size_t i = 0; i < scenario.processes.size(); ++i) {
    const ProcessSpec& process = scenario.processes[i];
    check.expect(cgroups, process.cgroup, "cgroup", "process", i, "cgroup");
    if (process.after) check.expect(marks, *process.after, "mark", "process", i, "after");
    Names waits;
    collect_waits(process.steps, waits);
    for (const std::string_view wait : waits)
      check.expect(marks, wait, "mark", "process", i, "steps");
  }
}

void check_events(NameCheck& check, const Scenario& scenario, const Names& marks) {
  for (std::size_t i = 0; i < scenario.events.size(); ++i) {
    const EventSpec& event = scenario.events[i];
    if (event.after) check.expect(marks, *event.after, "mark", "event", i, "after");
  }
}

// The place of a wait: a step of a process, or the `after` of a process or an event.
const toml::node& place_of(const toml::table& root, const EndlessWait& wait) {
  const toml::node& entry = entry_of(root, wait.is_event ? "event" : "process", wait.index);
  const toml::table* table = entry.as_table();
  if (table == nullptr) return entry;
  const toml::node* place = table->get(wait.step ? "steps" : "after");
  const toml::array* steps = place == nullptr || !wait.step ? nullptr : place->as_array();
  if (steps != nullptr && *wait.step < steps->size()) return *steps->get(*wait.step);
  return place == nullptr ? entry : *place;
}

void check_waits(const toml::table& root, const Scenario& scenario,
                 std::vector<Diagnostic>& diagnostics) {
  for (const EndlessWait& wait : find_endless_waits(scenario)) {
    diagnostics.push_back(diagnostic_at(place_of(root, wait).source(),
                                        "a loop of waits: \"" + wait.mark + "\" never comes",
                                        wait.explanation));
  }
}

}  // namespace

bool is_cgroup_path(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return false;
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return false;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  return true;
}

void check_names(const toml::table& root, const Scenario& scenario,
                 std::vector<Diagnostic>& diagnostics) {
  Names cgroups = {"/"};
  for (const CgroupSpec& cgroup : scenario.cgroups)
    cgroups.push_back(cgroup.path);
  const std::vector<std::string> all_marks = marks_of(scenario);
  const Names marks(all_marks.begin(), all_marks.end());
  NameCheck check(root, diagnostics);
  check_parents(check, scenario);
  check_processes(check, scenario, cgroups, marks);
  check_events(check, scenario, marks);
  if (scenario.end.mark) check.expect(marks, *scenario.end.mark, "mark", "end", 0, "");
  // Of names that are missing there is nothing to play.
  if (diagnostics.empty()) check_waits(root, scenario, diagnostics);
}

}  // namespace oomkit
