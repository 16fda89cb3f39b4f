// What systemd is asked for, and what becomes of its refusal. At the other end of the bus
// stands this test.
#include "io/systemd_scope.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

namespace oomkit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What was asked for, read from the message as its signature says.
struct Asked {
  std::string unit, mode;
  std::vector<std::string> properties;
  std::vector<std::uint32_t> pids;
  std::vector<std::string> controllers;
};

Asked read_request(sd_bus_message* request) {
  Asked asked;
  const char* unit = nullptr;
  const char* mode = nullptr;
  EXPECT_STREQ(sd_bus_message_get_signature(request, 1), "ssa(sv)a(sa(sv))");
  sd_bus_message_read(request, "ss", &unit, &mode);
  asked.unit = unit;
  asked.mode = mode;
  sd_bus_message_enter_container(request, 'a', "(sv)");
  while (sd_bus_message_enter_container(request, 'r', "sv") > 0) {
    const char* name = nullptr;
    const char* content = nullptr;
    sd_bus_message_read(request, "s", &name);
    asked.properties.emplace_back(name);
    sd_bus_message_peek_type(request, nullptr, &content);
    sd_bus_message_enter_container(request, 'v', content);
    if (asked.properties.back() == "PIDs") {
      const void* pids = nullptr;
      std::size_t bytes = 0;
      sd_bus_message_read_array(request, 'u', &pids, &bytes);
      const auto* const begin = static_cast<const std::uint32_t*>(pids);
      asked.pids.assign(begin, begin + bytes / sizeof(std::uint32_t));
    } else if (asked.properties.back() == "DelegateControllers") {
      const char* controller = nullptr;
      sd_bus_message_enter_container(request, 'a', "s");
      while (sd_bus_message_read(request, "s", &controller) > 0)
        asked.controllers.emplace_back(controller);
      sd_bus_message_exit_container(request);
    } else {
      sd_bus_message_skip(request, content);
    }
    sd_bus_message_exit_container(request);
    sd_bus_message_exit_container(request);
  }
  return asked;
}

// The bus and its only service, for one caller.
class Refusing {
 public:
  explicit Refusing(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the call wants it.
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_, 1);
    thread_ = std::thread([this] { serve(); });
  }
  Refusing(const Refusing&) = delete;
  Refusing& operator=(const Refusing&) = delete;
  ~Refusing() {
    // Wakes an accept() to which nobody came.
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }

  const Asked& asked() {
    thread_.join();
    return asked_;
  }

 private:
  void serve() {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    sd_bus* bus = nullptr;
    sd_id128_t id{};
    sd_id128_randomize(&id);
    sd_bus_new(&bus);
    sd_bus_set_fd(bus, fd, fd);
    sd_bus_set_server(bus, 1, id);
    sd_bus_set_anonymous(bus, 1);
    sd_bus_start(bus);
    bool refused = false;
    while (!refused) {
      sd_bus_message* message = nullptr;
      const int result = sd_bus_process(bus, &message);
      if (result < 0) break;
      if (message != nullptr) {
        refused = answer(message);
        sd_bus_message_unref(message);
      } else if (result == 0) {
        sd_bus_wait(bus, UINT64_MAX);
      }
    }
    sd_bus_flush_close_unref(bus);
  }

  bool answer(sd_bus_message* message) {
    if (sd_bus_message_is_method_call(message, nullptr, "Hello") > 0) {
      sd_bus_reply_method_return(message, "s", ":1.1");
      return false;
    }
    if (sd_bus_message_is_method_call(message, nullptr, "StartTransientUnit") <= 0) return false;
    asked_ = read_request(message);
    sd_bus_reply_method_errorf(message, "org.freedesktop.DBus.Error.AccessDenied",
                               "Access denied as the test wants it");
    return true;
  }

  int listener_;
  Asked asked_;
  std::thread thread_;
};

TEST(SystemdScope, ADelegatedOneIsAskedForAndARefusalIsToldInItsWords) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("oomkit-bus-" + std::to_string(::getpid())))
          .string();
  Refusing systemd(path);
  const std::string address = "unix:path=" + path;
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", address.c_str(), 1);
  ::setenv("DBUS_SESSION_BUS_ADDRESS", address.c_str(), 1);
  const Status started = start_own_scope("oomkit-run-1.scope", "a test", {4711});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::denied);
  EXPECT_THAT(started.error().what, HasSubstr("Access denied as the test wants it"));
  const Asked& asked = systemd.asked();
  EXPECT_EQ(asked.unit, "oomkit-run-1.scope");
  EXPECT_EQ(asked.mode, "fail");
  EXPECT_THAT(asked.controllers, ElementsAre("memory")) << "and no other, which would stay";
  EXPECT_THAT(asked.properties,
              ElementsAre("Description", "DelegateControllers", "CollectMode", "PIDs"));
  EXPECT_THAT(asked.pids, ElementsAre(static_cast<std::uint32_t>(::getpid()), 4711U));
  std::filesystem::remove(path);
}

TEST(SystemdScope, WithoutABusItSaysThat) {
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  ::setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  const Status started = start_own_scope("x.scope", "a test", {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, HasSubstr("D-Bus"));
}

}  // namespace
}  // namespace oomkit
