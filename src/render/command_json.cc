#include "render/command_json.h"

#include "core/json_writer.h"
#include "core/text.h"
#include "render/command_text.h"

namespace oomkit {
namespace {

std::optional<std::string_view> command_stop_text(CommandStop stop) {
  switch (stop) {
    case CommandStop::second_interrupt:
      return "second_interrupt";
    case CommandStop::grace_over:
      return "grace_over";
    case CommandStop::none:
      break;
  }
  return std::nullopt;
}

void write_command_limits(JsonWriter& json, const CommandLimits& limits) {
  json.key("limits");
  json.begin_object();
  json.field("memory_bytes", limits.memory);
  json.field("swap_bytes", limits.swap);
  json.field("high_bytes", limits.high);
  json.field("oom_score_adj", limits.oom_score_adj);
  json.field("oom_group", limits.oom_group);
  json.end_object();
}

std::optional<std::int64_t> stall_us(const std::optional<PressureLine>& line) {
  return line ? std::optional<std::int64_t>(line->total.count()) : std::nullopt;
}

void write_command_usage(JsonWriter& json, const CommandUsage& usage) {
  json.key("usage");
  json.begin_object();
  json.field("memory_peak_bytes", usage.memory_peak);
  json.field("swap_peak_bytes", usage.swap_peak);
  json.field("memory_and_swap_peak_bytes", usage.memsw_peak);
  json.key("events");
  json.begin_object();
  for (const auto& [name, count] : usage.events.entries())
    json.field(name, count);
  json.end_object();
  json.key("pressure");
  if (usage.pressure) {
    json.begin_object();
    json.field("some_us", stall_us(usage.pressure->some));
    json.field("full_us", stall_us(usage.pressure->full));
    json.end_object();
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

std::string command_json(const CommandRun& run, std::string_view explained) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.command/1");
  json.key("command");
  json.begin_array();
  for (const std::string& word : run.words)
    json.value(std::string_view(word));
  json.end_array();
  json.field("cgroup", std::string_view(run.cgroup));
  json.field("cgroup_version", run.cgroup_version);
  write_command_limits(json, run.limits);
  json.field("exit_status", run.status());
  json.field("exit_code", run.exit_code);
  json.field("signal", run.signal);
  json.field("stopped", command_stop_text(run.stopped));
  json.field("wall_ms", run.wall.count());
  json.field("user_us", run.user.count());
  json.field("system_us", run.system.count());
  json.field("largest_process_bytes", to_bytes(run.largest_process));
  json.field("left_over", static_cast<std::int64_t>(run.left_over));
  json.field("removed", run.removed);
  json.field("oom_kills", oom_kills(run));
  write_command_usage(json, run.usage);
  json.key("explained");
  explained.empty() ? json.null() : json.raw(trim(explained));
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
