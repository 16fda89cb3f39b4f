#include "policy/shares.h"

#include <algorithm>

#include "core/units.h"

namespace oomkit {
namespace {

constexpr std::int64_t kSaysNothing = std::int64_t{1} << 20;
// The window of 1 s tells whether somebody still grows; it is too short to tell who it was.
constexpr std::size_t kFirstShared = window_step(std::chrono::seconds(2));

}  // namespace

void GrowthShares::add(const GrowthLadder& one) {
  for (std::size_t step = 0; step < kWindowSteps; ++step)
    sums_.at(step) = (Bytes(sums_.at(step)) + Bytes(one.at(step))).count();
}

bool GrowthShares::any() const {
  return std::any_of(sums_.begin() + kFirstShared, sums_.end(),
                     [](std::int64_t sum) { return sum >= kSaysNothing; });
}

double GrowthShares::of(const GrowthLadder& one) const {
  double share = 0;
  int windows = 0;
  for (std::size_t step = kFirstShared; step < kWindowSteps; ++step) {
    if (sums_.at(step) < kSaysNothing) continue;
    share += static_cast<double>(one.at(step)) / static_cast<double>(sums_.at(step));
    ++windows;
  }
  return windows == 0 ? 0 : share / windows;
}

}  // namespace oomkit
