#include "act/protect_state.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include <nlohmann/json.hpp>

namespace oomkit {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t whole_us(HostTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

constexpr std::string_view kSchema = "oomkit.protect-state/1";

constexpr std::int64_t kPidMost = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kStartMostUs = std::numeric_limits<HostTime::rep>::max() / 1000;

// The newest value of a thing that was changed before, with the oldest before.
template <class Change, class Same>
void merge(std::vector<Change>& known, const Change& change, Same same) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Change& other) { return same(other, change); });
  if (found == known.end()) {
    known.push_back(change);
  } else {
    found->after = change.after;
  }
}

Json json_of(const ProtectRecord& record) {
  Json json;
  json["target"] = record.target;
  json["cgroup"] = record.cgroup;
  json["boot"] = record.boot ? Json(*record.boot) : Json();
  json["files"] = Json::array();
  for (const FileChange& file : record.files) {
    json["files"].push_back({{"path", file.path},
                             {"before", file.before ? Json(*file.before) : Json()},
                             {"after", file.after}});
  }
  json["settings"] = Json::array();
  for (const SettingChange& setting : record.settings) {
    json["settings"].push_back(
        {{"path", setting.path}, {"before", setting.before}, {"after", setting.after}});
  }
  json["processes"] = Json::array();
  for (const ScoreChange& score : record.scores) {
    json["processes"].push_back({{"pid", score.pid},
                                 {"start_us", score.start ? Json(whole_us(*score.start)) : Json()},
                                 {"comm", score.comm},
                                 {"before", score.before},
                                 {"after", score.after}});
  }
  return json;
}

// Whoever wrote the file, or cut it: a number that is none of ours makes it unsound, and never
// becomes another one.
template <class Number>
Number number_between(const Json& json, Number least, Number most, bool& sound) {
  const bool whole = json.is_number_integer() &&
                     (!json.is_number_unsigned() ||
                      json.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max());
  const std::int64_t value = whole ? json.get<std::int64_t>() : 0;
  if (!whole || value < least || value > most) {
    sound = false;
    return least;
  }
  return static_cast<Number>(value);
}

ProtectRecord record_of(const Json& json, bool& sound) {
  ProtectRecord record;
  record.target = json.at("target").get<std::string>();
  record.cgroup = json.value("cgroup", std::string());
  if (!json.at("boot").is_null()) record.boot = json.at("boot").get<std::string>();
  for (const Json& file : json.at("files")) {
    FileChange change;
    change.path = file.at("path").get<std::string>();
    if (!file.at("before").is_null()) change.before = file.at("before").get<std::string>();
    change.after = file.at("after").get<std::string>();
    record.files.push_back(std::move(change));
  }
  for (const Json& setting : json.at("settings")) {
    record.settings.push_back({setting.at("path").get<std::string>(),
                               setting.at("before").get<std::string>(),
                               setting.at("after").get<std::string>()});
  }
  for (const Json& score : json.at("processes")) {
    ScoreChange change;
    change.pid = number_between<std::int64_t>(score.at("pid"), 1, kPidMost, sound);
    if (!score.at("start_us").is_null()) {
      change.start = std::chrono::microseconds(
          number_between<std::int64_t>(score.at("start_us"), 0, kStartMostUs, sound));
    }
    change.comm = score.at("comm").get<std::string>();
    change.before = number_between(score.at("before"), -1000, 1000, sound);
    change.after = number_between(score.at("after"), -1000, 1000, sound);
    record.scores.push_back(std::move(change));
  }
  return record;
}

}  // namespace

void ProtectState::add(const ProtectPlan& plan, const std::optional<std::string>& boot) {
  auto record = std::find_if(records.begin(), records.end(), [&](const ProtectRecord& known) {
    return known.target == plan.target;
  });
  if (record == records.end()) {
    records.push_back({plan.target, boot, {}, {}, {}, {}});
    record = std::prev(records.end());
  } else if (record->boot != boot) {
    // Its files are still there; processes and cgroups of an earlier boot are not.
    record->boot = boot;
    record->settings.clear();
    record->scores.clear();
  }
  if (!plan.cgroup.empty()) record->cgroup = plan.cgroup;
  for (const FileChange& file : plan.files)
    merge(record->files, file, [](const auto& a, const auto& b) { return a.path == b.path; });
  for (const SettingChange& setting : plan.settings)
    merge(record->settings, setting, [](const auto& a, const auto& b) { return a.path == b.path; });
  for (const ScoreChange& score : plan.scores) {
    merge(record->scores, score,
          [](const auto& a, const auto& b) { return a.pid == b.pid && a.start == b.start; });
  }
}

std::string to_json(const ProtectState& state) {
  Json json;
  json["schema"] = kSchema;
  json["records"] = Json::array();
  for (const ProtectRecord& record : state.records)
    json["records"].push_back(json_of(record));
  // A name of a process may be no UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<ProtectState> parse_protect_state(std::string_view text) {
  const auto no_record = [] {
    return fail(ErrorCode::malformed, "is no record of what \"oom protect\" did");
  };
  ProtectState state;
  bool sound = true;
  try {
    const Json json = Json::parse(text);
    if (json.at("schema") != kSchema)
      return fail(ErrorCode::malformed, "expected \"schema\": \"" + std::string(kSchema) + "\"");
    for (const Json& record : json.at("records"))
      state.records.push_back(record_of(record, sound));
  } catch (const Json::exception&) {
    return no_record();
  }
  if (!sound) return no_record();
  return state;
}

}  // namespace oomkit
