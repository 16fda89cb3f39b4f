// An incident as JSON: several kills that are one story.
#include <cstdint>

#include "render/json_report.h"

namespace oomkit {
namespace {

void write_culprit(JsonWriter& json, const Culprit& culprit) {
  json.begin_object();
  json.plain_field("comm", culprit.comm);
  json.plain_field("pid", culprit.pid);
  json.plain_field("processes", static_cast<std::uint64_t>(culprit.processes));
  json.plain_field("growth_bytes_per_s", culprit.growth_bytes_per_s);
  json.plain_field("at_least", culprit.at_least);
  json.plain_field("first_bytes", culprit.first);
  json.plain_field("last_bytes", culprit.last);
  json.plain_field("seen", static_cast<std::uint64_t>(culprit.seen));
  json.plain_field("killed", culprit.killed);
  json.plain_key("steps_bytes_per_s");
  json.begin_array();
  for (const double step : culprit.steps_bytes_per_s)
    json.value(step);
  json.end_array();
  json.end_object();
}

void write_track(JsonWriter& json, const IncidentTrack& track) {
  json.begin_object();
  json.plain_field("comm", track.comm);
  json.plain_field("pid", track.pid);
  json.plain_key("killed_in");
  if (track.killed_in) {
    json.value(static_cast<std::uint64_t>(*track.killed_in));
  } else {
    json.null();
  }
  json.plain_key("points");
  json.begin_array();
  for (const IncidentPoint& point : track.points) {
    json.begin_object();
    json.plain_field("report", static_cast<std::uint64_t>(point.report));
    json.plain_field("at_s", point.at_s);
    json.plain_field("use_bytes", point.use);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_victim(JsonWriter& json, const IncidentVictim& victim) {
  json.begin_object();
  json.plain_field("comm", victim.comm);
  json.plain_field("pid", victim.pid);
  json.plain_field("report", static_cast<std::uint64_t>(victim.report));
  json.plain_field("at_s", victim.at_s);
  json.plain_field("size_bytes", victim.size);
  json.plain_field("culprit", victim.culprit);
  json.end_object();
}

template <class Item, class Put>
void write_list(JsonWriter& json, std::string_view name, const std::vector<Item>& items, Put put) {
  json.plain_key(name);
  json.begin_array();
  for (const Item& item : items)
    put(json, item);
  json.end_array();
}

}  // namespace

void write_incident(JsonWriter& json, const Incident& incident) {
  json.begin_object();
  json.plain_key("reports");
  json.begin_array();
  for (const std::size_t report : incident.reports)
    json.value(static_cast<std::uint64_t>(report));
  json.end_array();
  json.plain_field("title", incident.title);
  json.plain_field("scope", incident.scope);
  json.plain_field("host", incident.host);
  json.plain_field("duration_s", incident.duration_s);
  write_list(json, "culprits", incident.culprits, write_culprit);
  write_list(json, "victims", incident.victims, write_victim);
  write_list(json, "tracks", incident.tracks, write_track);
  write_findings(json, incident.findings);
  json.end_object();
}

}  // namespace oomkit
