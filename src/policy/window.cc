#include "policy/window.h"

#include <algorithm>

namespace oomkit {
namespace {

double seconds_between(const WindowRing::Sample& a, const WindowRing::Sample& b) {
  return std::chrono::duration<double>(b.time - a.time).count();
}

}  // namespace

void WindowRing::push(HostTime now, double value, HostTime window) {
  if (count > 0 && now <= newest().time) {
    samples.at(static_cast<std::size_t>(count) - 1).value = value;
    return;
  }
  // The newest is replaced while it is nearer to the one before it than the spacing that lets
  // all of the window fit.
  const HostTime spacing = window / static_cast<std::int64_t>(kSamples - 3);
  const bool crowded = count >= 2 && now - samples.at(count - 2U).time < spacing;
  if (crowded) --count;
  std::size_t stale = 0;
  while (stale + 1 < count && now - samples.at(stale + 1).time >= window)
    ++stale;
  if (count - stale == kSamples) ++stale;
  std::move(samples.begin() + static_cast<std::ptrdiff_t>(stale), samples.begin() + count,
            samples.begin());
  count = static_cast<std::uint8_t>(count - stale);
  samples.at(count++) = {now, value};
}

bool WindowRing::covers(HostTime window) const {
  return count >= 2 && newest().time - samples.front().time >= window / 2;
}

Known<double> WindowRing::difference_per_second(HostTime window) const {
  if (!covers(window)) return {};
  return (newest().value - samples.front().value) / seconds_between(samples.front(), newest());
}

Known<double> WindowRing::slope_per_second(HostTime window) const {
  if (!covers(window)) return {};
  double mean_time = 0;
  double mean_value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    mean_time += seconds_between(samples.front(), samples.at(i)) / count;
    mean_value += (samples.at(i).value - samples.front().value) / count;
  }
  double covariance = 0;
  double variance = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double time = seconds_between(samples.front(), samples.at(i)) - mean_time;
    covariance += time * (samples.at(i).value - samples.front().value - mean_value);
    variance += time * time;
  }
  return covariance / variance;
}

}  // namespace oomkit
