// Log lines that are JSON objects: docker's json-file, journalctl -o json, log shippers.
//
// Not a JSON reader: it goes over one object once, left to right, and notes where the
// values stand that a log record is made of. An object that is cut off is taken as far as
// it goes, for container runtimes cut long lines. Nothing is copied until asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "klog/record.h"

namespace oomkit {

// A value as it stands in the text: a string without its quotes and still escaped, or the
// words of a number, an array, null.
struct JsonValue {
  enum class Kind { absent, string, number, array, object, word } kind = Kind::absent;
  std::string_view text;
  bool complete = true;  // False if the text ended inside the value.

  explicit operator bool() const { return kind != Kind::absent; }
};

// What a log's object says, by the names that its writers use.
struct JsonLogFields {
  JsonValue message;
  JsonValue host, ident, transport, stamp, realtime, level, level_word;
  JsonValue monotonic_us;      // Of the journal.
  JsonValue monotonic_us_own;  // By the writer's own clock: better.
  JsonValue uptime_s;          // dmesg --json.

  bool note(std::string_view key, const JsonValue& value);  // False: no name of interest.
};

// The fields of the object that `text` begins with. Nothing if it is no object or has
// nothing that could be a message.
std::optional<JsonLogFields> scan_json_log(std::string_view text);

// One member of an object printed over several lines: `"KEY" : value,`.
struct JsonMember {
  std::string_view key;
  JsonValue value;
};
std::optional<JsonMember> json_member_line(std::string_view line);

// A string's escapes, or an array of byte values, undone and appended to `out`; at most
// `limit` bytes. False if the value is neither, or longer.
bool append_json_text(std::string& out, const JsonValue& value, std::size_t limit);

// What the fields but the message say, put into `record`. Views point into the fields' text.
void fill_from_json(LogRecord& record, const JsonLogFields& fields);

}  // namespace oomkit
