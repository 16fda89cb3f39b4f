#include "scenario/units.h"

#include <charconv>
#include <cmath>
#include <string>

#include "core/text.h"

namespace oomkit {

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  const std::string quoted = "duration \"" + std::string(text) + "\": ";
  if (text.empty() || !is_digit(text.front()) || error != std::errc()) {
    return fail(ErrorCode::usage, quoted + "expected a number, as in \"250ms\", \"1s\", \"2m\"");
  }
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  double factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s" || unit.empty()) factor = 1000;
  if (unit == "m" || unit == "min") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (factor == 0) return fail(ErrorCode::usage, quoted + "the unit must be one of ms, s, m, h");
  constexpr double kMillisecondsMax = 1e12;  // Thirty years.
  if (number * factor > kMillisecondsMax)
    return fail(ErrorCode::usage, quoted + "longer than 30 years");
  return std::chrono::milliseconds(std::llround(number * factor));
}

}  // namespace oomkit
