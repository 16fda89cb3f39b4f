#include "core/json_writer.h"
#include "render/guard_status.h"
#include "render/quantity.h"

namespace oomkit {
namespace {

std::string moment_in_json(std::chrono::microseconds since_epoch) {
  return iso_time_text(WallTime{since_epoch});
}

std::string_view reading_kind(ReadingKind kind) {
  switch (kind) {
    case ReadingKind::signal:
      return "signal";
    case ReadingKind::comparison:
      return "comparison";
    case ReadingKind::lasting:
      break;
  }
  return "for";
}

// "bytes", "seconds", "bytes per second"; "share" is of 1.
std::string unit_in_json(PolicyUnit unit) {
  if (unit.truth) return "truth";
  if (unit.share) return "share";
  if (unit == kNumber) return "number";
  if (unit == kSize) return "bytes";
  if (unit == kTime) return "seconds";
  if (unit == kSizePerTime) return "bytes_per_second";
  if (unit == kPerTime) return "per_second";
  return unit_name(unit);
}

void write_reading(JsonWriter& json, const GuardReading& reading) {
  json.begin_object();
  json.field("kind", reading_kind(reading.kind));
  json.field("expr", std::string_view(reading.text));
  json.field("unit", std::string_view(unit_in_json(reading.unit)));
  json.key("value");
  json.value(reading.value);
  json.key("threshold");
  json.value(reading.threshold);
  if (reading.kind != ReadingKind::signal) {
    json.field("holds", reading.holds);
    json.field("held_s", reading.held_s);
  }
  json.end_object();
}

void write_rule(JsonWriter& json, const GuardRuleStatus& rule) {
  json.begin_object();
  json.field("name", std::string_view(rule.name));
  json.field("scope", std::string_view(rule.scope));
  json.field("state", rule_state_text(rule.state));
  json.key("held_s");
  json.value(rule.held_s);
  json.key("held_back");
  rule.held_back == HeldBack::no ? json.null() : json.value(held_back_text(rule.held_back));
  json.key("held_back_left_s");
  json.value(rule.held_back_left_s);
  json.field("cgroups", rule.cgroups);
  json.field("cgroups_holding", rule.cgroups_holding);
  json.key("nearest_cgroup");
  rule.cgroup.empty() ? json.null() : json.value(std::string_view(rule.cgroup));
  json.field("decisions", rule.decisions);
  json.key("readings");
  json.begin_array();
  for (const GuardReading& reading : rule.readings)
    write_reading(json, reading);
  json.end_array();
  json.end_object();
}

void write_decision(JsonWriter& json, const GuardDecisionStatus& decision) {
  json.begin_object();
  json.field("time", std::string_view(moment_in_json(decision.time)));
  json.field("rule", std::string_view(decision.rule));
  json.field("sentence", std::string_view(decision.sentence));
  json.field("result", std::string_view(decision.result));
  json.field("dry_run", decision.dry_run);
  json.key("freed_bytes");
  json.value(decision.freed);
  json.end_object();
}

void write_policy(JsonWriter& json, const GuardStatus& status) {
  json.key("policy");
  json.begin_object();
  json.field("path", std::string_view(status.policy));
  json.field("hash", std::string_view(status.policy_hash));
  json.field("read", std::string_view(moment_in_json(status.policy_read)));
  json.key("changed_since");
  json.value(status.policy_changed);
  json.end_object();
}

}  // namespace

std::string guard_status_json(const GuardStatus& status) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.guard_status/1");
  json.field("time", std::string_view(moment_in_json(status.now)));
  json.field("started", std::string_view(moment_in_json(status.started)));
  json.field("pid", status.pid);
  json.field("dry_run", status.dry_run);
  write_policy(json, status);
  json.field("woken_by", std::string_view(status.woken_by));
  json.field("last_look_s", status.last_look_s);
  json.field("looks", status.turns);
  json.field("decisions", status.decisions);
  json.field("withdrawn", status.withdrawn);
  json.field("messages_lost", status.messages_lost);
  json.field("stalls", status.stalls);
  json.key("helper");
  json.begin_object();
  json.field("pid", status.helper_pid);
  json.field("restarts", status.helper_restarts);
  json.end_object();
  json.key("resident_bytes");
  json.value(status.resident);
  json.key("locked_bytes");
  json.value(status.locked);
  json.key("rules");
  json.begin_array();
  for (const GuardRuleStatus& rule : status.rules)
    write_rule(json, rule);
  json.end_array();
  json.field("rules_left_out", status.rules_left_out);
  json.key("last_decisions");
  json.begin_array();
  for (const GuardDecisionStatus& decision : status.last_decisions)
    write_decision(json, decision);
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
