#include "scenario/actions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/text.h"
#include "scenario/cgroup_files.h"
#include "scenario/names.h"
#include "scenario/signals.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 10> kEventActions = {
    "write", "sysctl",      "signal",        "sysrq",   "read",
    "state", "load_module", "unload_module", "capture", "mark"};
constexpr std::array<std::string_view, 5> kListenerActions = {"write", "signal", "read", "state",
                                                              "mark"};

// One action of one table: each read_* takes the keys of its kind.
class ActionReader {
 public:
  ActionReader(TableReader& reader, const Scenario& scenario, Action& action,
               std::vector<Diagnostic>& diagnostics)
      : reader_(&reader), scenario_(&scenario), action_(&action), diagnostics_(&diagnostics) {}

  void read(std::string_view word) {
    if (word == "write") read_write();
    if (word == "sysctl") read_sysctl();
    if (word == "signal") read_signal();
    if (word == "sysrq") read_sysrq();
    if (word == "read") read_read();
    if (word == "state") read_state();
    if (word == "load_module") read_load_module();
    if (word == "unload_module") read_unload_module();
    if (word == "capture") read_capture();
    if (word == "mark") read_mark();
  }

 private:
  void read_write() {
    action_->kind = Action::Kind::write;
    const toml::table* table = reader_->table("write");
    if (table == nullptr) return;
    TableReader inner(*table, reader_->where() + " write", *diagnostics_);
    action_->file = inner.text("file").value_or("");
    if (inner.has("value")) {
      const auto text = TableReader::scalar_text(*table->get("value"));
      if (!text) inner.refuse("value", inner.where() + ": the value must be a string or a number");
      action_->value = text.value_or("");
    }
    if (action_->file.empty()) {
      inner.refuse_here(inner.where() + " needs a file");
    } else {
      check_file(inner, "file", true);
    }
    inner.finish();
  }

  void read_sysctl() {
    action_->kind = Action::Kind::sysctl;
    read_settings(*reader_, "sysctl", action_->sysctl);
  }

  void read_signal() {
    action_->kind = Action::Kind::signal;
    const toml::table* table = reader_->table("signal");
    if (table == nullptr) return;
    TableReader inner(*table, reader_->where() + " signal", *diagnostics_);
    action_->process = inner.text("process").value_or("");
    action_->signal = inner.text("signal").value_or("TERM");
    check_process(inner, "process", action_->process);
    if (!signal_number(action_->signal)) {
      inner.refuse("signal", inner.where() + ": unknown signal \"" + action_->signal + "\"",
                   "as in \"INT\", \"TERM\", \"KILL\", \"STOP\"");
    }
    inner.finish();
  }

  void read_sysrq() {
    action_->kind = Action::Kind::sysrq;
    const auto key = reader_->text("sysrq");
    if (!key) return;
    if (key->size() == 1) {
      action_->sysrq = key->front();
    } else {
      reader_->refuse("sysrq", reader_->where() + ": sysrq takes one letter, as in \"f\"");
    }
  }

  void read_read() {
    action_->kind = Action::Kind::read;
    action_->file = reader_->text("read").value_or("");
    check_file(*reader_, "read", false);
    if (const auto label = reader_->text("name")) {
      action_->name = *label;
      check_label("name", *label);
    }
  }

  void read_state() {
    action_->kind = Action::Kind::state;
    action_->process = reader_->text("state").value_or("");
    check_process(*reader_, "state", action_->process);
  }

  void read_load_module() {
    action_->kind = Action::Kind::load_module;
    const toml::table* table = reader_->table("load_module");
    if (table == nullptr) return;
    TableReader inner(*table, reader_->where() + " load_module", *diagnostics_);
    action_->module = inner.text("file").value_or("");
    action_->parameters = inner.text("parameters").value_or("");
    if (!action_->module.ends_with(".ko") || action_->module.size() < 4 ||
        action_->module.find('/') != std::string::npos) {
      inner.refuse("file", inner.where() + " needs the name of a module's file",
                   "file = \"NAME.ko\", without a folder");
    }
    inner.finish();
  }

  void read_unload_module() {
    action_->kind = Action::Kind::unload_module;
    action_->module = reader_->text("unload_module").value_or("");
    if (!is_label(action_->module)) {
      reader_->refuse("unload_module",
                      reader_->where() + ": \"" + action_->module + "\" is no name of a module");
    }
  }

  void read_capture() {
    action_->kind = Action::Kind::capture;
    action_->name = reader_->text("capture").value_or("");
    check_label("capture", action_->name);
  }

  void read_mark() {
    action_->kind = Action::Kind::mark;
    action_->name = reader_->text("mark").value_or("");
    if (action_->name.empty()) reader_->refuse("mark", reader_->where() + ": a mark needs a name");
  }

  void check_label(std::string_view key, std::string_view label) {
    if (is_label(label)) return;
    reader_->refuse(key, reader_->where() + ": \"" + std::string(label) + "\" is no label",
                    "letters, digits, \"_\" and \"-\", at most 64");
  }

  void check_process(TableReader& reader, std::string_view key, std::string_view name) {
    const std::vector<std::string> comms = comms_of(*scenario_);
    if (parse_instance(name, comms)) return;
    const std::vector<std::string_view> known(comms.begin(), comms.end());
    const std::string_view meant = nearest(name, known);
    reader.refuse(key, "there is no process \"" + std::string(name) + "\"",
                  meant.empty() ? "" : "did you mean \"" + std::string(meant) + "\"?");
  }

  // The path itself, what it names in braces, and the cgroup and its file.
  void check_file(TableReader& reader, std::string_view key, bool written) {
    const std::string_view path = action_->file;
    const auto placeholders = placeholders_of(path);
    if (!placeholders) return reader.refuse(key, reader.where() + ": braces do not match");
    for (const std::string_view name : *placeholders)
      check_process(reader, key, name);
    if (is_system_path(path)) return;
    const auto parts = split_cgroup_file(path);
    if (!parts) {
      return reader.refuse(key,
                           reader.where() + ": \"" + std::string(path) +
                               "\" is neither a file of a cgroup nor below /proc or /sys",
                           "\"/box/memory.max\", \"/proc/meminfo\"");
    }
    check_cgroup(reader, key, parts->cgroup);
    const CgroupVersion version = scenario_->host.cgroup;
    const CgroupVersion other =
        version == CgroupVersion::v1 ? CgroupVersion::v2 : CgroupVersion::v1;
    const bool known =
        is_cgroup_file(version, parts->file) || (!written && !is_cgroup_file(other, parts->file));
    if (known) return;
    reader.refuse(key,
                  reader.where() + ": cgroup " + (version == CgroupVersion::v1 ? "v1" : "v2") +
                      " has no file \"" + std::string(parts->file) + "\"" +
                      (written ? " to write" : ""),
                  cgroup_file_hint(version, parts->file));
  }

  void check_cgroup(TableReader& reader, std::string_view key, std::string_view path) {
    std::vector<std::string_view> known = {"/"};
    for (const CgroupSpec& cgroup : scenario_->cgroups)
      known.emplace_back(cgroup.path);
    if (std::find(known.begin(), known.end(), path) != known.end()) return;
    const std::string_view meant = nearest(path, known);
    reader.refuse(key, "there is no cgroup \"" + std::string(path) + "\"",
                  meant.empty() ? "" : "did you mean \"" + std::string(meant) + "\"?");
  }

  TableReader* reader_;
  const Scenario* scenario_;
  Action* action_;
  std::vector<Diagnostic>* diagnostics_;
};

std::string one_of(std::span<const std::string_view> words) {
  std::string text = "one of ";
  for (const std::string_view word : words)
    text += (text.size() == 7 ? "" : ", ") + std::string(word);
  return text;
}

// What the kernel lets one wait for, and how.
enum class Notice { eventfd_plain, eventfd_level, poll, psi };

std::optional<Notice> notice_of(CgroupVersion version, std::string_view path) {
  if (path.starts_with("/proc/pressure/")) return Notice::psi;
  const auto parts = split_cgroup_file(path);
  if (!parts) return std::nullopt;
  if (version == CgroupVersion::v1) {
    if (parts->file == "memory.oom_control") return Notice::eventfd_plain;
    if (parts->file == "memory.pressure_level") return Notice::eventfd_level;
    return std::nullopt;
  }
  if (parts->file == "memory.events" || parts->file == "memory.events.local" ||
      parts->file == "memory.swap.events")
    return Notice::poll;
  if (parts->file == "memory.pressure") return Notice::psi;
  return std::nullopt;
}

// "some 150000 1000000": microseconds of stall within a window of 0.5 to 10 seconds.
bool is_psi_trigger(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.take("some ") && !cursor.take("full ")) return false;
  const auto stall = cursor.take_integer<std::int64_t>();
  if (!stall || !cursor.take(" ")) return false;
  const auto window = cursor.take_integer<std::int64_t>();
  return window && cursor.at_end() && *window >= 500'000 && *window <= 10'000'000 && *stall > 0 &&
         *stall <= *window;
}

bool is_pressure_level(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.take("low") && !cursor.take("medium") && !cursor.take("critical")) return false;
  return cursor.at_end() || cursor.rest() == ",default" || cursor.rest() == ",hierarchy" ||
         cursor.rest() == ",local";
}

void check_listener(TableReader& reader, const ListenerSpec& listener, CgroupVersion version) {
  const auto notice = notice_of(version, listener.file);
  if (!notice) {
    return reader.refuse(
        "file", reader.where() + ": the kernel notifies of nothing in \"" + listener.file + "\"",
        version == CgroupVersion::v1
            ? "cgroup v1 has memory.oom_control and memory.pressure_level, and "
              "there is /proc/pressure/memory"
            : "cgroup v2 has memory.events and memory.pressure, and there is "
              "/proc/pressure/memory");
  }
  if (*notice == Notice::psi && !is_psi_trigger(listener.arguments)) {
    reader.refuse("arguments", reader.where() + ": a pressure trigger needs its arguments",
                  "\"some 150000 1000000\": microseconds of stall in a window of 500000 to "
                  "10000000");
  }
  if (*notice == Notice::eventfd_level && !is_pressure_level(listener.arguments)) {
    reader.refuse("arguments", reader.where() + ": memory.pressure_level needs a level",
                  "\"low\", \"medium\" or \"critical\", also with \",hierarchy\" or \",local\"");
  }
  if ((*notice == Notice::poll || *notice == Notice::eventfd_plain) &&
      !listener.arguments.empty()) {
    reader.refuse("arguments", reader.where() + ": this file takes no arguments");
  }
}

void check_listener_cgroup(TableReader& reader, const ListenerSpec& listener,
                           const Scenario& scenario) {
  const auto parts = split_cgroup_file(listener.file);
  if (!parts || parts->cgroup == "/") return;
  for (const CgroupSpec& cgroup : scenario.cgroups) {
    if (cgroup.path == parts->cgroup) return;
  }
  reader.refuse("file", "there is no cgroup \"" + std::string(parts->cgroup) + "\"");
}

}  // namespace

void read_settings(TableReader& owner, std::string_view key, std::vector<Setting>& settings) {
  const toml::table* table = owner.table(key);
  if (table == nullptr) return;
  for (const auto& [name, node] : *table) {
    if (const auto value = TableReader::scalar_text(node)) {
      settings.push_back({std::string(name.str()), *value});
    } else {
      owner.refuse(key, owner.where() + ": the value of \"" + std::string(name.str()) +
                            "\" must be a string or a number");
    }
  }
}

void read_action(TableReader& reader, std::span<const std::string_view> allowed,
                 const Scenario& scenario, Action& action, std::vector<Diagnostic>& diagnostics) {
  action.line = reader.line();
  ActionReader one(reader, scenario, action, diagnostics);
  int actions = 0;
  for (const std::string_view word : allowed) {
    if (!reader.has(word)) continue;
    if (++actions == 1) one.read(word);
  }
  if (actions != 1)
    reader.refuse_here(reader.where() + " must do exactly one thing", one_of(allowed));
}

void read_event(const toml::table& table, std::size_t number, Scenario& scenario,
                std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[[event]] " + std::to_string(number + 1), diagnostics);
  EventSpec event;
  event.at = reader.duration("at");
  event.after = reader.text("after");
  if (reader.has("at") == reader.has("after"))
    reader.refuse_here(reader.where() + " needs a time", "at = \"10s\" or after = \"MARK\"");
  read_action(reader, kEventActions, scenario, event, diagnostics);
  reader.finish();
  scenario.events.push_back(std::move(event));
}

void read_listener(const toml::table& table, Scenario& scenario,
                   std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[[listener]]", diagnostics);
  ListenerSpec listener;
  listener.line = reader.line();
  listener.name = reader.text("name").value_or("");
  if (!is_label(listener.name)) {
    reader.refuse("name", "[[listener]] needs a name",
                  "letters, digits, \"_\" and \"-\", at most 64");
  }
  reader.rename("[[listener]] " + listener.name);
  listener.file = reader.text("file").value_or("");
  listener.arguments = reader.text("arguments").value_or("");
  if (const auto times = reader.integer("times", 1, 1'000'000))
    listener.times = static_cast<int>(*times);
  check_listener(reader, listener, scenario.host.cgroup);
  check_listener_cgroup(reader, listener, scenario);
  reader.each_table("then", [&](const toml::table& then, std::size_t number) {
    TableReader inner(then, reader.where() + " then " + std::to_string(number + 1), diagnostics);
    Action action;
    read_action(inner, kListenerActions, scenario, action, diagnostics);
    inner.finish();
    listener.then.push_back(std::move(action));
  });
  reader.finish();
  scenario.listeners.push_back(std::move(listener));
}

}  // namespace oomkit
