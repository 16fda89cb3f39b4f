#include "io/forked_child.h"

#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {

Result<ForkedChild> ForkedChild::start(const std::function<void()>& run) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return tl::unexpected(system_error("a process", "cannot start", errno));
  if (pid > 0) return ForkedChild(pid);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // It was gone before that could be asked for.
  ::setpgid(0, 0);
  for (const int number : {SIGINT, SIGTERM, SIGPIPE})
    ::signal(number, SIG_DFL);
  run();
  ::_exit(0);
}

ForkedChild::ForkedChild(ForkedChild&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

ForkedChild::~ForkedChild() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace oomkit
