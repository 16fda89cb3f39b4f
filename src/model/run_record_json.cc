#include "model/run_record_json.h"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/json_writer.h"
#include "model/json_document.h"

namespace oomkit {
namespace {

using Json = nlohmann::ordered_json;  // Counts keep the order of the kernel's files.

constexpr std::string_view kRunSchema = "oomkit.run/1";

void write_counts(JsonWriter& json, std::string_view name, const NamedCounts& counts) {
  json.key(name);
  json.begin_object();
  for (const auto& [key, value] : counts)
    json.field(key, value);
  json.end_object();
}

void write_psi(JsonWriter& json, const std::optional<RunPsi>& psi) {
  json.key("psi");
  if (!psi) return json.null();
  json.begin_object();
  json.field("some_us", psi->some_us);
  json.field("full_us", psi->full_us);
  json.end_object();
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name);
  json.begin_array();
  for (const std::string& text : texts)
    json.value(std::string_view(text));
  json.end_array();
}

// Members that an event does not have are left out: most have three of thirteen.
void write_event(JsonWriter& json, const RunEvent& event) {
  json.begin_object();
  json.field("t_ms", event.t_ms);
  json.field("kind", std::string_view(event.kind));
  const auto text = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) json.field(name, std::string_view(*value));
  };
  text("comm", event.comm);
  if (event.instance) json.field("instance", *event.instance);
  if (event.pid) json.field("pid", *event.pid);
  text("by", event.by);
  text("constraint", event.constraint);
  text("cgroup", event.cgroup);
  text("group", event.group);
  text("file", event.file);
  text("name", event.name);
  text("value", event.value);
  text("error", event.error);
  json.end_object();
}

void write_process(JsonWriter& json, const RunProcess& process) {
  json.begin_object();
  json.field("comm", std::string_view(process.comm));
  json.field("instance", process.instance);
  json.field("pid", process.pid);
  json.field("state", std::string_view(process.state));
  json.field("rss_bytes", process.rss);
  json.field("swap_bytes", process.swap);
  json.field("oom_score", process.oom_score);
  json.field("exit_code", process.exit_code);
  json.field("signal", process.signal);
  json.end_object();
}

void write_cgroup(JsonWriter& json, const RunCgroup& cgroup) {
  json.begin_object();
  json.field("path", std::string_view(cgroup.path));
  json.field("usage_bytes", cgroup.usage);
  json.field("max_usage_bytes", cgroup.max_usage);
  json.field("swap_bytes", cgroup.swap);
  write_counts(json, "events", cgroup.events);
  write_psi(json, cgroup.psi);
  json.end_object();
}

void write_host(JsonWriter& json, const RunHost& host) {
  json.key("host");
  json.begin_object();
  json.field("total_bytes", host.total);
  json.field("free_bytes", host.free);
  json.field("available_bytes", host.available);
  json.field("commit_limit_bytes", host.commit_limit);
  json.field("committed_bytes", host.committed);
  json.field("swap_total_bytes", host.swap_total);
  json.field("swap_free_bytes", host.swap_free);
  json.key("zones");
  json.begin_array();
  for (const RunZone& zone : host.zones) {
    json.begin_object();
    json.field("node", zone.node);
    json.field("name", std::string_view(zone.name));
    json.field("min_bytes", zone.min);
    json.field("low_bytes", zone.low);
    json.field("high_bytes", zone.high);
    json.field("managed_bytes", zone.managed);
    json.end_object();
  }
  json.end_array();
  write_psi(json, host.psi);
  write_counts(json, "vmstat", host.vmstat);
  json.end_object();
}

void write_expect(JsonWriter& json, const std::optional<RunExpectation>& expect) {
  json.key("expect");
  if (!expect) return json.null();
  json.begin_object();
  json.field("holds", expect->holds);
  write_texts(json, "differences", expect->differences);
  json.end_object();
}

// Reading: members of the wrong type count as absent, but for the few that make a record.
std::optional<std::int64_t> integer(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number_integer() ? std::optional(it->get<std::int64_t>())
                                                       : std::nullopt;
}
std::optional<std::string> text(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? std::optional(it->get<std::string>())
                                               : std::nullopt;
}
std::optional<Bytes> bytes(const Json& object, const char* name) {
  const auto value = integer(object, name);
  return value ? std::optional(Bytes(*value)) : std::nullopt;
}
const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  const auto it = object.find(name);
  return it == object.end() ? nothing : *it;
}

std::vector<std::string> texts(const Json& array) {
  std::vector<std::string> found;
  if (!array.is_array()) return found;
  for (const Json& item : array) {
    if (item.is_string()) found.push_back(item.get<std::string>());
  }
  return found;
}

NamedCounts counts(const Json& object) {
  NamedCounts found;
  if (!object.is_object()) return found;
  for (const auto& [name, value] : object.items()) {
    if (value.is_number_integer()) found.emplace_back(name, value.get<std::int64_t>());
  }
  return found;
}

std::optional<RunPsi> psi(const Json& object) {
  if (!object.is_object()) return std::nullopt;
  return RunPsi{integer(object, "some_us").value_or(0), integer(object, "full_us").value_or(0)};
}

RunEvent event_of(const Json& json) {
  RunEvent event;
  event.t_ms = integer(json, "t_ms").value_or(0);
  event.kind = text(json, "kind").value_or("");
  event.comm = text(json, "comm");
  event.instance = integer(json, "instance");
  event.pid = integer(json, "pid");
  event.by = text(json, "by");
  event.constraint = text(json, "constraint");
  event.cgroup = text(json, "cgroup");
  event.group = text(json, "group");
  event.file = text(json, "file");
  event.name = text(json, "name");
  event.value = text(json, "value");
  event.error = text(json, "error");
  return event;
}

RunProcess process_of(const Json& json) {
  RunProcess process;
  process.comm = text(json, "comm").value_or("");
  process.instance = integer(json, "instance").value_or(1);
  process.pid = integer(json, "pid").value_or(0);
  process.state = text(json, "state").value_or("");
  process.rss = bytes(json, "rss_bytes");
  process.swap = bytes(json, "swap_bytes");
  process.oom_score = integer(json, "oom_score");
  process.exit_code = integer(json, "exit_code");
  process.signal = integer(json, "signal");
  return process;
}

RunCgroup cgroup_of(const Json& json) {
  RunCgroup cgroup;
  cgroup.path = text(json, "path").value_or("");
  cgroup.usage = bytes(json, "usage_bytes");
  cgroup.max_usage = bytes(json, "max_usage_bytes");
  cgroup.swap = bytes(json, "swap_bytes");
  cgroup.events = counts(member(json, "events"));
  cgroup.psi = psi(member(json, "psi"));
  return cgroup;
}

RunHost host_of(const Json& json) {
  RunHost host;
  if (!json.is_object()) return host;
  host.total = bytes(json, "total_bytes");
  host.free = bytes(json, "free_bytes");
  host.available = bytes(json, "available_bytes");
  host.commit_limit = bytes(json, "commit_limit_bytes");
  host.committed = bytes(json, "committed_bytes");
  host.swap_total = bytes(json, "swap_total_bytes");
  host.swap_free = bytes(json, "swap_free_bytes");
  const Json& zones = member(json, "zones");
  for (std::size_t i = 0; zones.is_array() && i < zones.size(); ++i) {
    const Json& zone = zones[i];
    if (!zone.is_object()) continue;
    const auto amount = [&](const char* name) { return bytes(zone, name).value_or(Bytes()); };
    host.zones.push_back({static_cast<int>(integer(zone, "node").value_or(0)),
                          text(zone, "name").value_or(""), amount("min_bytes"), amount("low_bytes"),
                          amount("high_bytes"), amount("managed_bytes")});
  }
  host.psi = psi(member(json, "psi"));
  host.vmstat = counts(member(json, "vmstat"));
  return host;
}

template <class Item, class Read>
std::vector<Item> list_of(const Json& array, Read read) {
  std::vector<Item> items;
  if (!array.is_array()) return items;
  for (const Json& item : array) {
    if (item.is_object()) items.push_back(read(item));
  }
  return items;
}

}  // namespace

std::string to_json(const RunRecord& record) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.field("schema", kRunSchema);
  json.field("scenario", std::string_view(record.scenario));
  json.field("world", std::string_view(record.world));
  json.key("kernel");
  record.kernel ? json.value(std::string_view(*record.kernel)) : json.null();
  json.field("seed", record.seed);
  json.field("duration_ms", record.duration_ms);
  json.field("wall_ms", record.wall_ms);
  json.key("ended");
  record.ended ? json.value(std::string_view(*record.ended)) : json.null();
  json.key("events");
  json.begin_array();
  for (const RunEvent& event : record.events)
    write_event(json, event);
  json.end_array();
  write_texts(json, "victims", record.victims);
  write_texts(json, "survivors", record.survivors);
  json.key("processes");
  json.begin_array();
  for (const RunProcess& process : record.processes)
    write_process(json, process);
  json.end_array();
  json.key("cgroups");
  json.begin_array();
  for (const RunCgroup& cgroup : record.cgroups)
    write_cgroup(json, cgroup);
  json.end_array();
  write_host(json, record.host);
  write_counts(json, "findings", record.findings);
  write_texts(json, "warnings", record.warnings);
  write_expect(json, record.expect);
  json.end_object();
  text += '\n';
  return text;
}

Result<RunRecord> parse_run_record(std::string_view json) {
  OOMKIT_TRY(const Json document, parse_json_document(json));
  if (!document.is_object() || text(document, "schema") != kRunSchema) {
    return fail(ErrorCode::malformed,
                "not a run record: expected \"schema\": \"" + std::string(kRunSchema) + "\"");
  }
  RunRecord record;
  record.scenario = text(document, "scenario").value_or("");
  record.world = text(document, "world").value_or("");
  record.kernel = text(document, "kernel");
  const Json& seed = member(document, "seed");
  record.seed = seed.is_number_unsigned() ? seed.get<std::uint64_t>() : 0;
  record.duration_ms = integer(document, "duration_ms").value_or(0);
  record.wall_ms = integer(document, "wall_ms");
  record.ended = text(document, "ended");
  record.events = list_of<RunEvent>(member(document, "events"), event_of);
  record.victims = texts(member(document, "victims"));
  record.survivors = texts(member(document, "survivors"));
  record.processes = list_of<RunProcess>(member(document, "processes"), process_of);
  record.cgroups = list_of<RunCgroup>(member(document, "cgroups"), cgroup_of);
  record.host = host_of(member(document, "host"));
  record.findings = counts(member(document, "findings"));
  record.warnings = texts(member(document, "warnings"));
  if (const Json& expect = member(document, "expect"); expect.is_object()) {
    RunExpectation expectation;
    const Json& holds = member(expect, "holds");
    expectation.holds = holds.is_boolean() && holds.get<bool>();
    expectation.differences = texts(member(expect, "differences"));
    record.expect = std::move(expectation);
  }
  return record;
}

}  // namespace oomkit
