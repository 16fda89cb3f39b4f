#include "render/top_json.h"

#include <algorithm>

#include "core/json_writer.h"
#include "render/gaps.h"

namespace oomkit {
namespace {

std::string_view outcome_text(OomOutcome outcome) {
  switch (outcome) {
    case OomOutcome::kills:
      return "kills";
    case OomOutcome::nothing_to_kill:
      return "nothing_to_kill";
    case OomOutcome::panics:
      return "panics";
    case OomOutcome::kills_allocating:
      return "kills_allocating_task";
    case OomOutcome::waits:
      return "waits";
  }
  return "";
}

class TopJson {
 public:
  TopJson(const TopReport& report, std::size_t tasks_max, std::string& out)
      : report_(report), snapshot_(report.snapshot), tasks_max_(tasks_max), json_(out) {}

  void write() {
    json_.begin_object();
    json_.field("schema", "oomkit.top/1");
    text("kernel", snapshot_.kernel_release);
    host();
    json_.key("scopes");
    json_.begin_array();
    for (const TopScope& scope : report_.scopes)
      write_scope(scope);
    json_.end_array();
    if (report_.verification) verification(*report_.verification);
    write_gaps(json_, snapshot_.gaps);
    json_.end_object();
  }

 private:
  void text(std::string_view name, const std::optional<std::string>& value) {
    json_.key(name);
    value ? json_.value(std::string_view(*value)) : json_.null();
  }
  std::optional<Bytes> meminfo(std::string_view name) const {
    return snapshot_.host_state ? snapshot_.host_state->amount(name) : std::nullopt;
  }

  void pressure(std::string_view name, const std::optional<Pressure>& pressure) {
    json_.key(name);
    if (!pressure) return json_.null();
    json_.begin_object();
    for (const auto& [kind, line] :
         {std::pair("some", &pressure->some), std::pair("full", &pressure->full)}) {
      json_.key(kind);
      if (!*line) {
        json_.null();
        continue;
      }
      json_.begin_object();
      json_.field("avg10_percent", (*line)->avg10_centipercent / 100.0);
      json_.field("avg60_percent", (*line)->avg60_centipercent / 100.0);
      json_.field("avg300_percent", (*line)->avg300_centipercent / 100.0);
      json_.end_object();
    }
    json_.end_object();
  }

  void host() {
    json_.key("host");
    json_.begin_object();
    text("name", snapshot_.host);
    json_.field("total_bytes", meminfo("MemTotal"));
    json_.field("free_bytes", meminfo("MemFree"));
    json_.field("available_bytes", meminfo("MemAvailable"));
    json_.field("swap_total_bytes", meminfo("SwapTotal"));
    json_.field("swap_free_bytes", meminfo("SwapFree"));
    const auto& headroom = report_.headroom;
    json_.field("to_low_bytes", headroom ? std::optional(headroom->to_low()) : std::nullopt);
    json_.field("to_min_bytes", headroom ? std::optional(headroom->to_min()) : std::nullopt);
    json_.field("droppable_bytes", headroom ? std::optional(headroom->droppable) : std::nullopt);
    json_.field("commit_limit_bytes", meminfo("CommitLimit"));
    json_.field("committed_bytes", meminfo("Committed_AS"));
    const auto& host = snapshot_.host_state;
    json_.field("overcommit_memory",
                host ? host->sysctl.find("vm.overcommit_memory") : std::nullopt);
    json_.field("tasks", host ? host->tasks_seen : std::nullopt);
    json_.key("psi");
    json_.begin_object();
    pressure("memory", host ? host->pressure_memory : std::nullopt);
    pressure("io", host ? host->pressure_io : std::nullopt);
    json_.end_object();
    zones();
    json_.end_object();
  }

  void zones() {
    json_.key("zones");
    if (!snapshot_.host_memory) return json_.null();
    json_.begin_array();
    for (const Zone& zone : snapshot_.host_memory->zones) {
      json_.begin_object();
      json_.field("node", zone.node);
      json_.field("name", std::string_view(zone.name));
      for (const std::string_view amount : {"free", "min", "low", "high", "managed"}) {
        const auto value = zone.find(amount);
        json_.field(std::string(amount) + "_bytes",
                    value ? std::optional(to_bytes(*value)) : std::nullopt);
      }
      json_.end_object();
    }
    json_.end_array();
  }

  void write_scope(const TopScope& scope) {
    json_.begin_object();
    json_.field("scope", std::string_view(scope.name));
    json_.field("limit_bytes", scope.limit);
    json_.field("usage_bytes", scope.usage);
    json_.field("headroom_bytes", scope.headroom);
    json_.field("droppable_bytes", scope.droppable);
    json_.field("growth_bytes_per_s", scope.growth_bytes_per_s);
    json_.field("eta_s", scope.eta_s);
    const auto& prediction = scope.prediction;
    json_.field("outcome",
                prediction ? std::optional(outcome_text(prediction->outcome)) : std::nullopt);
    std::optional<std::string> group;
    if (prediction && prediction->group) group = snapshot_.memcgs->nodes[*prediction->group].path;
    text("group", group);
    pids("would_kill", prediction ? prediction->would_kill : std::vector<std::size_t>());
    std::vector<std::size_t> tied;
    if (prediction && prediction->tied > 1) {
      for (std::size_t i = 0; i < std::min(prediction->tied, tasks_max_); ++i)
        tied.push_back(prediction->tasks[i].index);
    }
    pids("tied", tied);
    json_.key("tasks");
    json_.begin_array();
    if (prediction) tasks(*prediction);
    json_.end_array();
    json_.end_object();
  }

  void pids(std::string_view name, const std::vector<std::size_t>& tasks) {
    json_.key(name);
    json_.begin_array();
    for (const std::size_t task : tasks)
      json_.value(snapshot_.tasks[task].pid);
    json_.end_array();
  }

  void tasks(const Prediction& prediction) {
    const std::size_t count = std::min(prediction.tasks.size(), tasks_max_);
    for (std::size_t i = 0; i < count; ++i) {
      const PredictedTask& predicted = prediction.tasks[i];
      const Task& task = snapshot_.tasks[predicted.index];
      json_.begin_object();
      json_.key("rank");
      predicted.spared ? json_.null() : json_.value(static_cast<std::uint64_t>(i + 1));
      json_.field("pid", task.pid);
      json_.field("comm", std::string_view(task.comm));
      json_.key("points");
      predicted.spared ? json_.null() : json_.value(predicted.badness.points);
      json_.field("score", computed_score(report_, predicted.index));
      json_.field("kernel_score", snapshot_.task_states.empty()
                                      ? std::nullopt
                                      : snapshot_.task_states[predicted.index].oom_score);
      json_.key("oom_score_adj");
      task.oom_score_adj ? json_.value(static_cast<std::int64_t>(*task.oom_score_adj))
                         : json_.null();
      const auto bytes = [&](const std::optional<Pages>& pages) {
        return pages ? std::optional(to_bytes(*pages, *snapshot_.page_size)) : std::nullopt;
      };
      json_.field("rss_bytes", bytes(task.rss));
      json_.field("swap_bytes", bytes(task.swapents));
      json_.field("pgtables_bytes", pgtables_bytes(task, *snapshot_.page_size));
      const std::string_view cgroup = cgroup_of(snapshot_, predicted.index);
      json_.key("cgroup");
      cgroup.empty() ? json_.null() : json_.value(cgroup);
      json_.key("unkillable");
      predicted.spared ? json_.value(spared_text(*predicted.spared)) : json_.null();
      json_.end_object();
    }
  }

  void verification(const Verification& verification) {
    json_.key("verify");
    json_.begin_object();
    json_.field("compared", static_cast<std::uint64_t>(verification.compared));
    json_.field("equal", static_cast<std::uint64_t>(verification.equal));
    json_.field("beyond_one", static_cast<std::uint64_t>(verification.beyond_one));
    json_.field("unknown", static_cast<std::uint64_t>(verification.unknown));
    json_.key("differences");
    json_.begin_array();
    for (const ScoreDifference& difference : verification.differences) {
      const Task& task = snapshot_.tasks[difference.task];
      json_.begin_object();
      json_.field("pid", task.pid);
      json_.field("comm", std::string_view(task.comm));
      json_.field("score", difference.ours);
      json_.field("kernel_score", difference.kernels);
      json_.end_object();
    }
    json_.end_array();
    json_.end_object();
  }

  const TopReport& report_;
  const Snapshot& snapshot_;
  std::size_t tasks_max_;
  JsonWriter json_;
};

}  // namespace

std::string top_json(const TopReport& report, std::size_t tasks_max) {
  std::string out;
  TopJson(report, tasks_max, out).write();
  out += '\n';
  return out;
}

}  // namespace oomkit
