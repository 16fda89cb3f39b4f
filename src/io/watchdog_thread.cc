#include "io/watchdog_thread.h"

#include <cerrno>

#include <pthread.h>
#include <time.h>
#include <unistd.h>

namespace oomkit {
namespace {

constexpr std::size_t kWatchdogStack = std::size_t{32} * 1024;  // All of it gets locked.

void* keep_looking(void* argument) {
  const Watched charge = *static_cast<const Watched*>(argument);
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec patience{charge.patience_ns / kSecond, charge.patience_ns % kSecond};
  std::int64_t last = charge.beats->load();
  while (true) {
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &patience, nullptr);
    const std::int64_t now = charge.beats->load();
    if (now == last) {
      charge.stalls->fetch_add(1);
      const std::uint64_t one = 1;
      static_cast<void>(!::write(charge.wake_file, &one, sizeof one));
    }
    last = now;
  }
  return nullptr;
}

}  // namespace

int start_watchdog(const Watched& charge) {
  static Watched kept;
  kept = charge;
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kWatchdogStack);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, &attributes, keep_looking, &kept);
  ::pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace oomkit
