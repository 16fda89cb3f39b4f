#include "render/lab_json.h"

#include <string_view>

#include "core/json_writer.h"
#include "model/run_record_json.h"

namespace oomkit {
namespace {

constexpr const char* kSchema = "oomkit.lab/1";

void write_moment(JsonWriter& json, const StoryMoment& moment) {
  json.begin_object();
  json.field("t_ms", moment.t_ms);
  json.field("kind", std::string_view(moment.kind));
  json.field("what", std::string_view(moment.what));
  json.field("refused", moment.refused);
  json.field("times", moment.times);
  json.key("values");
  json.begin_array();
  for (const StoryValue& value : moment.values) {
    json.begin_object();
    json.field("name", std::string_view(value.name));
    json.field("text", std::string_view(value.text));
    json.end_object();
  }
  json.end_array();
  json.key("say");
  moment.say.empty() ? json.null() : json.value(std::string_view(moment.say));
  json.end_object();
}

void write_story(JsonWriter& json, const LabStory& story) {
  json.key("values");
  json.begin_object();
  for (const StoryValue& value : story.values)
    json.field(value.name, std::string_view(value.text));
  json.end_object();
  json.key("moments");
  json.begin_array();
  for (const StoryMoment& moment : story.moments)
    write_moment(json, moment);
  json.end_array();
  json.key("checks");
  json.begin_array();
  for (const StoryCheck& check : story.checks) {
    json.begin_object();
    json.field("check", std::string_view(check.text));
    json.field("found", std::string_view(check.found));
    json.field("holds", check.holds);
    json.end_object();
  }
  json.end_array();
  std::string record = to_json(story.record);
  while (record.ends_with('\n'))
    record.pop_back();
  json.key("record");
  json.raw(record);
}

}  // namespace

std::string lab_list_json(const std::vector<LabEntry>& entries) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", kSchema);
  json.key("experiments");
  json.begin_array();
  for (const LabEntry& entry : entries) {
    json.begin_object();
    json.field("name", std::string_view(entry.name));
    json.field("title", std::string_view(entry.title));
    json.field("topic", std::string_view(entry.topic));
    json.key("kernels");
    entry.kernels.empty() ? json.null() : json.value(std::string_view(entry.kernels));
    json.field("here", entry.here);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

std::string lab_runs_json(const std::vector<LabRun>& runs) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", kSchema);
  json.key("runs");
  json.begin_array();
  for (const LabRun& run : runs) {
    json.begin_object();
    json.field("experiment", std::string_view(run.experiment));
    json.field("kernel", std::string_view(run.kernel));
    json.field("holds", holds(run));
    json.key("problem");
    run.problem.empty() ? json.null() : json.value(std::string_view(run.problem));
    if (run.story) write_story(json, *run.story);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
