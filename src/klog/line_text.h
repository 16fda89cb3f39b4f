// Small pieces that the readers of kernel lines share: numbers, words, amounts.
//
// A number counts only if something follows it that ends it, or if the line is known to
// be whole: a log that was cut inside "anon-rss:1536" would otherwise give 15 kB. A
// number that does not fit is damage and no value, and is counted.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "core/text.h"
#include "core/units.h"
#include "klog/line_number.h"

namespace oomkit {

// What the reader of a line has to know of it, and what it found wrong with it.
struct LineNotes {
  bool cut = false;  // The input ends inside this line: what touches its end is doubtful.
  std::uint32_t overflows = 0;
};

constexpr bool is_word(char c) {
  return is_alpha(c) || is_digit(c) || c == '_';
}
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool equal_fold(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}
constexpr bool starts_fold(std::string_view text, std::string_view begin) {
  return text.size() >= begin.size() && equal_fold(text.substr(0, begin.size()), begin);
}
constexpr bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
constexpr bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

constexpr void skip_blanks(std::string_view text, std::size_t& at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t'))
    ++at;
}

// Numbers of 19 digits and more: those up to 2^63-1 are values, the rest is damage.
inline std::optional<std::int64_t> take_long_number(std::string_view text, std::size_t& at,
                                                    LineNotes& notes) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  at = static_cast<std::size_t>(end - text.data());
  if (error == std::errc()) return value;
  ++notes.overflows;
  return std::nullopt;
}

// A decimal number at `at`, with a sign or without, and `at` behind it. Without one `at`
// stays where it is; behind one that does not fit it moves on, and the notes count it.
inline std::optional<std::int64_t> take_number(std::string_view text, std::size_t& at,
                                               LineNotes& notes) {
  if (at >= text.size()) return std::nullopt;
  const bool negative = text[at] == '-';
  const char* const begin = text.data() + at + (negative ? 1 : 0);
  const char* const end = text.data() + text.size();
  const Digits digits = scan_digits(begin, end);
  if (digits.length == 0) return std::nullopt;
  if (digits.length > kDigitsMax) return take_long_number(text, at, notes);
  at += digits.length + (negative ? 1 : 0);
  const auto value = static_cast<std::int64_t>(digits.value);
  return negative ? -value : value;
}

// As take_number, but nothing if the number touches the end of a line that is cut.
inline std::optional<std::int64_t> take_ended_number(std::string_view text, std::size_t& at,
                                                     LineNotes& notes) {
  const auto number = take_number(text, at, notes);
  return notes.cut && at == text.size() ? std::nullopt : number;
}

// A number with its unit: "26372kB", "64KB", and "0lB", a slip of one release. The unit
// is the proof that the number is whole.
inline std::optional<KiB> take_kib(std::string_view text, std::size_t& at, LineNotes& notes) {
  std::size_t i = at;
  const auto number = take_number(text, i, notes);
  if (i == at || i + 1 >= text.size() || text[i + 1] != 'B') return std::nullopt;
  if (text[i] != 'k' && text[i] != 'K' && text[i] != 'l') return std::nullopt;
  at = i + 2;
  return number ? std::optional(KiB(*number)) : std::nullopt;
}

inline std::optional<int> as_int(std::optional<std::int64_t> number) {
  if (!number || *number < INT32_MIN || *number > INT32_MAX) return std::nullopt;
  return static_cast<int>(*number);
}

// Pids are at most PID_MAX_LIMIT on any kernel.
constexpr std::int64_t kPidMax = 4194304;

constexpr std::optional<std::int64_t> as_pid(std::optional<std::int64_t> number) {
  return number && *number > 0 && *number <= kPidMax ? number : std::nullopt;
}

}  // namespace oomkit
