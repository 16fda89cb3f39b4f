// Holds many sleeping processes of differing sizes while its standard input is open.
//
//   make_processes COUNT
//
// Prints "ready" when all are there. At the end of its input, and if it dies itself, they
// end: each by its number, and by the kernel's word of the parent's death.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count_argument.h"

namespace {

// As on a host: one is large, and all others small, of sizes of which few are equal; 5,000 of
// them are no burden.
std::size_t size_of(int number) {
  constexpr std::size_t kLarge = std::size_t{128} << 20;
  return number == 0 ? kLarge : static_cast<std::size_t>(number % 16) * 16 * 1024;
}

void be_one(int number, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);
  const std::size_t size = size_of(number);
  if (size > 0) {
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) std::memset(memory, 1, size);
  }
  while (true)
    ::pause();
}

}  // namespace

int main(int count, char** arguments) {
  const int wanted = oomkit::bench::count_argument(count, arguments);
  if (wanted == 0) {
    std::fputs("usage: make_processes COUNT\n", stderr);
    return 2;
  }
  const pid_t self = ::getpid();
  std::vector<pid_t> children;
  int status = 0;
  for (int i = 0; i < wanted && status == 0; ++i) {
    const pid_t child = ::fork();
    if (child == 0) be_one(i, self);
    if (child < 0) {
      std::perror("make_processes: fork");
      status = 1;
    } else {
      children.push_back(child);
    }
  }
  if (status == 0) {
    std::puts("ready");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
  }
  for (const pid_t child : children)
    ::kill(child, SIGKILL);
  for (const pid_t child : children)
    ::waitpid(child, nullptr, 0);
  return status;
}
