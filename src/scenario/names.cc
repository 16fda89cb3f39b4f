#include "scenario/names.h"

#include <algorithm>

#include "core/text.h"
#include "scenario/check_names.h"

namespace oomkit {
namespace {

constexpr std::size_t kLabelBytesMax = 64;

void collect_comms(const std::vector<Step>& steps, std::vector<std::string>& comms) {
  for (const Step& step : steps) {
    if (step.child_name) comms.push_back(*step.child_name);
    collect_comms(step.steps, comms);
  }
}

void collect_marks(const std::vector<Step>& steps, std::vector<std::string>& marks) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::mark) marks.push_back(step.name);
    collect_marks(step.steps, marks);
  }
}

void collect_mark(const Action& action, std::vector<std::string>& marks) {
  if (action.kind == Action::Kind::mark) marks.push_back(action.name);
}

}  // namespace

std::vector<std::string> marks_of(const Scenario& scenario) {
  std::vector<std::string> marks;
  for (const ProcessSpec& process : scenario.processes)
    collect_marks(process.steps, marks);
  for (const EventSpec& event : scenario.events)
    collect_mark(event, marks);
  for (const ListenerSpec& listener : scenario.listeners) {
    for (const Action& action : listener.then)
      collect_mark(action, marks);
  }
  for (const std::string& comm : comms_of(scenario))
    marks.push_back(comm + " exits");
  return marks;
}

std::vector<std::string> comms_of(const Scenario& scenario) {
  std::vector<std::string> comms;
  for (const ProcessSpec& process : scenario.processes) {
    comms.push_back(process.name);
    collect_comms(process.steps, comms);
  }
  return comms;
}

std::optional<InstanceName> parse_instance(std::string_view text,
                                           const std::vector<std::string>& comms) {
  const auto is_comm = [&](std::string_view name) {
    return std::find(comms.begin(), comms.end(), name) != comms.end();
  };
  if (is_comm(text)) return InstanceName{std::string(text), 1};
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos || !is_comm(text.substr(0, dot))) return std::nullopt;
  Cursor cursor(text.substr(dot + 1));
  const auto instance = cursor.take_integer<int>();
  if (!instance || *instance < 1 || !cursor.at_end()) return std::nullopt;
  return InstanceName{std::string(text.substr(0, dot)), *instance};
}

bool is_system_path(std::string_view path) {
  return path.starts_with("/proc/") || path.starts_with("/sys/") || path.starts_with("/dev/") ||
         path.starts_with("/tmp/");
}

std::optional<CgroupFileName> split_cgroup_file(std::string_view path) {
  if (!path.starts_with('/') || is_system_path(path)) return std::nullopt;
  const std::size_t slash = path.rfind('/');
  if (slash + 1 == path.size()) return std::nullopt;
  const std::string_view cgroup = slash == 0 ? std::string_view("/") : path.substr(0, slash);
  if (cgroup != "/" && !is_cgroup_path(cgroup)) return std::nullopt;
  return CgroupFileName{cgroup, path.substr(slash + 1)};
}

std::optional<std::vector<std::string_view>> placeholders_of(std::string_view path) {
  std::vector<std::string_view> found;
  Cursor cursor(path);
  while (const auto before = cursor.take_until("{")) {
    if (before->find('}') != std::string_view::npos) return std::nullopt;
    const auto name = cursor.take_until("}");
    if (!name || name->empty() || name->find('{') != std::string_view::npos) return std::nullopt;
    found.push_back(*name);
  }
  if (cursor.rest().find('}') != std::string_view::npos) return std::nullopt;
  return found;
}

bool is_label(std::string_view text) {
  if (text.empty() || text.size() > kLabelBytesMax) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '-'; });
}

}  // namespace oomkit
