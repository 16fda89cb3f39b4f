#include "scenario/parse.h"

#include <optional>
#include <string>
#include <utility>

#include "core/size_text.h"
#include "core/text.h"
#include "scenario/actions.h"
#include "scenario/cgroup_files.h"
#include "scenario/check_names.h"
#include "scenario/expect.h"
#include "scenario/lab_table.h"
#include "scenario/node_list.h"
#include "scenario/steps.h"
#include "scenario/table_reader.h"

namespace oomkit {
namespace {

constexpr std::size_t kCommBytesMax = 15;
constexpr std::int64_t kCopiesMax = 100'000;

void read_nodes(TableReader& reader, HostSpec& host) {
  if (!reader.has("nodes")) return;
  if (const auto sizes = reader.peek_texts("nodes")) {
    for (const std::string& text : *sizes) {
      if (auto size = parse_size(text)) {
        host.nodes.push_back(*size);
      } else {
        reader.refuse("nodes", reader.where() + ": \"" + text + "\" is no size",
                      "nodes = 2, or nodes = [\"256M\", \"128M\"]");
      }
    }
    return;
  }
  if (const auto count = reader.integer("nodes", 1, 8)) {
    if (*count > 1) host.nodes.assign(static_cast<std::size_t>(*count), host.memory / *count);
  }
}

// The nodes make up the memory: all of it, and no more.
void check_nodes(TableReader& reader, bool memory_is_given, HostSpec& host) {
  if (host.nodes.empty()) return;
  std::int64_t sum = 0;
  for (const Bytes node : host.nodes) {
    if (node.count() == 0 || __builtin_add_overflow(sum, node.count(), &sum))
      return reader.refuse("nodes", reader.where() + ": no machine has such nodes");
  }
  if (!memory_is_given) host.memory = Bytes(sum);
  if (host.memory == Bytes(sum) || reader.has_integer("nodes")) return;
  reader.refuse("nodes",
                reader.where() + ": the nodes have " + size_text(Bytes(sum)) +
                    " together, and the machine has " + size_text(host.memory),
                "leave memory out, or make it the sum of the nodes");
}

// Before anything is started: a kernel that cannot boot says nothing at all.
void check_memory(TableReader& reader, const HostSpec& host) {
  const auto refuse = [&](const std::string& kernel, Bytes least) {
    reader.refuse("memory", "[host]: " + kernel + " in less than " +
                                std::to_string(least.count() >> 20) + "M");
  };
  const Bytes least = boot_memory_min("5.10");
  if (host.memory < least) return refuse("no kernel boots", least);
  for (const std::string& kernel : host.kernels) {
    const Bytes needed = boot_memory_min(kernel);
    if (host.memory < needed) return refuse("kernel " + kernel + " does not boot", needed);
  }
}

void read_cgroup_version(TableReader& reader, HostSpec& host) {
  const std::string version = reader.text("cgroup").value_or("v2");
  if (version == "v1") {
    host.cgroup = CgroupVersion::v1;
  } else if (version != "v2") {
    reader.refuse("cgroup", reader.where() + ": unknown cgroup version \"" + version + "\"",
                  "\"v1\" or \"v2\"");
  }
}

void read_swap(TableReader& reader, HostSpec& host) {
  if (const auto swap = reader.size("swap")) host.swap = *swap;
  const std::string kind = reader.text("swap_kind").value_or("disk");
  if (kind == "zram") {
    host.swap_kind = SwapKind::zram;
  } else if (kind != "disk") {
    reader.refuse("swap_kind", reader.where() + ": unknown kind of swap \"" + kind + "\"",
                  "\"disk\" or \"zram\"");
  }
  host.swap_rate = reader.size("swap_rate");
}

void read_host(const toml::table& table, HostSpec& host, std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[host]", diagnostics);
  const auto memory = reader.size("memory");
  if (memory) host.memory = *memory;
  read_swap(reader, host);
  if (const auto cpus = reader.integer("cpus", 1, 64)) host.cpus = static_cast<int>(*cpus);
  read_nodes(reader, host);
  check_nodes(reader, memory.has_value(), host);
  read_cgroup_version(reader, host);
  read_settings(reader, "sysctl", host.sysctl);
  if (auto parameters = reader.texts("boot")) host.boot_parameters = std::move(*parameters);
  if (const auto kernel = reader.peek_text("kernel")) {
    host.kernels.push_back(*kernel);
  } else if (auto kernels = reader.has("kernel") ? reader.texts("kernel") : std::nullopt) {
    host.kernels = std::move(*kernels);
  }
  check_memory(reader, host);
  reader.finish();
}

void read_cgroup(const toml::table& table, Scenario& scenario,
                 std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[[cgroup]]", diagnostics);
  CgroupSpec cgroup;
  cgroup.line = reader.line();
  cgroup.path = reader.text("path").value_or("");
  if (!is_cgroup_path(cgroup.path)) {
    reader.refuse("path", "[[cgroup]] needs a path such as \"/box\" or \"/box/inner\"");
  }
  reader.rename("[[cgroup]] " + cgroup.path);
  const toml::table* set = reader.table("set");
  read_settings(reader, "set", cgroup.set);
  for (const Setting& setting : cgroup.set) {
    if (is_cgroup_file(scenario.host.cgroup, setting.file)) continue;
    diagnostics.push_back(diagnostic_at(set->find(setting.file)->first.source(),
                                        "unknown key \"" + setting.file + "\" in " + reader.where(),
                                        cgroup_file_hint(scenario.host.cgroup, setting.file)));
  }
  reader.finish();
  scenario.cgroups.push_back(std::move(cgroup));
}

// Nodes that the machine has: "0", "0-1".
bool are_nodes(std::string_view list, const HostSpec& host) {
  const auto mask = parse_node_mask(list);
  const std::size_t count = host.nodes.empty() ? 1 : host.nodes.size();
  return mask && (*mask >> count) == 0;
}

void check_binding(TableReader& reader, const HostSpec& host, const ProcessSpec& process) {
  const std::string hint = "the machine has " +
                           std::to_string(host.nodes.empty() ? 1 : host.nodes.size()) +
                           " node(s): [host] nodes";
  if (process.mems && !are_nodes(*process.mems, host)) {
    reader.refuse("mems", reader.where() + ": \"" + *process.mems + "\" are no nodes of it", hint);
  }
  if (!process.mempolicy) return;
  const std::string_view policy = *process.mempolicy;
  const std::size_t colon = policy.find(':');
  const std::string_view mode = policy.substr(0, colon);
  const bool known = mode == "bind" || mode == "preferred" || mode == "interleave";
  if (!known || colon == std::string_view::npos) {
    reader.refuse("mempolicy",
                  reader.where() + ": unknown memory policy \"" + *process.mempolicy + "\"",
                  "as in \"bind:1\", \"preferred:0\", \"interleave:0-1\"");
  } else if (!are_nodes(policy.substr(colon + 1), host)) {
    reader.refuse("mempolicy",
                  reader.where() + ": \"" + *process.mempolicy + "\" names nodes it does not have",
                  hint);
  }
}

// What all copies hold together must be a number.
void check_total(TableReader& reader, const ProcessSpec& process) {
  std::int64_t total = 0;
  for (const Step& step : process.steps) {
    std::int64_t size = step.size.count();
    if (__builtin_mul_overflow(size, std::int64_t{step.times}, &size) ||
        __builtin_mul_overflow(size, std::int64_t{process.count}, &size) ||
        __builtin_add_overflow(total, size, &total)) {
      return reader.refuse("steps", reader.where() + ": more bytes than any number can say",
                           "size, times and count together stay below 8E");
    }
  }
}

void read_process(const toml::table& table, Scenario& scenario,
                  std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[[process]]", diagnostics);
  ProcessSpec process;
  process.name = reader.text("name").value_or("");
  if (process.name.empty() || process.name.size() > kCommBytesMax) {
    reader.refuse(
        "name",
        "[[process]] needs a name of 1 to 15 bytes: the kernel's comm has no room for more");
  }
  reader.rename("[[process]] " + process.name);
  if (const auto cgroup = reader.text("cgroup")) process.cgroup = *cgroup;
  if (const auto adj = reader.integer("oom_score_adj", -1000, 1000))
    process.oom_score_adj = static_cast<int>(*adj);
  if (const auto adj = reader.integer("oom_adj", -17, 15)) process.oom_adj = static_cast<int>(*adj);
  if (process.oom_adj && process.oom_score_adj) {
    reader.refuse("oom_adj",
                  reader.where() + ": oom_adj and oom_score_adj are two names of one value");
  }
  if (const auto start = reader.duration("start")) process.start = *start;
  process.after = reader.text("after");
  if (const auto count = reader.integer("count", 1, kCopiesMax))
    process.count = static_cast<int>(*count);
  if (const auto uid = reader.integer("uid", 0, 65534)) process.uid = static_cast<int>(*uid);
  if (const auto nice = reader.integer("nice", -20, 19)) process.nice = static_cast<int>(*nice);
  process.mems = reader.text("mems");
  process.mempolicy = reader.text("mempolicy");
  check_binding(reader, scenario.host, process);
  const std::string refused = reader.text("on_refused").value_or("go_on");
  if (refused == "exit") {
    process.on_refused = OnRefused::exit;
  } else if (refused != "go_on") {
    reader.refuse("on_refused", reader.where() + ": unknown way on \"" + refused + "\"",
                  "\"go_on\" or \"exit\"");
  }
  process.steps = read_steps(reader, diagnostics);
  check_total(reader, process);
  reader.finish();
  scenario.processes.push_back(std::move(process));
}

// "oom_kills >= 1"
std::optional<EndCondition> parse_condition(std::string_view text) {
  Cursor cursor(text);
  EndCondition condition;
  for (const std::string_view counter : {"oom_kills", "guard_kills", "exits", "marks"}) {
    if (cursor.take(counter)) condition.counter = counter;
  }
  cursor.skip_spaces();
  for (const std::string_view comparison : {">=", "==", ">"}) {
    if (condition.comparison.empty() && cursor.take(comparison)) condition.comparison = comparison;
  }
  cursor.skip_spaces();
  const auto value = cursor.take_integer<std::int64_t>();
  if (condition.counter.empty() || condition.comparison.empty() || !value || !cursor.at_end())
    return std::nullopt;
  condition.value = *value;
  return condition;
}

void read_end(const toml::table& table, Scenario& scenario, std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[end]", diagnostics);
  if (const auto after = reader.duration("after")) scenario.end.after = *after;
  scenario.end.mark = reader.text("mark");
  if (const auto when = reader.text("when")) {
    scenario.end.when = parse_condition(*when);
    if (!scenario.end.when) {
      reader.refuse("when", "[end]: cannot read \"" + *when + "\"",
                    "as in \"oom_kills >= 1\"; counters are oom_kills, guard_kills, exits, marks");
    }
  }
  reader.finish();
}

void read_all(const toml::table& root, ParsedScenario& parsed) {
  Scenario& scenario = parsed.scenario;
  std::vector<Diagnostic>& diagnostics = parsed.diagnostics;
  TableReader reader(root, "the file", diagnostics);
  const auto schema = reader.integer("schema");
  if (!schema || *schema != 1) {
    diagnostics.push_back(
        {1, 1, 1, "the file must begin with schema = 1", "the version of the scenario language"});
  }
  scenario.name = reader.text("name").value_or("");
  if (scenario.name.empty())
    diagnostics.push_back({1, 1, 1, "the scenario needs a name", "name = \"two-allocators\""});
  scenario.description = reader.text("description").value_or("");
  if (const toml::table* host = reader.table("host")) read_host(*host, scenario.host, diagnostics);
  reader.each_table("cgroup", [&](const toml::table& table, std::size_t) {
    read_cgroup(table, scenario, diagnostics);
  });
  reader.each_table("process", [&](const toml::table& table, std::size_t) {
    read_process(table, scenario, diagnostics);
  });
  reader.each_table("event", [&](const toml::table& table, std::size_t number) {
    read_event(table, number, scenario, diagnostics);
  });
  reader.each_table("listener", [&](const toml::table& table, std::size_t) {
    read_listener(table, scenario, diagnostics);
  });
  if (const toml::table* end = reader.table("end")) read_end(*end, scenario, diagnostics);
  if (const toml::table* expect = reader.table("expect"))
    read_expect(*expect, scenario, scenario.expect, diagnostics);
  reader.each_table("expect_on", [&](const toml::table& table, std::size_t number) {
    read_expect_on(table, number, scenario, diagnostics);
  });
  if (const toml::table* lab = reader.table("lab")) read_lab(*lab, scenario, diagnostics);
  reader.finish();
  check_names(root, scenario, diagnostics);
}

}  // namespace

ParsedScenario parse_scenario(std::string_view source) {
  ParsedScenario parsed;
  read_toml(source, parsed.diagnostics, [&](const toml::table& table) { read_all(table, parsed); });
  return parsed;
}

}  // namespace oomkit
