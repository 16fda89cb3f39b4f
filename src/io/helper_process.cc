#include "io/helper_process.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file_descriptor.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr unsigned kBetweenHelpers = 1;  // Seconds.

bool is_at_end(int pipe) {
  pollfd end{pipe, POLLIN, 0};
  return ::poll(&end, 1, 0) == 1;
}

// How the child ended; it is ours alone.
bool ended_well(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return true;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The life of the keeper.
void keep_helper(const WithHelper& plan, int program_gone) {
  ::prctl(PR_SET_NAME, "oom-keeper");
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE})
    ::signal(number, SIG_IGN);
  for (int restarts = 0;; ++restarts) {
    const bool was_gone = is_at_end(program_gone);
    const pid_t helper = ::fork();
    if (helper == 0) {
      ::prctl(PR_SET_NAME, "oom-helper");
      plan.helper(program_gone, restarts);
      ::_exit(0);
    }
    const bool is_well = helper > 0 && ended_well(helper);
    // What the program said last is written by one more helper, not by any number of them.
    if (was_gone || (is_well && is_at_end(program_gone))) break;
    ::sleep(kBetweenHelpers);
  }
  plan.clean_up();
}

}  // namespace

Error become_with_helper(const WithHelper& plan) {
  std::array<int, 2> ends{-1, -1};
  // The program keeps its end over exec, and only by that it is known to live.
  if (::pipe(ends.data()) != 0) return system_error("pipe", "cannot be made", errno);
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const pid_t keeper = ::fork();
  if (keeper < 0) return system_error("a process", "cannot start", errno);
  if (keeper == 0) {
    write_end = FileDescriptor();
    if (plan.not_for_helper >= 0) ::close(plan.not_for_helper);
    keep_helper(plan, read_end.get());
    ::_exit(0);
  }
  ::fcntl(read_end.get(), F_SETFD, FD_CLOEXEC);
  std::vector<std::string> words = {plan.program};
  for (const std::string& argument : plan.arguments)
    words.push_back(argument == "%" ? std::to_string(keeper) : argument);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(plan.program.c_str(), argv.data());
  const int reason = errno;
  write_end = FileDescriptor();  // So the helper ends, and the keeper after it.
  ::waitpid(keeper, nullptr, 0);
  return system_error(plan.program, "cannot start", reason);
}

int append_to_file(const std::string& path, const std::string& text) {
  constexpr mode_t kForOurGroup = 0640;
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kForOurGroup));
  if (file.get() < 0) return errno;
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written < 0) return errno;
  return static_cast<std::size_t>(written) == text.size() ? 0 : ENOSPC;
}

}  // namespace oomkit
