#include "policy/text_place.h"

#include <algorithm>

#include "scenario/table_reader.h"

namespace oomkit {
namespace {

// Begin of a line (from 1) of the source.
std::size_t line_begin(std::string_view source, std::size_t line) {
  std::size_t at = 0;
  for (std::size_t i = 1; i < line; ++i) {
    const std::size_t end = source.find('\n', at);
    if (end == std::string_view::npos) return source.size();
    at = end + 1;
  }
  return at;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// How many bytes of source and of value one step is: an escape stands for one character, which
// may have several bytes.
struct Step {
  std::size_t source = 1;
  std::size_t value = 1;
};

Step step_at(std::string_view rest, bool escapes) {
  if (!escapes || rest.size() < 2 || rest[0] != '\\') return {};
  if (rest[1] == 'u' || rest[1] == 'U') {
    const std::size_t digits = rest[1] == 'u' ? 4 : 8;
    unsigned long code = 0;
    for (std::size_t i = 2; i < std::min(rest.size(), digits + 2); ++i) {
      const char c = rest[i];
      const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
      code = code * 16 + static_cast<unsigned long>(std::max(0, digit));
    }
    const std::size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    return {std::min(rest.size(), digits + 2), bytes};
  }
  if (rest[1] == '\n' || rest[1] == ' ' || rest[1] == '\t' || rest[1] == '\r') {
    // The end of a line that goes on: all blanks after it are no part of the value.
    const std::size_t end = std::min(rest.find_first_not_of(" \t\r\n", 1), rest.size());
    return {end, 0};
  }
  return {2, 1};
}

}  // namespace

Diagnostic place_in_text(std::string_view source, const toml::source_region& region,
                         std::size_t offset, std::size_t length) {
  Diagnostic found = diagnostic_at(region, "");
  std::size_t at = line_begin(source, region.begin.line);
  // Columns of toml++ count characters.
  for (std::size_t column = 1; column < region.begin.column && at < source.size(); ++column) {
    ++at;
    while (at < source.size() && is_continuation(source[at]))
      ++at;
  }
  if (at >= source.size() || (source[at] != '"' && source[at] != '\'')) return found;
  const char quote = source[at];
  const bool multiline = source.substr(at, 3) == std::string_view(quote == '"' ? "\"\"\"" : "'''");
  at += multiline ? 3 : 1;
  if (multiline && source.substr(at, 2) == "\r\n") ++at;
  if (multiline && at < source.size() && source[at] == '\n') ++at;
  for (std::size_t value = 0; at < source.size();) {
    const Step step = step_at(source.substr(at), quote == '"');
    if (value >= offset && step.value > 0) break;
    value += step.value;
    at += step.source;
  }
  at = std::min(at, source.size());
  const std::size_t before = at == 0 ? std::string_view::npos : source.rfind('\n', at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  found.line = static_cast<std::size_t>(std::count(
                   source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
               1;
  found.column = at - begin + 1;
  const std::size_t end = std::min(source.find('\n', at), source.size());
  found.length = std::clamp<std::size_t>(length, 1, std::max<std::size_t>(1, end - at));
  return found;
}

}  // namespace oomkit
