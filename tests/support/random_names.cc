#include <array>
#include <string_view>

#include "tests/support/random_parts.h"

namespace oomkit::test {
namespace {

constexpr std::array<std::string_view, 14> kPlainComms = {
    "java",   "mysqld",          "nginx",   "postgres", "python3",      "systemd", "kworker/u8:1",
    "chrome", "containerd-shim", "php-fpm", "node",     "stress-ng-vm", "sshd",    "dockerd"};

// What a name may look like to a reader that trusts blanks, brackets or commas.
constexpr std::array<std::string_view, 30> kNastyComms = {"web worker",
                                                          "Web Content",
                                                          "in:imjournal",
                                                          "runc:[2:INIT]",
                                                          "a) b",
                                                          "(sd-pam)",
                                                          "x,pid=7",
                                                          "[migration/0]",
                                                          "100",
                                                          "\"quoted\"",
                                                          "it's",
                                                          "caf\xc3\xa9",
                                                          "\xd0\xb1\xd0\xb0\xd0\xb7\xd0\xb0",
                                                          "\x80\xfd\xc3(",
                                                          "a: b",
                                                          "Out of memory",
                                                          "a\x01z",
                                                          "<b>&co</b>",
                                                          "x=1,order=3",
                                                          "-",
                                                          "task=a",
                                                          "Node 0 DMA:",
                                                          "$(reboot)",
                                                          ") total-vm",
                                                          ",uid=0",
                                                          "[ pid ]",
                                                          ") score 1",
                                                          "x), now y",
                                                          "a, UID 0,",
                                                          "a|b;c"};

constexpr std::array<std::string_view, 12> kPlainGroups = {
    "system.slice", "web.service", "user.slice", "session-2.scope", "kubepods.slice", "pod1234",
    "docker",       "lxc",         "app",        "machine.slice",   "init.scope",     "build"};

constexpr std::array<std::string_view, 6> kNastyGroups = {
    "a b", "x,task=y", "caf\xc3\xa9", "dev-disk\\x2d1.swap", "a:b", "<i>"};

// None tells the architecture, and with it the page size.
constexpr std::array<std::string_view, 4> kReleaseTails = {"-333.el9", "+", "-28-generic",
                                                           "-1-pve"};

template <std::size_t N>
std::string_view pick(Random& random, const std::array<std::string_view, N>& list) {
  return list[static_cast<std::size_t>(random.between(0, N - 1))];
}

}  // namespace

std::string random_comm(Random& random, bool nasty) {
  if (nasty && random.chance(2)) return "";
  std::string comm(nasty && random.chance(40) ? pick(random, kNastyComms)
                                              : pick(random, kPlainComms));
  if (random.chance(20)) comm += std::to_string(random.between(0, 99));
  comm.resize(std::min<std::size_t>(comm.size(), 15));
  return comm;
}

std::string random_cgroup(Random& random, bool nasty) {
  std::string path;
  for (std::int64_t depth = random.between(1, 4); depth > 0; --depth) {
    path += "/";
    path += nasty && random.chance(8) ? pick(random, kNastyGroups) : pick(random, kPlainGroups);
  }
  if (random.chance(25)) {
    path += "/cri-containerd-";
    for (int i = 0; i < 64; ++i)
      path += "0123456789abcdef"[random.between(0, 15)];
    path += ".scope";
  }
  return path;
}

std::string random_release(Random& random, const KernelVersion& version) {
  std::string release = std::to_string(version.major) + "." + std::to_string(version.minor);
  release += "." + std::to_string(version.patch != 0 ? version.patch : random.between(0, 99));
  if (random.chance(70)) release += pick(random, kReleaseTails);
  return release;
}

std::int64_t random_amount(Random& random) {
  if (random.chance(30)) return 0;
  if (random.chance(2)) return random.between(0, INT64_MAX);
  const std::int64_t bits = random.between(1, 31);
  return random.between(0, (std::int64_t{1} << bits) - 1);
}

}  // namespace oomkit::test
