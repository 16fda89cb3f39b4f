// A text, line by line, and a line, word by word: what the readers of the kernel's small files
// share.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/text.h"

namespace oomkit {

// The line that `rest` begins with, without its newline; `rest` is what follows.
inline std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// The next word between blanks; empty at the end.
inline std::string_view take_word(std::string_view& rest) {
  std::size_t begin = 0;
  while (begin < rest.size() && is_space(rest[begin]))
    ++begin;
  std::size_t end = begin;
  while (end < rest.size() && !is_space(rest[end]))
    ++end;
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

// Whether `text`, words between blanks, has `word`.
inline bool contains_word(std::string_view text, std::string_view word) {
  for (std::string_view next = take_word(text); !next.empty(); next = take_word(text)) {
    if (next == word) return true;
  }
  return false;
}

// Whether `list`, items between commas, has `item`.
inline bool list_has(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == item) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

// A whole word as a number; nothing if anything else is in it, or if it does not fit.
template <std::integral Integer>
std::optional<Integer> whole_number(std::string_view word) {
  Cursor cursor(word);
  const auto number = cursor.take_integer<Integer>();
  return number && cursor.at_end() ? number : std::nullopt;
}

}  // namespace oomkit
