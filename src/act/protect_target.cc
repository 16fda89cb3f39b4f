#include "act/protect_target.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace oomkit {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_unit_name(std::string_view word) {
  return ends_with(word, ".service") || ends_with(word, ".slice");
}

const TaskState* state_of(const Snapshot& snapshot, std::size_t task) {
  return snapshot.task_states.empty() ? nullptr : &snapshot.task_states[task];
}

bool is_kernel_thread(const Snapshot& snapshot, std::size_t task) {
  const TaskState* const state = state_of(snapshot, task);
  return state != nullptr && state->kernel_thread == true;
}

// A parent may have any pid of its children's, in a hostile tree: each is added once.
void add_descendants(const Snapshot& snapshot, std::vector<std::size_t>& tasks) {
  std::vector<bool> chosen(snapshot.tasks.size(), false);
  for (const std::size_t task : tasks)
    chosen[task] = true;
  std::vector<std::pair<std::int64_t, std::size_t>> by_parent;
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    const TaskState* const state = state_of(snapshot, i);
    if (state != nullptr && state->parent) by_parent.emplace_back(*state->parent, i);
  }
  std::sort(by_parent.begin(), by_parent.end());
  for (std::size_t next = 0; next < tasks.size(); ++next) {
    const std::int64_t pid = snapshot.tasks[tasks[next]].pid;
    auto child = std::lower_bound(by_parent.begin(), by_parent.end(),
                                  std::pair<std::int64_t, std::size_t>(pid, 0));
    for (; child != by_parent.end() && child->first == pid; ++child) {
      if (chosen[child->second]) continue;
      chosen[child->second] = true;
      tasks.push_back(child->second);
    }
  }
}

Result<TargetTasks> resolve_unit(const Snapshot& snapshot, const std::string& unit,
                                 const TargetScope& scope) {
  TargetTasks found;
  if (snapshot.memcgs) {
    const auto& nodes = snapshot.memcgs->nodes;
    const auto at = std::find_if(nodes.begin(), nodes.end(), [&](const MemcgNode& memcg) {
      const bool of_user = memcg.path.find("/user@") != std::string::npos;
      return last_name_of(memcg.path) == unit && of_user == scope.user_units;
    });
    if (at != nodes.end()) {
      const auto memcg = static_cast<std::size_t>(at - nodes.begin());
      for (std::optional<std::size_t> above = memcg; above; above = nodes[*above].parent)
        found.memcgs.push_back(*above);
      // Of a slice the services below it have scores of their own.
      for (std::size_t i = 0; i < snapshot.tasks.size() && !ends_with(unit, ".slice"); ++i) {
        const TaskState* const state = state_of(snapshot, i);
        if (state != nullptr && state->memcg && snapshot.memcgs->is_within(*state->memcg, memcg))
          found.tasks.push_back(i);
      }
      return found;
    }
  }
  if (scope.unit_is_known) return found;
  return fail(ErrorCode::not_found,
              "no unit " + unit + " runs here, and no unit file has that name");
}

}  // namespace

std::string_view last_name_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<ProtectTarget> parse_protect_target(std::string_view text) {
  ProtectTarget target;
  if (text.empty())
    return fail(ErrorCode::usage, "an empty TARGET: expected a pid, a name or a unit");
  Cursor cursor(text);
  const auto pid = cursor.take_integer<std::int64_t>();
  if (pid && cursor.at_end()) {
    if (*pid <= 0) return fail(ErrorCode::usage, std::string(text) + ": a pid is above 0");
    if (*pid == 1) {
      return fail(ErrorCode::usage,
                  "pid 1 is never killed, and all that it starts would inherit the value");
    }
    target.pid = *pid;
    return target;
  }
  constexpr std::string_view kName = "name:";
  const bool named = text.substr(0, kName.size()) == kName;
  if (named) text.remove_prefix(kName.size());
  if (text.empty()) return fail(ErrorCode::usage, "name: without a name");
  if (!named && text.find('/') != std::string_view::npos)
    return fail(ErrorCode::usage, std::string(text) + ": a unit or a process has no / in its name");
  if (!named && ends_with(text, ".scope")) {
    return fail(ErrorCode::usage, std::string(text) +
                                      ": a scope is made by the program that runs "
                                      "in it, and has no unit file; name its processes instead");
  }
  target.kind =
      !named && is_unit_name(text) ? ProtectTarget::Kind::unit : ProtectTarget::Kind::name;
  target.word = text;
  return target;
}

std::string canonical_text(const ProtectTarget& target) {
  if (target.kind == ProtectTarget::Kind::pid) return std::to_string(target.pid);
  const bool ambiguous = target.kind == ProtectTarget::Kind::name && is_unit_name(target.word);
  return ambiguous ? "name:" + target.word : target.word;
}

Result<TargetTasks> resolve_target(const Snapshot& snapshot, const ProtectTarget& target,
                                   const TargetScope& scope) {
  TargetTasks found;
  if (target.kind == ProtectTarget::Kind::unit) {
    OOMKIT_TRY(found, resolve_unit(snapshot, target.word, scope));
  } else {
    // The kernel keeps 15 bytes of a name.
    constexpr std::size_t kCommMax = 15;
    const std::string comm = target.word.substr(0, kCommMax);
    bool thread = false;
    for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
      const Task& task = snapshot.tasks[i];
      const bool wanted = target.kind == ProtectTarget::Kind::pid
                              ? task.pid == target.pid
                              : task.comm == comm && task.pid != 1;
      if (!wanted) continue;
      is_kernel_thread(snapshot, i) ? void(thread = true) : found.tasks.push_back(i);
    }
    const std::string whom = target.kind == ProtectTarget::Kind::pid
                                 ? "process " + std::to_string(target.pid)
                                 : "process named " + target.word;
    if (found.tasks.empty() && thread)
      return fail(ErrorCode::usage, whom + ": a kernel thread has no memory and is never killed");
    if (found.tasks.empty()) return fail(ErrorCode::not_found, "there is no " + whom);
  }
  if (scope.children) add_descendants(snapshot, found.tasks);
  return found;
}

std::vector<std::string> known_targets(const Snapshot& snapshot, const ProtectTarget& target) {
  std::vector<std::string> names;
  if (target.kind == ProtectTarget::Kind::name) {
    for (const Task& task : snapshot.tasks)
      names.push_back(task.comm);
  }
  // Who types a word may have meant the unit.
  if (target.kind != ProtectTarget::Kind::pid && snapshot.memcgs) {
    for (const MemcgNode& memcg : snapshot.memcgs->nodes) {
      const std::string_view name = last_name_of(memcg.path);
      if (is_unit_name(name)) names.emplace_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace oomkit
