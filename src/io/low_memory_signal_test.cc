// Warnings of low memory on a bus of the test's own: heard by who listens, refused while another
// has the name.
#include "io/low_memory_signal.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "io/io_testing.h"
#include "io/machine.h"

namespace oomkit {
namespace {

using ::testing::HasSubstr;

class LowMemorySignalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto program = find_program("dbus-daemon");
    if (!program) GTEST_SKIP() << "dbus-daemon is not installed";
    const std::string socket = files_.path("bus");
    const std::string config = files_.write(
        "bus.conf",
        "<busconfig><type>system</type><listen>unix:path=" + socket +
            "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>"
            "<allow own=\"*\"/><allow send_destination=\"*\"/><allow "
            "receive_sender=\"*\"/></policy></busconfig>");
    const std::string option = "--config-file=" + config;
    daemon_ = ::fork();
    if (daemon_ == 0) {
      ::execl(program->c_str(), "dbus-daemon", "--nofork", option.c_str(), nullptr);
      ::_exit(126);
    }
    for (int tries = 0; tries < 1000 && !std::filesystem::exists(socket); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + socket).c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    if (daemon_ <= 0) return;
    ::kill(daemon_, SIGKILL);
    ::waitpid(daemon_, nullptr, 0);
  }

  TemporaryDirectory files_;
  pid_t daemon_ = -1;
};

TEST_F(LowMemorySignalTest, WhoListensHearsTheLevel) {
  Result<LowMemorySignal> signal = LowMemorySignal::create();
  ASSERT_TRUE(signal) << signal.error().what;
  sd_bus* listener = nullptr;
  ASSERT_GE(sd_bus_open_system(&listener), 0);
  int heard = -1;
  const auto hear = [](sd_bus_message* message, void* into, sd_bus_error*) {
    std::uint8_t level = 0;
    sd_bus_message_read(message, "y", &level);
    *static_cast<int*>(into) = level;
    return 0;
  };
  // As GLib does: what the owner of the name says.
  ASSERT_GE(
      sd_bus_match_signal(listener, nullptr, "org.freedesktop.LowMemoryMonitor",
                          "/org/freedesktop/LowMemoryMonitor", "org.freedesktop.LowMemoryMonitor",
                          "LowMemoryWarning", hear, &heard),
      0);
  for (const int level : {50, 100, 255}) {
    const Status warned = signal->warn(static_cast<std::uint8_t>(level));
    ASSERT_TRUE(warned) << warned.error().what;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (heard != level && std::chrono::steady_clock::now() < until) {
      if (sd_bus_process(listener, nullptr) == 0) sd_bus_wait(listener, 100'000);
    }
    EXPECT_EQ(heard, level);
  }
  sd_bus_flush_close_unref(listener);
}

TEST_F(LowMemorySignalTest, AnotherOneWithTheNameIsSaid) {
  const Result<LowMemorySignal> first = LowMemorySignal::create();
  ASSERT_TRUE(first) << first.error().what;
  const Result<LowMemorySignal> second = LowMemorySignal::create();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr("low-memory-monitor runs here"));
}

TEST(LowMemorySignalAlone, NoBusIsAnError) {
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/no/such/bus", 1);
  const Result<LowMemorySignal> signal = LowMemorySignal::create();
  ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  ASSERT_FALSE(signal);
  EXPECT_THAT(signal.error().what, HasSubstr("cannot be reached"));
}

}  // namespace
}  // namespace oomkit
