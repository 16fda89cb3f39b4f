#include "lab/experiment_story.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/size_text.h"
#include "core/text.h"
#include "lab/story_value.h"
#include "scenario/check_value.h"

namespace oomkit {
namespace {

constexpr std::size_t kWholeLinesMax = 4;

std::string who_text(const RunEvent& event) {
  std::string text = event.comm.value_or("");
  if (event.instance.value_or(1) > 1) text += "." + std::to_string(*event.instance);
  return text;
}

std::string with_pid(const RunEvent& event) {
  return who_text(event) + (event.pid ? " (pid " + std::to_string(*event.pid) + ")" : "");
}

std::string kill_text(const RunEvent& event) {
  std::string text = with_pid(event);
  if (event.cgroup) text += ", limit of " + *event.cgroup;
  if (event.constraint == "none") text += ", the whole host";
  if (event.constraint == "cpuset" || event.constraint == "memory_policy")
    text += event.constraint == "cpuset" ? ", nodes of its cpuset" : ", nodes of its policy";
  if (event.group) text += ", with its group";
  if (event.by == "sysrq") text += ", by sysrq";
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  text = trim_right(text);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trim(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// "under_oom 1" as name and text; other lines as they are.
StoryValue value_of_line(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank != std::string_view::npos && line.find(' ', blank + 1) == std::string_view::npos)
    return {std::string(line.substr(0, blank)), std::string(line.substr(blank + 1))};
  return {"", std::string(line)};
}

class StoryMaker {
 public:
  StoryMaker(const Experiment& experiment, RunRecord record)
      : experiment_(experiment), scenario_(experiment.scenario), lab_(*scenario_.lab) {
    story_.record = std::move(record);
  }

  LabStory make() {
    story_.name = experiment_.name;
    story_.title = lab_.title;
    story_.topic = lab_.topic;
    story_.description = scenario_.description;
    tell_setting();
    tell_moments();
    tell_checks();
    story_.values = values_of(experiment_, story_.record);
    return std::move(story_);
  }

 private:
  void tell_setting() {
    story_.setting.push_back({"machine", machine_text(scenario_.host)});
    for (const Setting& setting : scenario_.host.sysctl)
      story_.setting.push_back({"sysctl", setting.file + " = " + setting.value});
    for (const CgroupSpec& cgroup : scenario_.cgroups) {
      std::string text;
      for (const Setting& setting : cgroup.set)
        text += (text.empty() ? "" : ", ") + setting.file + " = " + setting.value;
      story_.setting.push_back({cgroup.path, text.empty() ? "no settings" : text});
    }
  }

  void tell_moments() {
    add_edge("begin", 0);
    for (const RunEvent& event : story_.record.events)
      tell_event(event);
    add_edge("end", story_.record.duration_ms);
  }

  // The beginning and the end are worth a line only with something to say.
  void add_edge(const char* kind, std::int64_t t_ms) {
    StoryMoment moment;
    moment.t_ms = t_ms;
    moment.kind = kind;
    moment.say = say_for({kind});
    if (!moment.say.empty()) story_.moments.push_back(std::move(moment));
  }

  void tell_event(const RunEvent& event) {
    StoryMoment moment;
    moment.t_ms = event.t_ms;
    moment.kind = event.kind;
    moment.refused = event.error.has_value();
    moment.say = say_for(names_of(event));
    if (!describe(event, moment)) {
      // What is not shown may still be what a sentence waits for.
      if (moment.say.empty()) return;
      if (moment.what.empty()) moment.what = with_pid(event);
    }
    if (event.error) moment.what += ": " + *event.error;
    StoryMoment* last = story_.moments.empty() ? nullptr : &story_.moments.back();
    if (last != nullptr && moment.say.empty() && last->kind == moment.kind &&
        last->what == moment.what && last->values == moment.values) {
      ++last->times;
      return;
    }
    story_.moments.push_back(std::move(moment));
  }

  // False for what the rest of the story tells anyhow.
  bool describe(const RunEvent& event, StoryMoment& moment) const {
    const std::string& kind = event.kind;
    if (kind == "start") {
      moment.what = who_text(event);
      return event.t_ms > kFirstMs;
    }
    if (kind == "mark") {
      moment.what = (event.comm ? who_text(event) + ": " : "") + event.value.value_or("");
      return event.comm.has_value();
    }
    if (kind == "exit") {
      moment.what = with_pid(event) + ", " + event.value.value_or("");
      return event.value != "signal 9";
    }
    if (kind == "oom_kill") {
      moment.what = kill_text(event);
    } else if (kind == "read") {
      moment.what = event.file.value_or("");
      moment.values = lines_read(event);
    } else if (kind == "write") {
      moment.what = event.file.value_or("");
      moment.values = {{"", event.value.value_or("")}};
    } else if (kind == "refused") {
      moment.what = who_text(event);
    } else if (kind == "notified") {
      moment.what = who_text(event) + ", by " + event.file.value_or("");
    } else if (kind == "state" || kind == "signal") {
      moment.what = with_pid(event);
      moment.values = {{"", event.value.value_or("")}};
    } else {
      moment.what = event.comm ? who_text(event) : event.name.value_or("");
      if (event.value) moment.values = {{"", *event.value}};
    }
    return true;
  }

  // Short files whole, of long ones what the checks and values speak of.
  std::vector<StoryValue> lines_read(const RunEvent& event) const {
    std::vector<StoryValue> values;
    if (!event.value) return values;
    const std::vector<std::string_view> lines = lines_of(*event.value);
    if (lines.size() == 1) {
      CheckSubject whole{CheckSubject::Kind::read, event.name.value_or(""), 1, ""};
      return {{"", event.name ? story_text(whole, scenario_, one_read(event))
                              : std::string(lines.front())}};
    }
    if (lines.size() <= kWholeLinesMax) {
      for (const std::string_view line : lines)
        values.push_back(value_of_line(line));
      return values;
    }
    for (const CheckSubject& subject : subjects()) {
      if (subject.kind != CheckSubject::Kind::read || subject.member.empty() ||
          subject.name != event.name || subject.member == "error")
        continue;
      StoryValue value{subject.member, story_text(subject, scenario_, one_read(event))};
      if (std::find(values.begin(), values.end(), value) == values.end())
        values.push_back(std::move(value));
    }
    if (values.empty()) values.push_back({"", std::to_string(lines.size()) + " lines"});
    return values;
  }

  // A record with nothing but this event: values are looked up in it and in no later one.
  static RunRecord one_read(const RunEvent& event) {
    RunRecord record;
    record.events.push_back(event);
    return record;
  }

  std::vector<CheckSubject> subjects() const {
    std::vector<CheckSubject> all;
    for (const LabSpec::Value& value : lab_.values)
      all.push_back(value.subject);
    for (const Check& check : expected().checks) {
      all.push_back(check.subject);
      if (check.other) all.push_back(*check.other);
    }
    return all;
  }

  ExpectSpec expected() const { return expect_for(scenario_, story_.record.kernel.value_or("")); }

  static std::vector<std::string> names_of(const RunEvent& event) {
    std::vector<std::string> names = {event.kind};
    if (event.kind == "mark" && event.value) names.push_back(*event.value);
    if (event.kind == "read" && event.name) names.push_back(*event.name);
    if (event.kind == "notified" && event.comm) names.push_back(*event.comm);
    if (event.kind == "exit" && event.comm) names.push_back(*event.comm + " exits");
    return names;
  }

  // Each sentence is said once.
  std::string say_for(const std::vector<std::string>& names) {
    said_.resize(lab_.narration.size());
    std::string text;
    for (std::size_t i = 0; i < lab_.narration.size(); ++i) {
      const LabSpec::Note& note = lab_.narration[i];
      if (said_[i] || std::find(names.begin(), names.end(), note.after) == names.end()) continue;
      said_[i] = true;
      text += (text.empty() ? "" : " ") + note.say;
    }
    return text;
  }

  void tell_checks() {
    for (const Check& check : expected().checks) {
      StoryCheck told;
      told.text = check.text;
      told.found = story_text(check.subject, scenario_, story_.record);
      told.holds = !difference_of(check, story_.record);
      story_.checks.push_back(std::move(told));
    }
  }

  static constexpr std::int64_t kFirstMs = 100;  // Who is there from the beginning.

  const Experiment& experiment_;
  const Scenario& scenario_;
  const LabSpec& lab_;
  std::vector<bool> said_;
  LabStory story_;
};

}  // namespace

LabStory make_story(const Experiment& experiment, RunRecord record) {
  return StoryMaker(experiment, std::move(record)).make();
}

std::vector<StoryValue> values_of(const Experiment& experiment, const RunRecord& record) {
  std::vector<StoryValue> values;
  for (const LabSpec::Value& value : experiment.scenario.lab->values)
    values.push_back({value.name, story_text(value.subject, experiment.scenario, record)});
  return values;
}

std::string machine_text(const HostSpec& host) {
  std::string text = size_text(host.memory);
  if (!host.nodes.empty()) text += " in " + std::to_string(host.nodes.size()) + " nodes";
  text += host.cpus == 1 ? ", 1 processor" : ", " + std::to_string(host.cpus) + " processors";
  if (host.swap == Bytes(0)) {
    text += ", no swap";
  } else {
    text += ", " + size_text(host.swap) + " of swap on " +
            (host.swap_kind == SwapKind::zram ? "zram" : "a disk");
  }
  return text + (host.cgroup == CgroupVersion::v1 ? ", cgroup v1" : ", cgroup v2");
}

}  // namespace oomkit
