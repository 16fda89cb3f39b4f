// The guest's only clock: monotonic nanoseconds, and sleeping until one of them.
#pragma once

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace oomkit::guest {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;

inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

inline timespec timespec_of(std::int64_t ns) {
  return {ns / kNanosecondsPerSecond, ns % kNanosecondsPerSecond};
}

inline void sleep_until_ns(std::int64_t due) {
  const timespec when = timespec_of(due);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr) == EINTR) {
  }
}

}  // namespace oomkit::guest
