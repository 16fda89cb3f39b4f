#include "policy/shares.h"

#include "core/units.h"

namespace oomkit {
namespace {

constexpr std::int64_t kSaysNothing = std::int64_t{1} << 20;

}  // namespace

void GrowthShares::add(const GrowthLadder& one) {
  for (std::size_t step = 0; step < kWindowSteps; ++step)
    sums_.at(step) = (Bytes(sums_.at(step)) + Bytes(one.at(step))).count();
}

bool GrowthShares::any() const {
  for (const std::int64_t sum : sums_) {
    if (sum >= kSaysNothing) return true;
  }
  return false;
}

double GrowthShares::of(const GrowthLadder& one) const {
  double share = 0;
  int windows = 0;
  for (std::size_t step = 0; step < kWindowSteps; ++step) {
    if (sums_.at(step) < kSaysNothing) continue;
    share += static_cast<double>(one.at(step)) / static_cast<double>(sums_.at(step));
    ++windows;
  }
  return windows == 0 ? 0 : share / windows;
}

}  // namespace oomkit
