// PID 1 of a machine with a Debian root on its disk, for as long as it takes to get there: loads
// the modules for the disk, copies what the test brought along (/payload) into that root, and
// hands over to its systemd.
#include <filesystem>
#include <system_error>

#include <sys/mount.h>
#include <unistd.h>

#include "machine_setup.h"

namespace oomkit {
namespace {

[[noreturn]] void give_up(const char* what) {
  say_check(false, what, "");
  end_machine();
}

int run() {
  set_up_machine(Bytes(0));
  namespace fs = std::filesystem;
  fs::create_directory("/root");
  if (::mount("/dev/vda", "/root", "ext4", MS_NOATIME, "") != 0) give_up("the disk is mounted");
  std::error_code problem;
  fs::copy("/payload", "/root",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks |
               fs::copy_options::overwrite_existing,
           problem);
  if (problem) give_up("the test is copied to the disk");
  // systemd mounts its own, and would take these for somebody else's.
  for (const char* folder : {"/sys/fs/cgroup", "/sys", "/dev", "/tmp", "/data", "/proc"})
    ::umount2(folder, MNT_DETACH);
  // The root in memory cannot be left, only covered.
  if (::chdir("/root") != 0 || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 ||
      ::chroot(".") != 0)
    give_up("the disk becomes the root");
  ::execl("/sbin/init", "init", nullptr);
  give_up("systemd is started");
}

}  // namespace
}  // namespace oomkit

int main() {
  return oomkit::run();
}
