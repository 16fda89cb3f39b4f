#include "record/flight_recorder.h"

#include <chrono>
#include <type_traits>

#include "core/known.h"
#include "core/utf8.h"
#include "record/tick_fields.h"
#include "record/words.h"

namespace oomkit {
namespace {

// The longest row: a path of 4096 bytes, each of which may need six.
constexpr std::size_t kRowMax = std::size_t{40} * 1024;

// Writes what is known, and of the rest what is not as it always is.
class TickWriter {
 public:
  explicit TickWriter(JsonWriter& json) : json_(json) {}

  template <class T>
  void member(std::string_view name, T& value) {
    if constexpr (IsKnown<T>::value) {
      if (value) put_number(name, *value);
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      put_text(name, value);
    } else if constexpr (HasRecordWords<T>) {
      if (value != T{}) json_.plain_field(name, record_word(value));
    } else if constexpr (std::is_same_v<T, char>) {
      json_.plain_field(name, std::string_view(&value, 1));
    } else if constexpr (std::is_same_v<T, PageSize>) {
      put_number(name, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      if (value) json_.plain_field(name, true);
    } else if constexpr (std::is_same_v<T, std::uint32_t>) {
      if (value != kNoRow) put_number(name, value);
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, HostTime>) {
      put_number(name, value);
    } else {
      json_.plain_key(name);
      json_.begin_object();
      walk_fields(*this, value);
      json_.end_object();
    }
  }

 private:
  template <class T>
  void put_number(std::string_view name, const T& value) {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
      json_.plain_key(name);
      json_.value(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      json_.plain_field(name, static_cast<std::int64_t>(value));
    } else {
      json_.plain_field(name, static_cast<std::int64_t>(value.count()));
    }
  }

  // A name of any bytes comes back as it was.
  void put_text(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    if (is_utf8(text)) return json_.plain_field(name, text);
    json_.plain_key(name);
    json_.begin_array();
    for (const char c : text)
      json_.value(static_cast<std::int64_t>(static_cast<unsigned char>(c)));
    json_.end_array();
  }

  JsonWriter& json_;
};

// The list of fields serves reading too, and so takes what it could change.
template <class T>
void write_fields(JsonWriter& json, const T& value) {
  TickWriter writer(json);
  walk_fields(writer, const_cast<T&>(value));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace

FlightRecorder::FlightRecorder(SharedRing& ring) : ring_(ring), json_(text_) {
  text_.reserve(ring.room() / 2);
  // The writer remembers how deep it is; deeper than this no line goes.
  constexpr int kDepth = 8;
  for (int depth = 0; depth < kDepth; ++depth)
    json_.begin_array();
  for (int depth = 0; depth < kDepth; ++depth)
    json_.end_array();
}

bool FlightRecorder::has_room() const {
  return text_.capacity() - text_.size() >= kRowMax;
}

void FlightRecorder::start(std::string_view kind) {
  text_.clear();
  if (lost_now_ > 0) {
    json_.begin_object();
    json_.plain_field("kind", "lost");
    json_.plain_field("lines", static_cast<std::int64_t>(lost_now_));
    json_.end_object();
    text_ += '\n';
  }
  json_.begin_object();
  json_.plain_field("kind", kind);
}

void FlightRecorder::finish() {
  const bool is_whole = has_room();
  json_.end_object();
  text_ += '\n';
  if (is_whole && ring_.push(text_)) {
    lost_now_ = 0;
    return;
  }
  ++lost_;
  ++lost_now_;
}

void FlightRecorder::begin(const RecordingBegin& begin) {
  start("begin");
  json_.plain_field("schema", kRecordingSchema);
  json_.plain_field("policy", std::string_view(begin.policy));
  json_.plain_field("policy_hash", begin.policy_hash);
  json_.plain_field("since_epoch_us", static_cast<std::int64_t>(begin.since_epoch.count()));
  json_.plain_field("start_ns", static_cast<std::int64_t>(begin.start.count()));
  json_.plain_field("cgroups", static_cast<std::int64_t>(begin.capacity.cgroups));
  json_.plain_field("processes", static_cast<std::int64_t>(begin.capacity.processes));
  json_.plain_field("process_histories",
                    static_cast<std::int64_t>(begin.capacity.process_histories));
  json_.plain_field("dry_run", begin.dry_run);
  if (begin.goes_on) json_.plain_field("goes_on", true);
  finish();
}

void FlightRecorder::tick(const Tick& tick) {
  start("tick");
  write_fields(json_, tick);
  const auto put_rows = [this](std::string_view name, const auto& rows) {
    if (rows.empty()) return;
    json_.plain_key(name);
    json_.begin_array();
    for (const auto& row : rows) {
      if (!has_room()) break;
      json_.begin_object();
      write_fields(json_, row);
      json_.end_object();
    }
    json_.end_array();
  };
  put_rows("cgroups", tick.cgroups);
  put_rows("processes", tick.processes);
  finish();
}

void FlightRecorder::second_look(const TickHost& host) {
  start("again");
  json_.plain_key("host");
  json_.begin_object();
  write_fields(json_, host);
  json_.end_object();
  finish();
}

void FlightRecorder::settled(const Decision& decision, DecisionOutcome outcome) {
  start("settled");
  json_.plain_field("number", static_cast<std::int64_t>(decision.number));
  json_.plain_field("rule", decision.rule);
  json_.plain_key("pids");
  json_.begin_array();
  if (decision.has_target) {
    for (const ProcessId& process : decision.target.processes) {
      if (!has_room()) break;
      json_.value(static_cast<std::int64_t>(process.pid));
    }
  }
  json_.end_array();
  if (decision.has_target) json_.plain_field("cgroup", decision.target.cgroup);
  json_.plain_field("outcome", record_word(outcome));
  finish();
}

}  // namespace oomkit
