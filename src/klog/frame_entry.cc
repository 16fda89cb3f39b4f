#include "klog/frame_entry.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "klog/frame_blanks.h"

namespace oomkit {
namespace {

constexpr std::size_t kStorage = 4096;
constexpr std::size_t kLengthBytes = 8;
// journald itself stores no larger field; a number above is no length but something else.
constexpr std::uint64_t kRawMax = 768ULL * 1024 * 1024;

// The journal's fields that may come before or instead of those that are read.
constexpr std::string_view kOpeners[] = {
    "__CURSOR",
    "__SEQNUM",
    "__SEQNUM_ID",
    "_BOOT_ID",
    "_MACHINE_ID",
    "_PID",
    "_UID",
    "_COMM",
    "_SYSTEMD_UNIT",
    "SYSLOG_FACILITY",
    "SYSLOG_PID",
    "_KERNEL_DEVICE",
    "_KERNEL_SUBSYSTEM",
    "_UDEV_SYSNAME",
    "SYSLOG_TIMESTAMP",
};

// Length of the field name that `line` begins with.
std::size_t field_name_length(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && at < 64 &&
         ((line[at] >= 'A' && line[at] <= 'Z') || line[at] == '_' || is_digit(line[at])))
    ++at;
  return at > 0 && is_digit(line[0]) ? 0 : at;
}

bool is_journal_field(std::string_view key) {
  JsonLogFields probe;
  if (probe.note(key, {})) return true;
  return std::find(std::begin(kOpeners), std::end(kOpeners), key) != std::end(kOpeners);
}

bool is_json_punctuation(std::string_view line) {
  return line.find_first_not_of("{}[], \t") == std::string_view::npos &&
         line.find_first_of("{}") != std::string_view::npos;
}

}  // namespace

LogEntry::LogEntry() {
  storage_.reserve(kStorage);
}

LogEntry::Took LogEntry::take_entry_line(std::string_view line, std::uint64_t number,
                                         DamageCounts& damage) {
  if (form_ == Form::none || form_ == Form::verbose_lines) {
    const Took took = take_verbose_line(line, number);
    if (took != Took::nothing || form_ == Form::verbose_lines) return took;
  }
  if (form_ != Form::json_lines) {
    const Took took = take_export_line(line, number);
    if (took != Took::nothing || form_ == Form::export_lines) return took;
  }
  return take_json_line(line, number, damage);
}

// "Sat 2026-11-21 12:22:51.572035 UTC [s=ad2b...;i=1;b=...;m=...;t=...;x=...]".
bool LogEntry::take_verbose_head(std::string_view line) {
  constexpr std::size_t kStampMax = 64;
  const std::size_t cursor = line.find(" [s=");
  if (cursor > kStampMax || !line.ends_with("]")) return false;  // Also where there is none.
  if (line.size() < 5 || line[3] != ' ' || !is_digit(line[4])) return false;
  next_stamp_.assign(line.substr(4, cursor - 4));
  return true;
}

// Fields stand behind four blanks, further lines of one under its first.
LogEntry::Took LogEntry::take_verbose_line(std::string_view line, std::uint64_t number) {
  constexpr std::size_t kIndent = 4;
  if (take_verbose_head(line)) return form_ == Form::none ? Took::swallowed : Took::ended;
  const std::size_t indent = after_blanks(line);
  const std::string_view field = line.substr(indent);
  if (message_column_ != 0 && indent >= message_column_) {
    const std::size_t room = kMessageMax - std::min(message_.size(), kMessageMax);
    message_.append(1, '\n').append(line.substr(message_column_, room));
    return Took::swallowed;
  }
  const std::size_t name = field_name_length(field);
  if (indent != kIndent || name < 2 || name == field.size() || field[name] != '=') {
    return Took::nothing;
  }
  const std::string_view key = field.substr(0, name);
  if (form_ == Form::none) {
    if (next_stamp_.empty() && !is_journal_field(key)) return Took::nothing;
    form_ = Form::verbose_lines;
    stamp_ = std::move(next_stamp_);
    next_stamp_.clear();
  }
  message_column_ = key == "MESSAGE" ? kIndent + name + 1 : 0;
  // Nothing but messages may be left of several entries.
  if (message_column_ != 0 && has_message_) {
    message_.append(1, '\n').append(
        field.substr(name + 1, kMessageMax - std::min(message_.size(), kMessageMax)));
  } else {
    note(key, {JsonValue::Kind::string, field.substr(name + 1), true}, number);
  }
  return Took::swallowed;
}

LogEntry::Took LogEntry::take_export_line(std::string_view line, std::uint64_t number) {
  if (line.empty()) return form_ == Form::none ? Took::nothing : Took::ended;
  const std::size_t name = field_name_length(line);
  if (name < 2) return Took::nothing;
  const std::string_view key = line.substr(0, name);
  if (name == line.size()) {
    // A name alone says that its value follows as counted bytes.
    if (form_ == Form::none) return Took::nothing;
    begin_raw(key);
    if (raw_is_message_) line_ = number;
    return Took::swallowed;
  }
  if (line[name] != '=') return Took::nothing;
  if (form_ == Form::none) {
    if (!is_journal_field(key)) return Took::nothing;
    form_ = Form::export_lines;
  }
  note(key, {JsonValue::Kind::string, line.substr(name + 1), true}, number);
  return Took::swallowed;
}

LogEntry::Took LogEntry::take_json_line(std::string_view line, std::uint64_t number,
                                        DamageCounts& damage) {
  std::string_view trimmed = without_blanks(line);
  if (array_ != Array::none) return take_array_line(trim_right(trimmed));
  if (trimmed.empty() || (trimmed[0] != '{' && trimmed[0] != '}' && trimmed[0] != '"')) {
    return Took::nothing;
  }
  trimmed = trim_right(trimmed);
  if (trimmed[0] == '{' || trimmed[0] == '}') {
    if (!is_json_punctuation(trimmed)) return Took::nothing;
    return form_ == Form::json_lines ? Took::ended : Took::swallowed;
  }
  const auto member = json_member_line(trimmed);
  if (!member) return Took::nothing;
  JsonLogFields probe;
  if (form_ == Form::none) {
    if (!probe.note(member->key, member->value) && !is_journal_field(member->key)) {
      return Took::nothing;
    }
    form_ = Form::json_lines;
  }
  if (!member->value.complete) {
    if (member->value.kind != JsonValue::Kind::array) return Took::nothing;
    const bool is_message =
        probe.note(member->key, member->value) && probe.message && !has_message_;
    array_ = is_message ? Array::message : Array::skipped;
    if (is_message) {
      has_message_ = true;
      message_.clear();
      line_ = number;
    }
    return Took::swallowed;
  }
  note(member->key, member->value, number);
  if (has_message_ && message_.size() >= kMessageMax) damage.add(Damage::line_too_long);
  return Took::swallowed;
}

LogEntry::Took LogEntry::take_array_line(std::string_view trimmed) {
  if (trimmed.empty()) return Took::swallowed;
  if (trimmed.back() == ',') trimmed.remove_suffix(1);
  if (trimmed == "]") {
    array_ = Array::none;
    return Took::swallowed;
  }
  Cursor cursor(trimmed);
  const auto byte = cursor.take_integer<int>();
  const bool is_byte = byte && *byte >= -128 && *byte <= 255 && cursor.at_end();
  if (!is_byte && array_ == Array::message) return Took::nothing;
  // Values of a field that has several are of no interest, but they end somewhere.
  if (!is_byte && trimmed.substr(0, 1) != "\"") return Took::nothing;
  if (array_ == Array::message && message_.size() < kMessageMax) {
    message_ += static_cast<char>(static_cast<std::uint8_t>(*byte));
  }
  return Took::swallowed;
}

void LogEntry::note(std::string_view key, const JsonValue& value, std::uint64_t number) {
  JsonLogFields probe;
  if (!probe.note(key, value)) return;
  if (probe.message) {
    if (has_message_) return;
    message_.clear();
    if (form_ != Form::json_lines) {
      message_.assign(value.text.substr(0, kMessageMax));
      has_message_ = true;
    } else {
      append_json_text(message_, value, kMessageMax);
      has_message_ = value.kind == JsonValue::Kind::string || value.kind == JsonValue::Kind::array;
    }
    line_ = number;
    return;
  }
  if (storage_.size() + value.text.size() > kStorage) return;
  const std::size_t begin = storage_.size();
  storage_.append(value.text);
  fields_.note(key, {value.kind, std::string_view(storage_).substr(begin), true});
}

void LogEntry::begin_raw(std::string_view key) {
  raw_ = Raw::length;
  wants_raw_ = kLengthBytes;
  raw_length_ = 0;
  raw_seen_ = 0;
  raw_is_message_ = key == "MESSAGE" && !has_message_;
}

void LogEntry::take_raw(std::string_view bytes, DamageCounts& damage) {
  while (!bytes.empty() && wants_raw_ != 0) {
    const std::string_view part = bytes.substr(0, wants_raw_);
    bytes.remove_prefix(part.size());
    wants_raw_ -= part.size();
    if (raw_ == Raw::length) {
      for (const char c : part) {
        raw_length_ |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(c)) << (8 * raw_seen_);
        ++raw_seen_;
      }
      if (wants_raw_ != 0) continue;
      if (raw_length_ > kRawMax) {
        damage.add(Damage::journal_binary_field);
        raw_ = Raw::none;
        clear();
        return;
      }
      raw_ = Raw::data;
      raw_seen_ = 0;
      wants_raw_ = raw_length_ + 1;  // A line's end stands behind the bytes.
      if (raw_is_message_) {
        message_.clear();
        has_message_ = true;
      }
      continue;
    }
    if (raw_is_message_) {
      const std::size_t left = raw_length_ - std::min<std::size_t>(raw_seen_, raw_length_);
      const std::size_t room = kMessageMax - std::min(message_.size(), kMessageMax);
      message_.append(part.substr(0, std::min(left, room)));
      if (room < std::min(left, part.size())) damage.add(Damage::line_too_long);
    }
    raw_seen_ += part.size();
    if (wants_raw_ == 0) raw_ = Raw::none;
  }
}

void LogEntry::fill(LogRecord& record) const {
  record.line = line_;
  record.framed = true;
  fill_from_json(record, fields_);
  if (form_ == Form::verbose_lines && record.stamp.empty()) record.stamp = stamp_;
}

void LogEntry::clear() {
  form_ = Form::none;
  raw_ = Raw::none;
  array_ = Array::none;
  stamp_.clear();
  message_column_ = 0;
  wants_raw_ = 0;
  has_message_ = false;
  message_.clear();
  storage_.clear();
  fields_ = {};
}

}  // namespace oomkit
