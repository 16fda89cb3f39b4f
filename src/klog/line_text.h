// Small pieces that the readers of kernel lines share: numbers, words, amounts.
//
// A number counts only if something follows it that ends it, or if the line is known to
// be whole: a log that was cut inside "anon-rss:1536" would otherwise give 15 kB. A
// number that does not fit is damage and no value, and is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/text.h"
#include "core/units.h"

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

// A decimal number at `at`, with a sign or without, and `at` behind it. Without one `at`
// stays where it is; behind one that does not fit it moves on, and the notes count it.
inline std::optional<std::int64_t> take_number(std::string_view text, std::size_t& at,
                                               LineNotes& notes) {
  std::size_t i = at;
  const bool negative = i < text.size() && text[i] == '-';
  if (negative) ++i;
  const std::size_t begin = i;
  std::uint64_t value = 0;
  while (i < text.size() && is_digit(text[i]) && i - begin < 19)
    value = value * 10 + static_cast<std::uint64_t>(text[i++] - '0');
  if (i == begin) return std::nullopt;
  const bool longer = i < text.size() && is_digit(text[i]);
  while (i < text.size() && is_digit(text[i]))
    ++i;
  at = i;
  if (longer || value > static_cast<std::uint64_t>(INT64_MAX)) {
    ++notes.overflows;
    return std::nullopt;
  }
  const auto positive = static_cast<std::int64_t>(value);
  return negative ? -positive : positive;
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
