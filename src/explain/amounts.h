// Sums and shares of amounts that a log gave, and that may therefore be anything.
//
// Amount's own operators overflow like the integers they are; a cut or forged log can
// say 2^63 pages. All sums of this room go through these, which saturate.
#pragma once

#include <cstdint>

#include "core/units.h"

namespace oomkit {

constexpr std::int64_t saturated_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}
constexpr std::int64_t saturated_difference(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

template <class Unit>
constexpr Amount<Unit> plus(Amount<Unit> a, Amount<Unit> b) {
  return Amount<Unit>(saturated_sum(a.count(), b.count()));
}
template <class Unit>
constexpr Amount<Unit> minus(Amount<Unit> a, Amount<Unit> b) {
  return Amount<Unit>(saturated_difference(a.count(), b.count()));
}

// Whether `part` is at least that many per cent of `whole`. Doubles: exact to 1e-16 of
// the whole, and no product that overflows.
constexpr bool at_least(Bytes part, double percent, Bytes whole) {
  return static_cast<double>(part.count()) * 100.0 >= static_cast<double>(whole.count()) * percent;
}
constexpr double percent_of(Bytes part, Bytes whole) {
  if (whole.count() == 0) return 0;
  return 100.0 * static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

constexpr Bytes kMiB = Bytes(1 << 20);
constexpr Bytes kGiB = Bytes(1 << 30);

static_assert(plus(Bytes(INT64_MAX), Bytes(1)) == Bytes(INT64_MAX));
static_assert(minus(Bytes(INT64_MIN), Bytes(1)) == Bytes(INT64_MIN));
static_assert(at_least(Bytes(20), 20, Bytes(100)) && !at_least(Bytes(19), 20, Bytes(100)));

}  // namespace oomkit
