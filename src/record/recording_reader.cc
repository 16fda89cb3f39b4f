#include "record/recording_reader.h"

#include <limits>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "record/tick_fields.h"
#include "record/words.h"

namespace oomkit {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr std::size_t kLineMax = std::size_t{64} << 20;

// Fills members in; the first that is of a wrong kind is named, and ends it.
class TickReader {
 public:
  TickReader(const Json& object, std::vector<std::vector<char>>& texts)
      : object_(&object), texts_(texts) {}

  const std::string& problem() const { return problem_; }

  template <class T>
  void member(std::string_view name, T& value) {
    if (!problem_.empty()) return;
    const auto found = object_->find(name);
    if (found == object_->end() || found->is_null()) return;
    if (!take(*found, value) && problem_.empty()) problem_ = std::string(name);
  }

 private:
  template <class T>
  bool take(const Json& json, T& value) {
    if constexpr (IsKnown<T>::value) {
      typename IsKnown<T>::Amount known{};
      if (!take(json, known)) return false;
      value = known;
      return true;
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      return take_text(json, value);
    } else if constexpr (HasRecordWords<T>) {
      return take_word(json, value);
    } else if constexpr (std::is_same_v<T, char>) {
      const std::string* const text = json.get_ptr<const std::string*>();
      if (text == nullptr || text->size() != 1) return false;
      value = text->front();
      return true;
    } else if constexpr (std::is_same_v<T, PageSize>) {
      return take_page_size(json, value);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!json.is_boolean()) return false;
      value = json.get<bool>();
      return true;
    } else if constexpr (std::is_arithmetic_v<T>) {
      return take_number(json, value);
    } else if constexpr (requires { value.count(); }) {
      std::int64_t count = 0;
      if (!take_number(json, count)) return false;
      value = T(count);
      return true;
    } else {
      return take_object(json, value);
    }
  }

  template <class T>
  static bool take_number(const Json& json, T& value) {
    if (json.is_number_unsigned()) {
      const auto number = json.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) return false;
      value = static_cast<T>(number);
      return true;
    }
    if (!json.is_number_integer()) return false;
    const auto number = json.get<std::int64_t>();
    if constexpr (std::is_unsigned_v<T>) return false;
    if (number < static_cast<std::int64_t>(std::numeric_limits<T>::min())) return false;
    value = static_cast<T>(number);
    return true;
  }

  template <class T>
  bool take_object(const Json& json, T& value) {
    if (!json.is_object()) return false;
    const Json* const outer = std::exchange(object_, &json);
    walk_fields(*this, value);
    object_ = outer;
    return problem_.empty();
  }

  template <class T>
  static bool take_word(const Json& json, T& value) {
    const std::string* const text = json.get_ptr<const std::string*>();
    if (text == nullptr) return false;
    for (std::size_t index = 0; index < RecordWords<T>::kAll.size(); ++index) {
      if (RecordWords<T>::kAll.at(index) != *text) continue;
      value = static_cast<T>(index);
      return true;
    }
    return false;
  }

  static bool take_page_size(const Json& json, PageSize& value) {
    for (const PageSize size : {PageSize::k4K, PageSize::k8K, PageSize::k16K, PageSize::k64K}) {
      if (!json.is_number_integer() || json != static_cast<std::int64_t>(size)) continue;
      value = size;
      return true;
    }
    return false;
  }

  bool take_text(const Json& json, std::string_view& value) {
    std::vector<char> bytes;
    if (const std::string* const text = json.get_ptr<const std::string*>()) {
      bytes.assign(text->begin(), text->end());
    } else {
      if (!json.is_array()) return false;
      for (const Json& item : json) {
        std::uint8_t byte = 0;
        if (!take_number(item, byte)) return false;
        bytes.push_back(static_cast<char>(byte));
      }
    }
    texts_.push_back(std::move(bytes));
    value = {texts_.back().data(), texts_.back().size()};
    return true;
  }

  const Json* object_;
  std::vector<std::vector<char>>& texts_;
  std::string problem_;
};

Error malformed(std::string what) {
  return {ErrorCode::malformed, std::move(what)};
}

template <class T>
Status read_fields(const Json& json, T& value, std::vector<std::vector<char>>& texts) {
  TickReader reader(json, texts);
  walk_fields(reader, value);
  if (reader.problem().empty()) return {};
  return tl::unexpected(malformed("\"" + reader.problem() + "\" is of a wrong kind"));
}

template <class Row>
Status read_rows(const Json& json, const char* name, std::vector<Row>& rows,
                 std::vector<std::vector<char>>& texts) {
  const auto found = json.find(name);
  if (found == json.end()) return {};
  if (!found->is_array()) return tl::unexpected(malformed(std::string(name) + " is no list"));
  for (const Json& item : *found) {
    if (!item.is_object())
      return tl::unexpected(malformed(std::string(name) + " holds something that is no object"));
    if (const Status good = read_fields(item, rows.emplace_back(), texts); !good)
      return tl::unexpected(good.error());
  }
  return {};
}

// Every row after its parent.
Status check_rows(const RecordedTick& read) {
  for (std::size_t index = 0; index < read.cgroups.size(); ++index) {
    const std::uint32_t parent = read.cgroups[index].parent;
    if (parent == kNoRow || parent < index) continue;
    return fail(ErrorCode::malformed,
                "cgroup " + std::to_string(index) + " has a parent that does not stand before it");
  }
  return {};
}

Result<RecordedLine> read_tick(const Json& json) {
  RecordedTick read;
  if (const Status good = read_fields(json, read.tick, read.texts); !good)
    return tl::unexpected(good.error());
  if (const Status good = read_rows(json, "cgroups", read.cgroups, read.texts); !good)
    return tl::unexpected(good.error());
  if (const Status good = read_rows(json, "processes", read.processes, read.texts); !good)
    return tl::unexpected(good.error());
  if (const Status good = check_rows(read); !good) return tl::unexpected(good.error());
  read.tick.cgroups = read.cgroups;
  read.tick.processes = read.processes;
  return RecordedLine(std::move(read));
}

Result<RecordedLine> read_second_look(const Json& json) {
  const auto host = json.find("host");
  if (host == json.end() || !host->is_object()) return fail(ErrorCode::malformed, "no \"host\"");
  SecondLook look;
  std::vector<std::vector<char>> texts;
  if (const Status good = read_fields(*host, look.host, texts); !good)
    return tl::unexpected(good.error());
  return RecordedLine(look);
}

// What a line says that has no rows.
struct PlainFields {
  template <class Archive>
  void walk(Archive& archive) {
    archive.member("schema", schema);
    archive.member("policy", policy);
    archive.member("policy_hash", policy_hash);
    archive.member("since_epoch_us", since_epoch);
    archive.member("start_ns", start);
    archive.member("cgroups", cgroups);
    archive.member("processes", processes);
    archive.member("process_histories", process_histories);
    archive.member("dry_run", dry_run);
    archive.member("goes_on", goes_on);
    archive.member("number", number);
    archive.member("rule", rule);
    archive.member("cgroup", cgroup);
    archive.member("outcome", outcome);
    archive.member("lines", lines);
  }

  std::string_view schema, policy, rule, cgroup;
  std::uint64_t policy_hash = 0, number = 0, lines = 0;
  std::uint32_t cgroups = 0, processes = 0, process_histories = 0;
  Microseconds since_epoch{0};
  HostTime start{0};
  bool dry_run = false, goes_on = false;
  DecisionOutcome outcome = DecisionOutcome::done;
};
template <class Archive>
void walk_fields(Archive& archive, PlainFields& fields) {
  fields.walk(archive);
}

Result<RecordedLine> begin_of(const PlainFields& fields) {
  if (fields.schema != kRecordingSchema)
    return fail(ErrorCode::malformed,
                "\"schema\" is not \"" + std::string(kRecordingSchema) + "\"");
  // As many as an engine may be given; a recording must not make us take all memory.
  constexpr std::uint32_t kRowsMax = 1 << 20;
  for (const std::uint32_t rows : {fields.cgroups, fields.processes, fields.process_histories}) {
    if (rows == 0 || rows > kRowsMax)
      return fail(ErrorCode::malformed,
                  "room for " + std::to_string(rows) + " rows makes no sense");
  }
  RecordingBegin begin;
  begin.policy = fields.policy;
  begin.policy_hash = fields.policy_hash;
  begin.since_epoch = fields.since_epoch;
  begin.start = fields.start;
  begin.capacity = {fields.cgroups, fields.processes, fields.process_histories};
  begin.dry_run = fields.dry_run;
  begin.goes_on = fields.goes_on;
  return RecordedLine(std::move(begin));
}

Result<RecordedLine> settled_of(const PlainFields& fields, const Json& json) {
  SettledDecision settled;
  settled.number = fields.number;
  settled.rule = fields.rule;
  settled.cgroup = fields.cgroup;
  settled.outcome = fields.outcome;
  const auto pids = json.find("pids");
  if (pids == json.end()) return RecordedLine(std::move(settled));
  if (!pids->is_array()) return fail(ErrorCode::malformed, "\"pids\" is no list");
  for (const Json& pid : *pids) {
    if (!pid.is_number_integer() || pid < 0 || pid > INT32_MAX)
      return fail(ErrorCode::malformed, "\"pids\" holds something that is no pid");
    settled.pids.push_back(pid.get<std::int32_t>());
  }
  return RecordedLine(std::move(settled));
}

}  // namespace

Result<RecordedLine> read_recorded_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::malformed, "is no object of JSON");
  const auto kind = json.find("kind");
  if (kind == json.end() || !kind->is_string())
    return fail(ErrorCode::malformed, "has no \"kind\"");
  if (*kind == "tick") return read_tick(json);
  if (*kind == "again") return read_second_look(json);
  PlainFields fields;
  std::vector<std::vector<char>> texts;
  if (const Status good = read_fields(json, fields, texts); !good)
    return tl::unexpected(good.error());
  if (*kind == "begin") return begin_of(fields);
  if (*kind == "settled") return settled_of(fields, json);
  if (*kind == "lost") return RecordedLine(LostLines{fields.lines});
  return fail(ErrorCode::malformed, "is of an unknown kind, \"" + kind->get<std::string>() + "\"");
}

Error RecordingReader::wrong(const std::string& what) const {
  return malformed(name() + ":" + std::to_string(line_) + ": " + what);
}

// False at the end of the input.
Result<bool> RecordingReader::fill() {
  buffer_.erase(0, std::exchange(at_, 0));
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kBlock);
  OOMKIT_TRY(const std::size_t got, source_->read({buffer_.data() + had, kBlock}));
  buffer_.resize(had + got);
  return got > 0;
}

Result<std::optional<RecordedLine>> RecordingReader::next() {
  std::size_t end = buffer_.find('\n', at_);
  while (end == std::string::npos) {
    const std::size_t had = buffer_.size() - at_;
    if (had > kLineMax) return tl::unexpected(wrong("the line does not end"));
    OOMKIT_TRY(const bool is_more, fill());
    if (!is_more) {
      is_cut_ = !buffer_.empty();
      if (!has_begun_)
        return tl::unexpected(malformed(
            name() + ": is no recording of a guard; oom guard --recording FILE makes one"));
      return std::nullopt;
    }
    end = buffer_.find('\n', had);
  }
  ++line_;
  Result<RecordedLine> line = read_recorded_line(std::string_view(buffer_).substr(at_, end - at_));
  at_ = end + 1;
  if (!line) return tl::unexpected(wrong(line.error().what));
  if (!has_begun_ && !std::holds_alternative<RecordingBegin>(*line))
    return tl::unexpected(wrong("the recording does not begin with its \"begin\""));
  has_begun_ = true;
  if (std::holds_alternative<RecordingBegin>(*line)) {
    now_ = HostTime(0);
    cgroups_ = 0;
  }
  if (const auto* tick = std::get_if<RecordedTick>(&*line)) {
    if (const Status good = follow(*tick); !good) return tl::unexpected(wrong(good.error().what));
  }
  return std::optional(std::move(*line));
}

// What a tick may be only after those before it.
Status RecordingReader::follow(const RecordedTick& read) {
  if (read.tick.now < now_) return fail(ErrorCode::malformed, "its time is before the last tick's");
  now_ = read.tick.now;
  if (read.tick.has_cgroups) cgroups_ = read.cgroups.size();
  for (const TickProcess& process : read.processes) {
    if (process.cgroup == kNoRow || process.cgroup < cgroups_) continue;
    return fail(ErrorCode::malformed,
                "process " + std::to_string(process.pid) + " is in a cgroup that is not there");
  }
  if (read.tick.own_cgroup != kNoRow && read.tick.own_cgroup >= cgroups_)
    return fail(ErrorCode::malformed, "\"own_cgroup\" is no row of the cgroups");
  return {};
}

}  // namespace oomkit
