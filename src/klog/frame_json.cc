#include "klog/frame_json.h"

#include <array>
#include <charconv>

#include "core/text.h"
#include "klog/frame_words.h"

namespace oomkit {
namespace {

// Goes over JSON text. Every step moves forward, so the whole is linear.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  void skip_blanks() {
    while (at_ < text_.size() && is_space(text_[at_]))
      ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  JsonValue take_value() {
    switch (peek()) {
      case '\0':
        return {};
      case '"':
        return take_string();
      case '{':
        return take_nested(JsonValue::Kind::object);
      case '[':
        return take_nested(JsonValue::Kind::array);
      default:
        return take_plain();
    }
  }

  JsonValue take_string() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"')
      at_ += text_[at_] == '\\' ? 2U : 1U;
    const bool complete = at_ < text_.size();
    if (at_ > text_.size()) at_ = text_.size();
    const JsonValue value{JsonValue::Kind::string, text_.substr(begin, at_ - begin), complete};
    if (complete) ++at_;
    return value;
  }

 private:
  JsonValue take_nested(JsonValue::Kind kind) {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        take_string();
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) {
        return {kind, text_.substr(begin, at_ - begin), true};
      }
    }
    return {kind, text_.substr(begin), false};
  }

  JsonValue take_plain() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' &&
           !is_space(text_[at_]))
      ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word.empty()) return {};
    const bool number = is_digit(word[0]) || word[0] == '-';
    return {number ? JsonValue::Kind::number : JsonValue::Kind::word, word, true};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// All members of one object, and of the objects in it that shippers wrap a record in.
void scan_object(std::string_view text, JsonLogFields& fields, std::size_t depth) {
  JsonScanner scanner(text);
  if (!scanner.take('{')) return;
  std::array<std::string_view, 4> wrappers;
  std::size_t wrapped = 0;
  while (scanner.peek() == '"') {
    const JsonValue key = scanner.take_string();
    if (!key.complete || !scanner.take(':')) break;
    const JsonValue value = scanner.take_value();
    if (!value) break;
    if (value.kind == JsonValue::Kind::object) {
      if (wrapped < wrappers.size()) wrappers[wrapped++] = value.text;
    } else {
      fields.note(key.text, value);
    }
    if (!scanner.take(',')) break;
  }
  if (depth == 0) return;
  for (std::size_t i = 0; i < wrapped && !fields.message; ++i)
    scan_object(wrappers[i], fields, depth - 1);
}

std::optional<std::int64_t> whole_number(const JsonValue& value) {
  if (!value) return std::nullopt;
  Cursor cursor(value.text);
  const auto number = cursor.take_integer<std::int64_t>();
  return number && cursor.at_end() ? number : std::nullopt;
}

std::optional<HostTime> microseconds(const JsonValue& value) {
  constexpr std::int64_t kMax = 9'000'000'000'000'000;
  const auto number = whole_number(value);
  if (!number || *number < 0 || *number > kMax) return std::nullopt;
  return HostTime(*number * 1000);
}

// "12.345678" as nanoseconds, without a detour over binary fractions.
std::optional<HostTime> decimal_seconds(const JsonValue& value) {
  if (value.kind != JsonValue::Kind::number) return std::nullopt;
  Cursor cursor(value.text);
  const auto seconds = cursor.take_integer<std::int64_t>();
  if (!seconds || *seconds < 0 || *seconds > 4'000'000'000) return std::nullopt;
  std::int64_t nanoseconds = 0;
  if (cursor.take(".")) {
    std::int64_t unit = 100'000'000;
    for (; is_digit(cursor.peek()); cursor.advance(1), unit /= 10)
      nanoseconds += unit * (cursor.peek() - '0');
  }
  if (!cursor.at_end()) return std::nullopt;
  return HostTime(*seconds * 1'000'000'000 + nanoseconds);
}

bool append_utf8(std::string& out, std::uint32_t code) {
  if (code > 0x10FFFF) return false;
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
  return true;
}

std::optional<std::uint32_t> take_hex4(Cursor& cursor) {
  std::uint32_t code = 0;
  const std::string_view digits = cursor.rest().substr(0, 4);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (error != std::errc() || end != digits.data() + 4) return std::nullopt;
  cursor.advance(4);
  return code;
}

// What stands behind a backslash.
void append_escape(std::string& out, Cursor& cursor) {
  const char c = cursor.peek();
  cursor.advance(1);
  constexpr std::string_view kLetters = "nrtbf";
  constexpr std::string_view kValues = "\n\r\t\b\f";
  if (const std::size_t letter = kLetters.find(c); letter != std::string_view::npos) {
    out += kValues[letter];
    return;
  }
  if (c != 'u') {
    out += c;
    return;
  }
  const auto high = take_hex4(cursor);
  if (!high) return;
  std::uint32_t code = *high;
  if (code >= 0xD800 && code < 0xDC00) {
    const std::size_t behind = cursor.offset();
    std::optional<std::uint32_t> low;
    if (cursor.take("\\u")) low = take_hex4(cursor);
    if (low && *low >= 0xDC00 && *low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10U) + (*low - 0xDC00);
    } else {
      cursor.rewind(behind);
      code = 0xFFFD;
    }
  } else if (code >= 0xDC00 && code < 0xE000) {
    code = 0xFFFD;
  }
  append_utf8(out, code);
}

bool append_byte_array(std::string& out, std::string_view text, std::size_t limit) {
  Cursor cursor(text);
  if (!cursor.take("[")) return false;
  while (true) {
    cursor.skip_spaces();
    const auto byte = cursor.take_integer<int>();
    if (!byte || *byte < -128 || *byte > 255) return cursor.take("]");
    if (out.size() >= limit) return false;
    out += static_cast<char>(static_cast<std::uint8_t>(*byte));
    cursor.skip_spaces();
    if (!cursor.take(",")) return cursor.take("]");
  }
}

}  // namespace

bool JsonLogFields::note(std::string_view key, const JsonValue& value) {
  struct Name {
    std::string_view key;
    JsonValue JsonLogFields::*field;
  };
  static constexpr Name kNames[] = {
      {"MESSAGE", &JsonLogFields::message},
      {"message", &JsonLogFields::message},
      {"log", &JsonLogFields::message},
      {"msg", &JsonLogFields::message},
      {"textPayload", &JsonLogFields::message},
      {"line", &JsonLogFields::message},
      {"_raw", &JsonLogFields::message},
      {"_HOSTNAME", &JsonLogFields::host},
      {"host", &JsonLogFields::host},
      {"hostname", &JsonLogFields::host},
      {"SYSLOG_IDENTIFIER", &JsonLogFields::ident},
      {"ident", &JsonLogFields::ident},
      {"appname", &JsonLogFields::ident},
      {"program", &JsonLogFields::ident},
      {"_TRANSPORT", &JsonLogFields::transport},
      {"__REALTIME_TIMESTAMP", &JsonLogFields::realtime},
      {"_SOURCE_REALTIME_TIMESTAMP", &JsonLogFields::realtime},
      {"time", &JsonLogFields::stamp},
      {"timestamp", &JsonLogFields::stamp},
      {"@timestamp", &JsonLogFields::stamp},
      {"PRIORITY", &JsonLogFields::level},
      {"priority", &JsonLogFields::level},
      {"pri", &JsonLogFields::level},
      {"level", &JsonLogFields::level_word},
      {"severity", &JsonLogFields::level_word},
      {"__MONOTONIC_TIMESTAMP", &JsonLogFields::monotonic_us},
      {"_SOURCE_MONOTONIC_TIMESTAMP", &JsonLogFields::monotonic_us_own},
  };
  for (const Name& name : kNames) {
    if (name.key != key) continue;
    JsonValue& field = this->*name.field;
    if (!field) field = value;
    if (key == "time" && value.kind == JsonValue::Kind::number) uptime_s = value;
    return true;
  }
  return false;
}

std::optional<JsonLogFields> scan_json_log(std::string_view text) {
  constexpr std::size_t kWrapperDepth = 2;
  text = trim_left(text);
  if (text.size() < 2 || text[0] != '{') return std::nullopt;
  JsonLogFields fields;
  scan_object(text, fields, kWrapperDepth);
  if (!fields.message) return std::nullopt;
  return fields;
}

std::optional<JsonMember> json_member_line(std::string_view line) {
  JsonScanner scanner(line);
  if (scanner.peek() != '"') return std::nullopt;
  const JsonValue key = scanner.take_string();
  if (!key.complete || !scanner.take(':')) return std::nullopt;
  const JsonValue value = scanner.take_value();
  if (!value) return std::nullopt;
  scanner.take(',');
  return scanner.peek() == '\0' ? std::optional(JsonMember{key.text, value}) : std::nullopt;
}

bool append_json_text(std::string& out, const JsonValue& value, std::size_t limit) {
  if (value.kind == JsonValue::Kind::array) return append_byte_array(out, value.text, limit);
  if (value.kind != JsonValue::Kind::string) return false;
  std::string_view rest = value.text.substr(0, limit);
  while (!rest.empty()) {
    const std::size_t plain = rest.find('\\');
    out.append(rest.substr(0, plain));
    if (plain == std::string_view::npos) break;
    Cursor cursor(rest);
    cursor.advance(plain + 1);
    if (!cursor.at_end()) append_escape(out, cursor);
    rest = cursor.rest();
  }
  return value.text.size() <= limit;
}

void fill_from_json(LogRecord& record, const JsonLogFields& fields) {
  if (fields.host.kind == JsonValue::Kind::string) record.host = fields.host.text;
  if (fields.ident.kind == JsonValue::Kind::string) {
    record.ident = fields.ident.text;
  } else if (fields.transport.text == "kernel") {
    record.ident = "kernel";
  }
  if (fields.stamp.kind == JsonValue::Kind::string) {
    record.stamp = fields.stamp.text;
  } else if (fields.realtime) {
    record.stamp = fields.realtime.text;
  }
  if (const auto level = whole_number(fields.level); level && *level >= 0 && *level <= 191) {
    record.level = static_cast<int>(*level & 7);
  } else if (const auto word = level_of_word(fields.level_word.text); word) {
    record.level = word;
  }
  record.uptime = microseconds(fields.monotonic_us_own);
  if (!record.uptime) record.uptime = microseconds(fields.monotonic_us);
  if (!record.uptime) record.uptime = decimal_seconds(fields.uptime_s);
}

}  // namespace oomkit
