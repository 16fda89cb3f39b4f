// The last samples of a number, thinned out to cover a window of time in fixed room; and the
// ladder of windows that record growth is measured over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/known.h"
#include "core/time.h"

namespace oomkit {

// 1, 2, 4, 8, 16, 32, 64 s.
inline constexpr std::size_t kWindowSteps = 7;
constexpr HostTime window_of_step(std::size_t step) {
  return std::chrono::seconds(std::int64_t{1} << step);
}
// The step of a window; kWindowSteps if it is none of the ladder's.
constexpr std::size_t window_step(HostTime window) {
  std::size_t step = 0;
  while (step < kWindowSteps && window_of_step(step) != window)
    ++step;
  return step;
}

struct WindowRing {
  static constexpr std::size_t kSamples = 16;
  struct Sample {
    HostTime time{0};
    double value = 0;
  };
  std::array<Sample, kSamples> samples;  // Oldest first.
  std::uint8_t count = 0;

  // One sample at or before the window's begin is kept, so that the window is covered. With a
  // window of 0 that is the sample before.
  void push(HostTime now, double value, HostTime window);
  void clear() { count = 0; }
  const Sample& newest() const { return samples.at(static_cast<std::size_t>(count) - 1); }

  // policy/state_archive.h
  template <class Archive>
  void walk(Archive& archive) {
    archive.number(count);
    if constexpr (Archive::kReads) {
      if (count > kSamples) {
        archive.refuse();
        count = 0;
      }
    }
    for (std::size_t index = 0; index < count; ++index) {
      archive.past(samples.at(index).time);
      archive.number(samples.at(index).value);
      if constexpr (Archive::kReads) {
        if (index > 0 && samples.at(index).time <= samples.at(index - 1).time) archive.refuse();
      }
    }
  }

  // (last - first) / time between; unknown before half of the window is covered.
  Known<double> difference_per_second(HostTime window) const;
  // By least squares.
  Known<double> slope_per_second(HostTime window) const;

 private:
  bool covers(HostTime window) const;
};

}  // namespace oomkit
