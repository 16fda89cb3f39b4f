#include "io/systemd_scope.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

#include <systemd/sd-bus.h>
#include <unistd.h>

#include "io/machine.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
struct DropMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;
using Message = std::unique_ptr<sd_bus_message, DropMessage>;

Error bus_error(std::string_view what, int result) {
  return bare_system_error("systemd", what, -result);
}

Result<Bus> open_bus() {
  sd_bus* bus = nullptr;
  const int result = is_root() ? sd_bus_open_system(&bus) : sd_bus_open_user(&bus);
  if (result < 0) return tl::unexpected(bus_error("cannot be reached by D-Bus", result));
  return Bus(bus);
}

// StartTransientUnit(name, mode, properties, auxiliary units): man org.freedesktop.systemd1.
Result<Message> make_request(sd_bus* bus, const std::string& name, const std::string& description,
                             const std::vector<std::uint32_t>& pids) {
  sd_bus_message* raw = nullptr;
  int result = sd_bus_message_new_method_call(
      bus, &raw, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
      "org.freedesktop.systemd1.Manager", "StartTransientUnit");
  Message request(raw);
  const auto then = [&](int next) {
    if (result >= 0) result = next;
  };
  then(sd_bus_message_append(raw, "ss", name.c_str(), "fail"));
  then(sd_bus_message_open_container(raw, 'a', "(sv)"));
  then(sd_bus_message_append(raw, "(sv)", "Description", "s", description.c_str()));
  // Not "Delegate", which would have systemd hand every controller down to us from the root on,
  // and leave them so.
  then(sd_bus_message_append(raw, "(sv)", "DelegateControllers", "as", 1, "memory"));
  // Gone also when it failed, which a scope does whose processes were killed.
  then(sd_bus_message_append(raw, "(sv)", "CollectMode", "s", "inactive-or-failed"));
  then(sd_bus_message_open_container(raw, 'r', "sv"));
  then(sd_bus_message_append(raw, "s", "PIDs"));
  then(sd_bus_message_open_container(raw, 'v', "au"));
  then(sd_bus_message_append_array(raw, 'u', pids.data(), pids.size() * sizeof(std::uint32_t)));
  then(sd_bus_message_close_container(raw));
  then(sd_bus_message_close_container(raw));
  then(sd_bus_message_close_container(raw));
  then(sd_bus_message_append(raw, "a(sa(sv))", 0));
  if (result < 0) return tl::unexpected(bus_error("request cannot be made", result));
  return request;
}

bool in_cgroup_named(std::uint32_t pid, const std::string& name) {
  constexpr std::size_t kCgroupsMax = 64UL << 10;
  const std::string path = "/proc/" + std::to_string(pid) + "/cgroup";
  const std::string text = read_whole(path, kCgroupsMax).value_or("");
  return text.find("/" + name + "\n") != std::string::npos;
}

}  // namespace

bool systemd_runs() {
  return is_folder("/run/systemd/system");
}

Status start_own_scope(const std::string& name, const std::string& description,
                       const std::vector<pid_t>& others) {
  using namespace std::chrono_literals;
  OOMKIT_TRY(const Bus bus, open_bus());
  std::vector<std::uint32_t> pids = {static_cast<std::uint32_t>(::getpid())};
  for (const pid_t pid : others)
    pids.push_back(static_cast<std::uint32_t>(pid));
  OOMKIT_TRY(const Message request, make_request(bus.get(), name, description, pids));
  constexpr std::uint64_t kTimeoutUs = 10'000'000;
  sd_bus_error error{};
  const int result = sd_bus_call(bus.get(), request.get(), kTimeoutUs, &error, nullptr);
  const std::string reason = error.message != nullptr ? error.message : "";
  sd_bus_error_free(&error);
  if (result < 0) {
    if (reason.empty()) return tl::unexpected(bus_error("makes no scope for us", result));
    return fail(ErrorCode::denied, "systemd: makes no scope for us: " + reason);
  }
  // The answer is a job; that it is done shows in what counts for us. systemd moves one process
  // after the other, in any order: who goes on before all are there makes it fail with the rest.
  constexpr int kAttempts = 500;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (std::all_of(pids.begin(), pids.end(),
                    [&](std::uint32_t pid) { return in_cgroup_named(pid, name); }))
      return {};
    std::this_thread::sleep_for(10ms);
  }
  return fail(ErrorCode::io, "systemd: " + name + " was not started within 5 s");
}

}  // namespace oomkit
