#include "act/protect_plan.h"

#include <algorithm>
#include <utility>

#include "act/protect_drop_in.h"
#include "core/lines.h"

namespace oomkit {
namespace {

constexpr int kScoreMin = -1000;
constexpr int kScoreMax = 1000;

std::string process_name(const Task& task) {
  return task.comm + " (" + std::to_string(task.pid) + ")";
}

// The kernel keeps whole pages: with anything else what is read back is not what was set.
void round_to_pages(const Snapshot& snapshot, std::optional<Bytes>& size) {
  const std::int64_t page = bytes_of(snapshot.page_size.value_or(PageSize::k4K)).count();
  if (size) size = Bytes(size->count() / page * page);
}

Status check_request(const ProtectRequest& request, const ProtectTarget& target,
                     const std::string& typed) {
  if (request.score && (*request.score < kScoreMin || *request.score > kScoreMax))
    return fail(ErrorCode::usage, "--score: expected -1000 (never killed) to 1000 (first)");
  const bool memory = request.memory_min || request.memory_low;
  if (memory && target.kind != ProtectTarget::Kind::unit) {
    return fail(ErrorCode::usage,
                "--memory-min and --memory-low go with a unit: memory is "
                "protected by cgroup, and " +
                    typed + " is a process");
  }
  const bool slice = target.kind == ProtectTarget::Kind::unit && target.word.ends_with(".slice");
  if (slice && (request.score || !memory)) {
    return fail(ErrorCode::usage, typed +
                                      ": a slice has no score, only --memory-min and "
                                      "--memory-low; name the services in it");
  }
  return {};
}

Status check_memory_controller(const Snapshot& snapshot, const ProtectRequest& request) {
  if (!request.memory_min && !request.memory_low) return {};
  if (!snapshot.memcgs)
    return fail(ErrorCode::unsupported,
                "no memory controller is to be seen here: nothing holds "
                "MemoryMin= or MemoryLow=");
  if (snapshot.memcgs->version == 2) return {};
  return fail(ErrorCode::unsupported,
              "memory.min and memory.low are of cgroup version 2, and the memory controller here "
              "is version 1: boot with systemd.unified_cgroup_hierarchy=1");
}

void plan_scores(const Snapshot& snapshot, const std::vector<std::size_t>& tasks, int score,
                 ProtectPlan& plan) {
  for (const std::size_t index : tasks) {
    const Task& task = snapshot.tasks[index];
    const TaskState* const state =
        snapshot.task_states.empty() ? nullptr : &snapshot.task_states[index];
    if (state != nullptr && (state->kernel_thread == true || state->exiting == true)) continue;
    if (!task.oom_score_adj) {
      plan.notes.push_back(process_name(task) + ": its oom_score_adj cannot be read; left alone");
      continue;
    }
    if (*task.oom_score_adj == score) continue;
    plan.scores.push_back({task.pid, state != nullptr ? state->start : std::nullopt, task.comm,
                           *task.oom_score_adj, score});
  }
}

class UnitPlanner {
 public:
  UnitPlanner(const Snapshot& snapshot, const ProtectRequest& request, const UnitFolders& folders,
              const FileContent& content, ProtectPlan& plan)
      : snapshot_(snapshot), request_(request), folders_(folders), content_(content), plan_(plan) {}

  Status plan(const std::string& unit, const TargetTasks& found) {
    DropIn wanted{request_.score, request_.memory_min, request_.memory_low};
    OOMKIT_TRY(wanted, plan_drop_in(unit, wanted));
    std::vector<std::size_t> tasks = found.tasks;
    if (found.memcgs.empty()) {
      OOMKIT_TRY(tasks, tasks_by_list(unit));
    }
    if (wanted.score) plan_scores(snapshot_, tasks, *wanted.score, plan_);
    if (found.memcgs.empty()) {
      if (tasks.empty())
        plan_.notes.push_back(unit + " does not run now: the values hold from its next start");
      return {};
    }
    plan_.cgroup = folders_.cgroups + snapshot_.memcgs->nodes[found.memcgs.front()].path;
    plan_settings(found.memcgs.front(), wanted);
    // From its slice up; the root has none of these files, and limits nothing.
    for (std::size_t i = 1; i < found.memcgs.size(); ++i) {
      if (!snapshot_.memcgs->nodes[found.memcgs[i]].parent) break;
      OOMKIT_TRY(const bool ours, plan_above(found.memcgs[i], found.memcgs[i - 1]));
      if (!ours) break;
    }
    return {};
  }

 private:
  std::string drop_in_path(std::string_view unit) const {
    return folders_.drop_ins + "/" + std::string(unit) + ".d/" + std::string(kDropInName);
  }

  // Of a unit without a memory cgroup, which is usual in version 1: systemd's own list.
  Result<std::vector<std::size_t>> tasks_by_list(const std::string& unit) const {
    std::vector<std::size_t> tasks;
    for (const std::string_view hierarchy : {"", "/systemd", "/unified"}) {
      const std::string list =
          folders_.cgroups + std::string(hierarchy) + "/system.slice/" + unit + "/cgroup.procs";
      OOMKIT_TRY(const std::optional<std::string> text, content_(list));
      std::string_view rest = text ? std::string_view(*text) : std::string_view();
      while (!rest.empty()) {
        const auto pid = whole_number<std::int64_t>(take_line(rest));
        for (std::size_t i = 0; pid && i < snapshot_.tasks.size(); ++i) {
          if (snapshot_.tasks[i].pid == *pid) tasks.push_back(i);
        }
      }
      if (!tasks.empty()) break;
    }
    return tasks;
  }

  // With what an earlier request left there; the result is what will hold.
  Result<DropIn> plan_drop_in(std::string_view unit, DropIn wanted) {
    const std::string path = drop_in_path(unit);
    OOMKIT_TRY(const std::optional<std::string> before, content_(path));
    if (before) {
      const auto ours = parse_drop_in(*before);
      if (!ours) {
        return fail(ErrorCode::malformed, "/" + path +
                                              ": is not as \"oom protect\" wrote it: "
                                              "somebody changed it, and it is left alone");
      }
      if (!wanted.score) wanted.score = ours->score;
      if (!wanted.memory_min) wanted.memory_min = ours->memory_min;
      if (!wanted.memory_low) wanted.memory_low = ours->memory_low;
    }
    std::string after = drop_in_text(unit, wanted);
    if (before != after) plan_.files.push_back({path, before, std::move(after)});
    return wanted;
  }

  void plan_setting(const MemcgNode& memcg, std::string_view file, std::optional<Bytes> before,
                    std::optional<Bytes> after) {
    if (!after || before == after) return;
    const std::string path = folders_.cgroups + memcg.path + "/" + std::string(file);
    if (!before) {
      plan_.notes.push_back("/" + path + " cannot be read: the value holds from the next start");
      return;
    }
    plan_.settings.push_back(
        {path, std::to_string(before->count()), std::to_string(after->count())});
  }

  void plan_settings(std::size_t memcg, const DropIn& wanted) {
    const MemcgNode& node = snapshot_.memcgs->nodes[memcg];
    plan_setting(node, "memory.min", node.min, wanted.memory_min);
    plan_setting(node, "memory.low", node.low, wanted.memory_low);
    planned_min_ = std::max(wanted.memory_min.value_or(Bytes(0)), node.min.value_or(Bytes(0)));
    planned_low_ = std::max(wanted.memory_low.value_or(Bytes(0)), node.low.value_or(Bytes(0)));
  }

  // A slice grants what all in it ask for, or it grants less to each.
  // False where another manager is in charge from here on.
  Result<bool> plan_above(std::size_t slice, std::size_t below) {
    const MemcgNode& node = snapshot_.memcgs->nodes[slice];
    const std::string_view unit = last_name_of(node.path);
    Bytes min_needed = planned_min_;
    Bytes low_needed = planned_low_;
    const auto& nodes = snapshot_.memcgs->nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].parent != slice || i == below) continue;
      min_needed += nodes[i].min.value_or(Bytes(0));
      low_needed += nodes[i].low.value_or(Bytes(0));
    }
    DropIn wanted;
    if (request_.memory_min && node.min.value_or(Bytes(0)) < min_needed)
      wanted.memory_min = min_needed;
    if (request_.memory_low && node.low.value_or(Bytes(0)) < low_needed)
      wanted.memory_low = low_needed;
    if (!wanted.memory_min && !wanted.memory_low) return true;
    if (!unit.ends_with(".slice")) {
      plan_.notes.push_back(node.path +
                            " above it grants less, and is no slice: the protection is "
                            "cut to what it has");
      return false;
    }
    OOMKIT_TRY(wanted, plan_drop_in(unit, wanted));
    plan_settings(slice, wanted);
    return true;
  }

  const Snapshot& snapshot_;
  const ProtectRequest& request_;
  const UnitFolders& folders_;
  const FileContent& content_;
  ProtectPlan& plan_;
  Bytes planned_min_, planned_low_;  // Of the cgroup planned last.
};

Result<bool> has_unit_file(const UnitFolders& folders, const std::string& unit,
                           const FileContent& content) {
  // An instance has the file of its template: "getty@.service" for "getty@tty1.service".
  std::vector<std::string> names = {unit};
  const std::size_t at = unit.find('@');
  const std::size_t dot = unit.rfind('.');
  if (at != std::string::npos && dot > at)
    names.push_back(unit.substr(0, at + 1) + unit.substr(dot));
  for (const std::string& folder : folders.sources) {
    for (const std::string& name : names) {
      OOMKIT_TRY(const std::optional<std::string> file, content(folder + "/" + name));
      if (file) return true;
    }
  }
  return false;
}

}  // namespace

UnitFolders system_unit_folders() {
  return {"etc/systemd/system",
          {"etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system",
           "usr/lib/systemd/system", "lib/systemd/system", "run/systemd/generator"},
          "sys/fs/cgroup",
          false};
}

UnitFolders user_unit_folders(const std::string& config) {
  return {config + "/systemd/user",
          {config + "/systemd/user", "etc/systemd/user", "run/systemd/user",
           "usr/local/lib/systemd/user", "usr/lib/systemd/user", "lib/systemd/user"},
          "sys/fs/cgroup",
          true};
}

Result<ProtectPlan> plan_protection(const Snapshot& snapshot, const std::string& target,
                                    const ProtectRequest& request, const UnitFolders& folders,
                                    const FileContent& content) {
  ProtectPlan plan;
  OOMKIT_TRY(const ProtectTarget parsed, parse_protect_target(target));
  plan.target = canonical_text(parsed);
  if (Status sound = check_request(request, parsed, target); !sound)
    return tl::unexpected(sound.error());
  if (Status able = check_memory_controller(snapshot, request); !able)
    return tl::unexpected(able.error());
  ProtectRequest wanted = request;
  if (!wanted.score && !wanted.memory_min && !wanted.memory_low) wanted.score = kDefaultProtection;
  round_to_pages(snapshot, wanted.memory_min);
  round_to_pages(snapshot, wanted.memory_low);
  const bool unit = parsed.kind == ProtectTarget::Kind::unit;
  bool known = false;
  if (unit) {
    OOMKIT_TRY(known, has_unit_file(folders, parsed.word, content));
  }
  OOMKIT_TRY(const TargetTasks found,
             resolve_target(snapshot, parsed, {request.children, known, folders.of_user}));
  if (unit) {
    UnitPlanner planner(snapshot, wanted, folders, content, plan);
    if (Status planned = planner.plan(parsed.word, found); !planned)
      return tl::unexpected(planned.error());
  } else {
    plan_scores(snapshot, found.tasks, *wanted.score, plan);
  }
  if (wanted.score == kScoreMin) {
    plan.notes.emplace_back(
        "-1000 exempts it: if it is what fills the memory, everybody else dies "
        "and then the machine panics; -999 makes it the last");
  }
  return plan;
}

}  // namespace oomkit
