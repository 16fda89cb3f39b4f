// What has to be mounted before anything can be seen, and the sysctls of the host.
#include <array>
#include <cerrno>
#include <string>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "guest/machine.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

Status mount_at(const char* type, const char* folder, const char* options) {
  mkdir(folder, 0755);
  if (mount(type, folder, type, 0, options) == 0 || errno == EBUSY) return {};
  return fail(ErrorCode::unsupported, "cannot mount " + std::string(type) + " at " + folder + ": " +
                                          std::string(error_sentence(errno)));
}

Status write_sysctl(const Setting& setting) {
  const PathText path = sysctl_path(setting.file);
  const int error = write_file(path.c_str(), setting.value);
  if (error == 0) return {};
  return fail(ErrorCode::io, "cannot set " + setting.file + " to \"" + setting.value +
                                 "\": " + std::string(error_name(error)) + " (" +
                                 std::string(error_sentence(error)) + ")");
}

// Loopback, for socket buffers.
void raise_loopback() {
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0) return;
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(any, SIOCSIFFLAGS, &request);
  close(any);
}

}  // namespace

Status mount_system(CgroupVersion version) {
  struct Mount {
    const char* type;
    const char* folder;
    const char* options;
  };
  constexpr std::array<Mount, 5> kAlways = {{{"proc", "/proc", nullptr},
                                             {"sysfs", "/sys", nullptr},
                                             {"devtmpfs", "/dev", nullptr},
                                             {"tmpfs", "/tmp", nullptr},
                                             {"tmpfs", "/data", nullptr}}};
  for (const Mount& one : kAlways) {
    if (const Status mounted = mount_at(one.type, one.folder, one.options); !mounted)
      return mounted;
  }
  if (version == CgroupVersion::v2) return mount_at("cgroup2", "/sys/fs/cgroup", nullptr);
  if (const Status base = mount_at("tmpfs", "/sys/fs/cgroup", nullptr); !base) return base;
  if (const Status memory = mount_at("cgroup", "/sys/fs/cgroup/memory", "memory"); !memory) {
    return fail(ErrorCode::unsupported,
                "this kernel has no memory controller of cgroup v1: " + memory.error().what);
  }
  return mount_at("cgroup", "/sys/fs/cgroup/cpuset", "cpuset");
}

Status prepare_host(const HostSpec& host) {
  raise_loopback();
  write_file("/proc/sys/kernel/sysrq", "1");
  // The bounds of TCP come from the RAM at boot, and are too low here for socket buffers
  // that fill a cgroup.
  write_file("/proc/sys/net/ipv4/tcp_mem", "1000000 2000000 3000000");
  for (const Setting& setting : host.sysctl) {
    if (const Status set = write_sysctl(setting); !set) return set;
  }
  // A panic's report must be on the console: nothing else is left then.
  write_file("/proc/sys/kernel/printk", "8");
  return {};
}

std::uint64_t seed_of_command_line() {
  std::array<char, 4096> buffer{};
  const FileText line = read_file("/proc/cmdline", buffer);
  Cursor cursor(line.text);
  if (!cursor.take_until("oomkit.seed=")) return 0;
  return cursor.take_integer<std::uint64_t>().value_or(0);
}

}  // namespace oomkit::guest
