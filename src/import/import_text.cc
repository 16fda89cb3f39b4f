#include "import/import_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace oomkit {
namespace {

constexpr double kNumberMost = 1e15;
constexpr double kDayS = 86'400;
constexpr double kMsPerS = 1000;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

ImportPlaces::ImportPlaces(std::string_view text) : begins_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') begins_.push_back(i + 1);
  }
}

std::size_t ImportPlaces::line(std::size_t offset) const {
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), offset);
  return static_cast<std::size_t>(after - begins_.begin());
}

Diagnostic ImportPlaces::diagnostic(std::size_t offset, std::size_t length, std::string message,
                                    std::string hint) const {
  Diagnostic place;
  place.line = line(offset);
  place.column = offset - begins_[place.line - 1] + 1;
  place.length = std::max<std::size_t>(1, length);
  place.message = std::move(message);
  place.hint = std::move(hint);
  return place;
}

std::optional<double> import_number(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || !std::isfinite(number) || std::signbit(number) || number > kNumberMost)
    return std::nullopt;
  return number;
}

std::string import_number_text(double number) {
  std::array<char, 400> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed)
          .ptr;
  return {digits.data(), end};
}

std::string import_time_text(double seconds) {
  const auto ms = static_cast<std::int64_t>(std::llround(std::min(seconds, kDayS) * kMsPerS));
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

std::string import_lasting_text(double seconds) {
  constexpr double kLeast = 0.001;
  return seconds < kLeast ? "" : " for " + import_time_text(seconds);
}

std::string toml_string(std::string_view text) {
  const bool is_plain =
      std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == '\''; });
  if (is_plain && text.find('\\') == std::string_view::npos &&
      text.find('"') == std::string_view::npos)
    return '"' + std::string(text) + '"';
  if (is_plain) return '\'' + std::string(text) + '\'';
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (is_control(c)) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      quoted += "\\u00";
      quoted += kDigits[byte >> 4U];
      quoted += kDigits[byte & 0xFU];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string comment_text(std::string_view text) {
  std::string plain(text);
  std::replace_if(plain.begin(), plain.end(), is_control, ' ');
  return plain;
}

std::string quoted_pattern(std::string_view name) {
  std::string pattern;
  for (const char c : name) {
    constexpr std::string_view kSpecial = "\\.+*?()|[]{}^$";
    if (kSpecial.find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace oomkit
