// What wakes a waiting program, and who is told of its health.
#include "io/wake_set.h"

#include <array>
#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/io_testing.h"
#include "io/kept_file.h"
#include "io/service_manager.h"
#include "io/watchdog_thread.h"

namespace oomkit {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

TEST(WakeSet, TellsWhoWokeIt) {
  WakeSet set = std::move(WakeSet::create()).value();
  const FileDescriptor one(::eventfd(0, EFD_NONBLOCK));
  const FileDescriptor other(::eventfd(1, EFD_NONBLOCK));
  const FileDescriptor handle(::eventfd(0, EFD_NONBLOCK));
  ASSERT_EQ(set.add(one.get(), 3, false), 0);
  const std::int64_t begin = boot_time_ns();
  EXPECT_EQ(set.wait({}, 20 * kMillisecond), 0U);
  EXPECT_GE(boot_time_ns() - begin, 20 * kMillisecond);
  ASSERT_EQ(set.add(other.get(), 5, false), 0);
  EXPECT_EQ(set.wait({}, 1'000 * kMillisecond), 1U << 5);
  std::uint64_t count = 0;
  ASSERT_GT(::read(other.get(), &count, sizeof count), 0);
  ASSERT_GT(::write(handle.get(), &(count = 1), sizeof count), 0);
  const std::array<int, 1> handles = {handle.get()};
  EXPECT_EQ(set.wait(handles, 10'000 * kMillisecond), 0U) << "woken, but by no tag";
  EXPECT_LT(boot_time_ns() - begin, 9'000 * kMillisecond);
}

TEST(WakeSet, SignalsAreReadAndDoNothingElse) {
  const FileDescriptor signals = take_signals();
  ASSERT_GE(signals.get(), 0);
  EXPECT_FALSE(next_signal(signals.get()).has_value());
  ::kill(::getpid(), SIGHUP);
  EXPECT_EQ(next_signal(signals.get()), SIGHUP);
}

TEST(WakeSet, APressureTriggerIsTakenOrRefusedByTheKernel) {
  const FileDescriptor trigger =
      open_pressure_trigger("/proc/pressure/memory", "full", 100'000, 2'000'000);
  if (trigger.get() < 0) GTEST_SKIP() << "this kernel has no pressure triggers for us";
  WakeSet set = std::move(WakeSet::create()).value();
  EXPECT_EQ(set.add(trigger.get(), 1, true), 0);
  EXPECT_LT(open_pressure_trigger("/proc/pressure/memory", "half", 1, 2'000'000).get(), 0);
}

TEST(ServiceManager, HearsWhatItIsTold) {
  const TemporaryDirectory place;
  const std::string path = place.path("notify");
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const ServiceManager manager = ServiceManager::at(path);
  ASSERT_TRUE(manager.is_there());
  EXPECT_TRUE(manager.tell("READY=1"));
  std::array<char, 32> buffer{};
  EXPECT_EQ(::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT), 7);
  EXPECT_STREQ(buffer.data(), "READY=1");
  EXPECT_FALSE(ServiceManager::at(place.path("nobody")).is_there());
  EXPECT_FALSE(ServiceManager::at("").tell("READY=1"));
}

TEST(WatchdogThread, NoticesWhoStandsStill) {
  static std::atomic<std::int64_t> beats{0};
  static std::atomic<std::int64_t> stalls{0};
  const FileDescriptor wake(::eventfd(0, 0));
  ASSERT_EQ(start_watchdog({&beats, &stalls, wake.get(), 20 * kMillisecond}), 0);
  std::uint64_t count = 0;
  ASSERT_EQ(::read(wake.get(), &count, sizeof count), ssize_t{sizeof count});
  EXPECT_GE(stalls, 1);
}

}  // namespace
}  // namespace oomkit
