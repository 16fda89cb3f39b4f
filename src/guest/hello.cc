#include "guest/hello.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

namespace oomkit::guest {

int open_port() {
  const int port = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios settings{};
  if (port < 0 || tcgetattr(port, &settings) != 0) return port;
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL;
  cfsetspeed(&settings, B115200);
  tcsetattr(port, TCSANOW, &settings);
  return port;
}

void say_hello(Protocol& protocol, CgroupVersion version) {
  utsname names{};
  uname(&names);
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  Hello hello;
  hello.release = names.release;
  hello.boot_ms = boot.tv_sec * 1000 + boot.tv_nsec / 1'000'000;
  hello.cpus = sysconf(_SC_NPROCESSORS_ONLN);
  hello.page_size = sysconf(_SC_PAGESIZE);
  hello.cgroup = version == CgroupVersion::v1 ? "v1" : "v2";
  protocol.hello(hello);
  protocol.outlet().flush();
}

}  // namespace oomkit::guest
