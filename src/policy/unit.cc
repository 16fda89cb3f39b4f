#include "policy/unit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/size_text.h"
#include "core/units.h"

namespace oomkit {
namespace {

std::string number_text(double value) {
  std::array<char, 64> text{};
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e15;
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.3g", value);
  return text.data();
}

Bytes clamped_bytes(double value) {
  constexpr double kLargest = 9e18;
  return Bytes(static_cast<std::int64_t>(std::clamp(value, -kLargest, kLargest)));
}

}  // namespace

std::string unit_name(PolicyUnit unit) {
  if (unit.truth) return "true or false";
  if (unit == kShare) return "a share";
  if (unit == kNumber) return "a number";
  if (unit == kSize) return "a size";
  if (unit == kTime) return "a time";
  if (unit == kSizePerTime) return "a size per second";
  if (unit == kPerTime) return "a number per second";
  std::string name;
  if (unit.bytes != 0) name = "bytes^" + std::to_string(unit.bytes);
  if (unit.seconds != 0) {
    if (!name.empty()) name += ' ';
    name += "s^" + std::to_string(unit.seconds);
  }
  return name;
}

std::string value_text(double value, PolicyUnit unit) {
  if (std::isnan(value)) return "unknown";
  if (unit.truth) return value != 0 ? "true" : "false";
  if (unit == kSize) return size_text(clamped_bytes(value));
  if (unit == kSizePerTime) return size_text(clamped_bytes(value)) + "/s";
  if (unit == kTime) return number_text(value) + " s";
  if (unit == kPerTime) return number_text(value) + "/s";
  if (unit == kShare) {
    std::array<char, 400> text{};  // The longest double has 309 digits.
    std::snprintf(text.data(), text.size(), "%.1f %%", value * 100);
    return text.data();
  }
  return number_text(value);
}

}  // namespace oomkit
