#include "machine_setup.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <dirent.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "guest/machine.h"
#include "guest/modules.h"
#include "guest/small_file.h"

namespace oomkit {
namespace {

[[noreturn]] void give_up(const std::string& what) {
  std::printf("CHECK bad the machine: %s\n", what.c_str());
  end_machine();
}

// Those that need others come after them: round after round until none can be loaded more.
void load_what_can_be() {
  std::vector<std::string> waiting;
  if (DIR* const folder = ::opendir("/modules")) {
    while (const dirent* entry = ::readdir(folder)) {
      if (entry->d_name[0] != '.') waiting.push_back(std::string("/modules/") + entry->d_name);
    }
    ::closedir(folder);
  }
  while (std::erase_if(
      waiting, [](const std::string& path) { return guest::load_module(path.c_str(), "") == 0; })) {
  }
}

}  // namespace

void set_up_machine(Bytes swap) {
  if (const Status mounted = guest::mount_system(CgroupVersion::v2); !mounted)
    give_up(mounted.error().what);
  load_what_can_be();
  HostSpec host;
  host.swap = swap;
  host.swap_kind = SwapKind::zram;
  if (const Status made = guest::prepare_swap(host); !made) give_up(made.error().what);
  must_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
  guest::write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset");
}

std::string boot_word(std::string_view word, std::string_view otherwise) {
  const std::string line = " " + text_of_file("/proc/cmdline");
  const std::string sought = " " + std::string(word) + "=";
  const std::size_t at = line.find(sought);
  if (at == std::string::npos) return std::string(otherwise);
  const std::size_t begin = at + sought.size();
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

std::string text_of_file(const std::string& path) {
  std::vector<char> buffer(std::size_t{256} << 10);
  return std::string(guest::read_file(path.c_str(), buffer).text);
}

void must_write(const std::string& path, const std::string& value) {
  const int error = guest::write_file(path.c_str(), value);
  if (error != 0) give_up("cannot write " + value + " to " + path + ": " + std::strerror(error));
}

void say_check(bool holds, const std::string& name, const std::string& why) {
  std::printf("CHECK %s %s%s%s\n", holds ? "ok" : "bad", name.c_str(), why.empty() ? "" : ": ",
              why.c_str());
}

void end_machine() {
  std::puts("CHECKS OVER");
  std::fflush(stdout);
  ::sync();
  ::reboot(RB_AUTOBOOT);
  std::_Exit(0);
}

}  // namespace oomkit
