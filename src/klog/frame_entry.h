// Log entries that are written over several lines: journalctl -o export and -o verbose, and
// JSON objects printed one member a line (journalctl -o json-pretty, dmesg --json).
//
// An entry's lines are swallowed until its end and then are one record. Only lines that
// name a field of the journal open one, so ordinary text is not taken for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "klog/frame_json.h"
#include "klog/record.h"
#include "model/damage.h"

namespace oomkit {

class LogEntry {
 public:
  // No kernel message is longer than some kilobytes; what a program writes is cut here.
  static constexpr std::size_t kMessageMax = 256UL * 1024;

  enum class Took { nothing, swallowed, ended };

  LogEntry();

  // `nothing`: the line does not belong to an entry; one that was open has ended before it.
  Took take_line(std::string_view line, std::uint64_t number, DamageCounts& damage) {
    if (form_ == Form::none && !may_open(line)) return Took::nothing;
    return take_entry_line(line, number, damage);
  }

  // take_line() would do nothing.
  bool passes(std::string_view line) const { return form_ == Form::none && !may_open(line); }

  // Bytes of a binary field that stand where the next line would: see Framer::wants_raw().
  std::size_t wants_raw() const { return wants_raw_; }
  void take_raw(std::string_view bytes, DamageCounts& damage);

  bool open() const { return form_ != Form::none; }
  bool has_message() const { return has_message_; }
  std::string_view message() const { return message_; }
  // All but the text. Views live until clear().
  void fill(LogRecord& record) const;
  void clear();

 private:
  // Cheap, for it is asked of every line of every log.
  static bool may_open(std::string_view line) {
    if (line.size() < 2) return !line.empty() && (line[0] == '{' || line[0] == '}');
    const char first = line[0];
    if (first == '_' || (first >= 'A' && first <= 'Z')) {
      return line[1] == '_' || line[1] <= 'Z' || begins_like_verbose_head(line);
    }
    return first == ' ' || first == '\t' || first == '"' || first == '{' || first == '}';
  }

  // "Sat 2026-...]"
  static bool begins_like_verbose_head(std::string_view line) {
    return line.size() > 40 && line.back() == ']' && line[3] == ' ' && line[8] == '-';
  }

  Took take_entry_line(std::string_view line, std::uint64_t number, DamageCounts& damage);
  Took take_export_line(std::string_view line, std::uint64_t number);
  Took take_json_line(std::string_view line, std::uint64_t number, DamageCounts& damage);
  Took take_verbose_line(std::string_view line, std::uint64_t number);
  bool take_verbose_head(std::string_view line);
  Took take_array_line(std::string_view trimmed);
  void note(std::string_view key, const JsonValue& value, std::uint64_t number);
  void begin_raw(std::string_view key);

  enum class Form { none, export_lines, verbose_lines, json_lines } form_ = Form::none;
  enum class Raw { none, length, data } raw_ = Raw::none;

  // journalctl -o json-pretty prints what is no text as an array, a byte on each line.
  enum class Array { none, skipped, message } array_ = Array::none;

  // journalctl -o verbose: the time in an entry's head, which stands before the entry, and
  // where in the last line the message's text began (0: it was another field's).
  std::string next_stamp_;
  std::string stamp_;
  std::size_t message_column_ = 0;

  std::uint64_t line_ = 0;
  std::string message_;
  bool has_message_ = false;
  std::string storage_;  // Never grows beyond its first capacity: the fields point into it.
  JsonLogFields fields_;

  std::size_t wants_raw_ = 0;
  std::uint64_t raw_length_ = 0;
  std::size_t raw_seen_ = 0;
  bool raw_is_message_ = false;
};

}  // namespace oomkit
