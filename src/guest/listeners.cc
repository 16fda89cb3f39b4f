#include "guest/listeners.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guest/small_file.h"
#include "scenario/names.h"

namespace oomkit::guest {
namespace {

tl::unexpected<Error> refused(const ListenerSpec& spec, int error) {
  return fail(ErrorCode::unsupported, "the kernel refuses the listener " + spec.name + " on " +
                                          spec.file + ": " + std::string(error_name(error)) + " (" +
                                          std::string(error_sentence(error)) + ")");
}

// v1: "<eventfd> <file> <arguments>" into cgroup.event_control.
int register_eventfd(const Stage& stage, const ListenerSpec& spec, int eventfd, int file) {
  const auto parts = split_cgroup_file(spec.file);
  if (!parts) return EINVAL;
  PathText line;
  line.append(eventfd).append(" ").append(file);
  if (!spec.arguments.empty()) line.append(" ").append(spec.arguments);
  const PathText control(memory_folder(stage, parts->cgroup).view(), "/cgroup.event_control");
  return write_file(control.c_str(), line.view());
}

}  // namespace

Result<Listener> Listener::create(const Stage& stage, const ListenerSpec& spec) {
  Listener listener;
  listener.spec_ = &spec;
  const PathText path = real_path(stage, spec.file);
  const bool is_pressure =
      spec.file.ends_with("memory.pressure") || spec.file.starts_with("/proc/pressure/");
  const int mode = is_pressure ? O_RDWR : O_RDONLY;
  const int file = open(path.c_str(), mode | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return refused(spec, errno);
  listener.file_ = file;
  listener.poll_events_ = POLLPRI;
  if (is_pressure) {
    // The kernel wants the terminating zero.
    const ssize_t written = ::write(file, spec.arguments.c_str(), spec.arguments.size() + 1);
    if (written < 0) return refused(spec, errno);
  } else if (stage.cgroup == CgroupVersion::v1) {
    listener.file_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    listener.is_eventfd_ = true;
    listener.poll_events_ = POLLIN;
    const int error = register_eventfd(stage, spec, listener.file_, file);
    if (error != 0) return refused(spec, error);
    close(file);
  } else {
    char first = '\0';  // Changes count from the first reading on.
    static_cast<void>(pread(file, &first, 1, 0));
  }
  return listener;
}

bool Listener::take(short revents, std::span<char> buffer) {
  if ((revents & poll_events_) == 0) return false;
  if (is_eventfd_) {
    std::uint64_t count = 0;
    if (::read(file_, &count, sizeof count) != sizeof count) return false;
  } else {
    read_open_file(file_, buffer);
  }
  ++fired_;
  return true;
}

Result<std::vector<Listener>> create_listeners(const Plan& plan) {
  std::vector<Listener> listeners;
  if (plan.scenario->listeners.size() > kListenersMax) {
    return fail(ErrorCode::usage,
                "the scenario has more than " + std::to_string(kListenersMax) + " listeners");
  }
  for (const ListenerSpec& spec : plan.scenario->listeners) {
    OOMKIT_TRY(Listener listener, Listener::create(*plan.stage, spec));
    listeners.push_back(listener);
  }
  return listeners;
}

}  // namespace oomkit::guest
