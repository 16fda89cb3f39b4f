#include "scenario/lab_table.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/diagnostic.h"
#include "scenario/expect.h"
#include "scenario/names.h"

namespace oomkit {
namespace {

// Of RunEvent::kind, those that a run without the guard has; and its two ends.
constexpr std::array<std::string_view, 15> kMoments = {
    "begin", "end",   "oom_kill", "exit",  "mark",   "write",    "read",   "state",
    "stall", "panic", "start",    "sysrq", "module", "notified", "refused"};

void read_notes(TableReader& reader, LabSpec& lab, std::vector<Diagnostic>& diagnostics) {
  reader.each_table("narration", [&](const toml::table& table, std::size_t number) {
    TableReader inner(table, "[lab] narration " + std::to_string(number + 1), diagnostics);
    LabSpec::Note note;
    note.after = inner.text("after").value_or("");
    note.say = inner.text("say").value_or("");
    if (note.say.empty()) inner.refuse_here(inner.where() + " says nothing", "say = \"...\"");
    if (note.after.empty())
      inner.refuse_here(inner.where() + " needs a moment", "after = MARK, or a kind of event");
    inner.finish();
    lab.narration.push_back(std::move(note));
  });
}

void read_values(TableReader& reader, const Scenario& scenario, LabSpec& lab,
                 std::vector<Diagnostic>& diagnostics) {
  reader.each_table("values", [&](const toml::table& table, std::size_t number) {
    TableReader inner(table, "[lab] value " + std::to_string(number + 1), diagnostics);
    LabSpec::Value value;
    value.name = inner.text("name").value_or("");
    if (value.name.empty()) inner.refuse_here(inner.where() + " needs a name");
    if (const auto subject = inner.text("of")) {
      // A subject alone is read as the left side of a check.
      if (auto check = parse_check(*subject + " == 0", scenario)) {
        value.subject = check->subject;
      } else {
        inner.refuse("of", inner.where() + ": " + check.error().what);
      }
    } else {
      inner.refuse_here(inner.where() + " needs a subject", "of = \"cgroup./box.max_usage\"");
    }
    inner.finish();
    lab.values.push_back(std::move(value));
  });
}

std::vector<std::string> moments_of(const Scenario& scenario) {
  std::vector<std::string> moments = marks_of(scenario);
  moments.insert(moments.end(), kMoments.begin(), kMoments.end());
  const auto add = [&](const Action& action) {
    if (action.kind == Action::Kind::read && !action.name.empty()) moments.push_back(action.name);
  };
  for (const EventSpec& event : scenario.events)
    add(event);
  for (const ListenerSpec& listener : scenario.listeners) {
    moments.push_back(listener.name);
    for (const Action& action : listener.then)
      add(action);
  }
  return moments;
}

}  // namespace

void read_lab(const toml::table& table, Scenario& scenario, std::vector<Diagnostic>& diagnostics) {
  TableReader reader(table, "[lab]", diagnostics);
  LabSpec lab;
  lab.title = reader.text("title").value_or("");
  if (lab.title.empty()) reader.refuse_here("[lab] needs a title");
  lab.topic = reader.text("topic").value_or("");
  if (lab.topic.empty()) reader.refuse_here("[lab] needs a topic");
  lab.here = reader.flag("here").value_or(false);
  read_notes(reader, lab, diagnostics);
  read_values(reader, scenario, lab, diagnostics);
  reader.finish();

  const std::vector<std::string> texts = moments_of(scenario);
  const std::vector<std::string_view> moments(texts.begin(), texts.end());
  for (const LabSpec::Note& note : lab.narration) {
    if (note.after.empty()) continue;
    if (std::find(moments.begin(), moments.end(), note.after) != moments.end()) continue;
    const std::string_view meant = nearest(note.after, moments);
    reader.refuse("narration", "[lab]: nothing that is called \"" + note.after + "\" can happen",
                  meant.empty() ? "" : "did you mean \"" + std::string(meant) + "\"?");
  }
  scenario.lab = std::move(lab);
}

}  // namespace oomkit
