#include "policy/growth_history.h"

#include <algorithm>

namespace oomkit {
namespace {

constexpr HostTime kFineBucket = std::chrono::milliseconds(250);
constexpr HostTime kCoarseBucket = std::chrono::seconds(1);
constexpr std::int64_t kGrain = 4096;

std::uint32_t grains_of(Bytes use) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(use.count() / kGrain, 0, std::int64_t{UINT32_MAX}));
}

std::int64_t bucket_of(HostTime time, HostTime width) {
  return time / width;
}

// Buckets that have passed since the last sample keep what was last seen; so does the present
// one, until now.
template <std::size_t N>
void carry(std::array<std::uint32_t, N>& ring, std::int64_t last, std::int64_t now,
           std::uint32_t value) {
  const std::int64_t steps = std::min<std::int64_t>(now - last, N);
  for (std::int64_t i = 0; i < steps; ++i)
    ring.at(static_cast<std::size_t>(now - i) % N) = value;
}

// The largest of the buckets that are over at `moment`, of those that the ring has.
template <std::size_t N>
std::uint32_t largest_before(const std::array<std::uint32_t, N>& ring, HostTime width, HostTime now,
                             HostTime moment) {
  std::uint32_t largest = 0;
  const std::int64_t newest = bucket_of(now, width);
  const std::int64_t end = bucket_of(moment, width);
  for (std::int64_t i = std::max<std::int64_t>(0, newest - std::int64_t{N} + 1); i < end; ++i)
    largest = std::max(largest, ring.at(static_cast<std::size_t>(i) % N));
  return largest;
}

}  // namespace

void GrowthHistory::begin(HostTime now, Bytes use, Bytes before) {
  fine_.fill(grains_of(before));
  coarse_.fill(grains_of(before));
  last_time_ = now;
  last_ = grains_of(before);
  add(now, use);
}

void GrowthHistory::add(HostTime now, Bytes use) {
  now = std::max(now, last_time_);
  carry(fine_, bucket_of(last_time_, kFineBucket), bucket_of(now, kFineBucket), last_);
  carry(coarse_, bucket_of(last_time_, kCoarseBucket), bucket_of(now, kCoarseBucket), last_);
  last_ = grains_of(use);
  last_time_ = now;
  std::uint32_t& fine = fine_.at(static_cast<std::size_t>(bucket_of(now, kFineBucket)) % kFine);
  std::uint32_t& coarse =
      coarse_.at(static_cast<std::size_t>(bucket_of(now, kCoarseBucket)) % kCoarse);
  fine = std::max(fine, last_);
  coarse = std::max(coarse, last_);
}

std::uint32_t GrowthHistory::record_before(HostTime moment) const {
  return std::max(largest_before(fine_, kFineBucket, last_time_, moment),
                  largest_before(coarse_, kCoarseBucket, last_time_, moment));
}

GrowthLadder GrowthHistory::growth() const {
  GrowthLadder ladder{};
  for (std::size_t step = 0; step < kWindowSteps; ++step) {
    const std::uint32_t record = record_before(last_time_ - window_of_step(step));
    ladder.at(step) = last_ > record ? (std::int64_t{last_} - record) * kGrain : 0;
  }
  return ladder;
}

Bytes GrowthHistory::last() const {
  return Bytes(std::int64_t{last_} * kGrain);
}

}  // namespace oomkit
