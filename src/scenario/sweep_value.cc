#include "scenario/sweep_value.h"

#include <algorithm>
#include <cmath>

#include "core/size_text.h"
#include "core/text.h"
#include "scenario/units.h"

namespace oomkit {
namespace {

// The literal of a basic string of TOML.
std::string toml_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      literal.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte == 0x7f) {
      literal.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      literal += c;
    }
  }
  return literal + "\"";
}

// In the largest unit of which it is a whole number, so that it reads back as the same.
std::string bytes_text(std::int64_t bytes) {
  constexpr std::string_view kUnits = "TGMK";
  int shift = 40;
  for (const char unit : kUnits) {
    if (bytes != 0 && bytes % (std::int64_t{1} << shift) == 0)
      return std::to_string(bytes >> shift) + unit;
    shift -= 10;
  }
  return std::to_string(bytes);
}

std::string milliseconds_text(std::int64_t ms) {
  if (ms != 0 && ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms != 0 && ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms) + "ms";
}

// Memory comes in pages: what is drawn is a whole number of them, where it is not less than one.
std::int64_t rounded(std::int64_t amount, SweepUnit unit, const SweepDraw& range) {
  constexpr std::int64_t kPage = 4096;
  if (unit == SweepUnit::bytes && amount > kPage) amount -= amount % kPage;
  return std::clamp(amount, range.low, range.high);
}

// The part of the way from low to high at `share` (0 to 1) of it.
std::int64_t between(const SweepDraw& range, double share) {
  const auto low = static_cast<double>(range.low);
  const auto high = static_cast<double>(range.high);
  const double at = range.is_log ? low * std::pow(high / low, share) : low + (high - low) * share;
  return rounded(static_cast<std::int64_t>(std::llround(at)), range.unit, range);
}

}  // namespace

std::optional<std::pair<std::int64_t, SweepUnit>> parse_sweep_amount(std::string_view text) {
  Cursor cursor(text);
  if (const auto number = cursor.take_integer<std::int64_t>(); number && cursor.rest() == "%")
    return std::pair(*number, SweepUnit::percent);
  // "10m" is minutes, "10M" a size.
  const bool has_unit = !text.empty() && std::string_view("smh").find(text.back()) != text.npos;
  if (const auto duration = parse_duration(text); has_unit && duration)
    return std::pair(std::int64_t{duration->count()}, SweepUnit::milliseconds);
  if (const auto size = parse_size(text)) return std::pair(size->count(), SweepUnit::bytes);
  return std::nullopt;
}

SweepValue text_value(std::string_view text) {
  SweepValue value{std::string(text), toml_string(text), std::nullopt};
  if (const auto amount = parse_sweep_amount(text))
    value.number = static_cast<double>(amount->first);
  return value;
}

SweepValue number_value(std::int64_t number) {
  const std::string text = std::to_string(number);
  return {text, text, static_cast<double>(number)};
}

SweepValue amount_value(std::int64_t amount, SweepUnit unit) {
  switch (unit) {
    case SweepUnit::number:
      return number_value(amount);
    case SweepUnit::bytes:
      return text_value(bytes_text(amount));
    case SweepUnit::milliseconds:
      return text_value(milliseconds_text(amount));
    case SweepUnit::percent:
      break;
  }
  return text_value(std::to_string(amount) + "%");
}

std::vector<SweepValue> spread_values(const SweepDraw& range, std::int64_t count) {
  std::vector<SweepValue> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double share =
        static_cast<double>(i) / static_cast<double>(std::max<std::int64_t>(count - 1, 1));
    const SweepValue value = amount_value(between(range, share), range.unit);
    // Of a small range some would be the same.
    if (values.empty() || values.back().toml != value.toml) values.push_back(value);
  }
  return values;
}

SweepValue draw_value(const SweepDraw& draw, Random& random) {
  if (!draw.is_log)
    return amount_value(rounded(random.between(draw.low, draw.high), draw.unit, draw), draw.unit);
  constexpr std::int64_t kShares = std::int64_t{1} << 50;
  const double share =
      static_cast<double>(random.between(0, kShares)) / static_cast<double>(kShares);
  return amount_value(between(draw, share), draw.unit);
}

}  // namespace oomkit
