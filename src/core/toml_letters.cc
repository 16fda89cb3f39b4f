#include "core/toml_letters.h"

#include <algorithm>

namespace oomkit {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Where the string that begins at `begin` is over; npos if it has no end.
std::size_t end_of_string(std::string_view toml, std::size_t begin) {
  const char quote = toml[begin];
  const bool is_long = toml.substr(begin, 3) == std::string(3, quote);
  const std::size_t quotes = is_long ? 3 : 1;
  for (std::size_t at = begin + quotes; at < toml.size(); ++at) {
    if (toml[at] == '\n' && !is_long) return std::string_view::npos;
    if (toml[at] == '\\' && quote == '"') {
      ++at;
    } else if (toml.substr(at, quotes) == std::string(quotes, quote)) {
      at += quotes;
      // Up to two more belong to the string itself.
      while (is_long && at < toml.size() && toml[at] == quote)
        ++at;
      return at;
    }
  }
  return std::string_view::npos;
}

Diagnostic at_place(std::string_view toml, std::size_t at) {
  const std::string_view before = toml.substr(0, at);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0.
  Diagnostic diagnostic;
  diagnostic.line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  diagnostic.column = at - line_begin + 1;
  diagnostic.message = "only strings and comments may have characters beyond ASCII";
  diagnostic.hint = "a key or a name of this kind is written in quotes";
  return diagnostic;
}

}  // namespace

std::optional<Diagnostic> letter_outside_of_strings(std::string_view toml) {
  std::size_t at = toml.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  while (at < toml.size()) {
    const char byte = toml[at];
    if (byte == '#') {
      at = std::min(toml.find('\n', at), toml.size());
    } else if (byte == '"' || byte == '\'') {
      at = std::min(end_of_string(toml, at), toml.size());
    } else if (static_cast<unsigned char>(byte) >= 0x80) {
      return at_place(toml, at);
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

}  // namespace oomkit
