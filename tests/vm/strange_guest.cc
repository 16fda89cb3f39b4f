// A first program of a virtual machine that does not do what oom-guest does: says nothing,
// ends at once, or speaks nonsense. What it does is its argument: what stands behind "--" on
// the kernel's command line.
#include <cstring>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

void say(const char* text) {
  ::mkdir("/dev", 0755);
  ::mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr);
  const int port = ::open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
  const ssize_t written = ::write(port, text, std::strlen(text));
  static_cast<void>(written);
  ::close(port);  // Waits until it is sent.
}

}  // namespace

int main(int argc, char** argv) {
  const char* const what = argc > 1 ? argv[argc - 1] : "";
  if (std::strcmp(what, "die") == 0) {
    say("hello {\"protocol\":1}\n");
    ::reboot(RB_AUTOBOOT);
  }
  if (std::strcmp(what, "nonsense") == 0) {
    say("what?\nevent {\nhello {\"protocol\":1}\nbegin {\"uptime_us\":1}\nevent 7\nend {}\n");
    ::reboot(RB_AUTOBOOT);
  }
  if (std::strcmp(what, "stranger") == 0) {
    say("hello {\"protocol\":99}\n");
    ::reboot(RB_AUTOBOOT);
  }
  while (true)
    ::pause();
}
