// JSON text, written as it is known, never held as a tree.
//
// Hand-written for a measured reason: an explanation of a log that is all reports is
// about three times as large as the log, and must stream within 64 MiB at 100 MB/s of
// input; a DOM library needs the tree in memory and dumps slower than that.
//
// The text is always valid JSON and valid UTF-8: bytes that are not UTF-8 come out as
// U+FFFD, control characters escaped. Commas and nesting are kept by the writer; a
// value without a key in an object, or a missing end, is a bug and stops the program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"

namespace oomkit {

// Whether `text` stands in a string literal as it is.
bool is_plain_json(std::string_view text);

class JsonWriter {
 public:
  // Appends to `out`, which the caller may drain between any two calls.
  explicit JsonWriter(std::string& out) : out_(&out) {}

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  // A name that stands in our source and needs no escaping: the fast path of records.
  void plain_key(std::string_view name) {
    word_field(name, "");
    after_key_ = true;
  }
  // A whole value that the caller has put into JSON itself.
  void raw(std::string_view json) { begin_raw().append(json); }
  // The same without a copy: the caller appends the value to the text that it is given.
  std::string& begin_raw() {
    separate();
    return *out_;
  }

  void null();
  void value(bool flag);
  void value(std::int64_t number);
  void value(std::uint64_t number);
  void value(int number) { value(static_cast<std::int64_t>(number)); }
  void value(double number);  // Shortest text that reads back the same; null if not finite.
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(Bytes bytes) { value(bytes.count()); }
  template <class T>
  void value(const std::optional<T>& maybe) {
    maybe ? value(*maybe) : null();
  }

  template <class T>
  void field(std::string_view name, const T& content) {
    if (is_plain_json(name)) {
      plain_field(name, content);
    } else {
      key(name);
      value(content);
    }
  }
  template <class T>
  void plain_field(std::string_view name, const T& content) {
    plain_key(name);
    value(content);
  }
  template <class T>
  void plain_field(std::string_view name, const std::optional<T>& maybe) {
    maybe ? plain_field(name, *maybe) : word_field(name, "null");
  }
  // Most fields are numbers: key and value are put together and appended once.
  void plain_field(std::string_view name, std::int64_t number);
  void plain_field(std::string_view name, int number) {
    plain_field(name, static_cast<std::int64_t>(number));
  }
  void plain_field(std::string_view name, Bytes bytes) { plain_field(name, bytes.count()); }
  void plain_field(std::string_view name, bool flag) { word_field(name, flag ? "true" : "false"); }

 private:
  struct Level {
    bool is_object;
    bool has_items;
  };

  void begin_key();
  bool put_key(char*& at, std::string_view name);
  void word_field(std::string_view name, std::string_view word);
  void separate();
  void begin(char bracket);
  void end(char bracket);

  std::string* out_;
  std::vector<Level> levels_;  // One per open object or array.
  bool after_key_ = false;
};

// The JSON string literal of `text` with its quotes, appended to `out`.
void append_json_string(std::string& out, std::string_view text);

}  // namespace oomkit
