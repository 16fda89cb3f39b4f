// What a number of a policy is a number of.
//
// Bytes to the power of `bytes` and seconds to the power of `seconds`: a rate of memory is
// {1, -1}, a time {0, 1}, a plain number {0, 0}. A share ("4%") is a plain number that is
// written times a hundred; it is kept apart because `psi(...) > 40` is a mistake.
#pragma once

#include <cstdint>
#include <string>

namespace oomkit {

struct PolicyUnit {
  std::int8_t bytes = 0;
  std::int8_t seconds = 0;
  bool share = false;
  bool truth = false;  // true or false, no number.

  friend bool operator==(const PolicyUnit&, const PolicyUnit&) = default;
};

inline constexpr PolicyUnit kNumber{};
inline constexpr PolicyUnit kShare{0, 0, true, false};
inline constexpr PolicyUnit kSize{1, 0, false, false};
inline constexpr PolicyUnit kTime{0, 1, false, false};
inline constexpr PolicyUnit kSizePerTime{1, -1, false, false};
inline constexpr PolicyUnit kPerTime{0, -1, false, false};
inline constexpr PolicyUnit kTruth{0, 0, false, true};

// "a size", "a share", "a size per second".
std::string unit_name(PolicyUnit unit);
// "37.0 MiB", "4.0 %", "1.5 s", "true".
std::string value_text(double value, PolicyUnit unit);

}  // namespace oomkit
