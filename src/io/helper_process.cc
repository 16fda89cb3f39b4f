#include "io/helper_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <optional>

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
constexpr timespec kEndsWithin{2, 0};

bool is_at_end(int pipe) {
  pollfd end{pipe, POLLIN, 0};
  return ::poll(&end, 1, 0) == 1;
}

// What the keeper waits for; blocked, so that nothing comes unawaited.
sigset_t awaited_signals() {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, kSignalHelperHangs);
  return awaited;
}

// What is told of the helper before says nothing of the next one.
void forget_the_last(const sigset_t& awaited) {
  constexpr timespec kNow{0, 0};
  while (::sigtimedwait(&awaited, nullptr, &kNow) > 0) {
  }
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

// One that waits in the kernel may not end, ever.
void end_helper(pid_t helper, const sigset_t& awaited) {
  ::kill(helper, SIGKILL);
  while (::waitpid(helper, nullptr, WNOHANG) == 0 &&
         ::sigtimedwait(&awaited, nullptr, &kEndsWithin) > 0) {
  }
}

// Nothing: it ended well.
std::optional<HelperEnd> wait_for_helper(pid_t helper, const sigset_t& awaited) {
  while (true) {
    int status = 0;
    const pid_t changed = ::waitpid(helper, &status, WNOHANG | WUNTRACED);
    if (changed < 0) return std::nullopt;
    if (changed == helper && WIFSTOPPED(status)) {
      end_helper(helper, awaited);
      return HelperEnd::stopped;
    }
    if (changed == helper) {
      const bool is_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
      return is_well ? std::nullopt : std::optional(HelperEnd::ended);
    }
    if (::sigwaitinfo(&awaited, nullptr) == kSignalHelperHangs) {
      end_helper(helper, awaited);
      return HelperEnd::hung;
    }
  }
}

// The life of the keeper.
void keep_helper(const WithHelper& plan, int program_gone) {
  ::prctl(PR_SET_NAME, "oom-keeper");
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU})
    ::signal(number, SIG_IGN);
  const sigset_t awaited = awaited_signals();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &awaited, &before);
  HelperEnd last = HelperEnd::ended;
  for (int restarts = 0;; ++restarts) {
    const bool was_gone = is_at_end(program_gone);
    forget_the_last(awaited);
    const pid_t helper = ::fork();
    if (helper == 0) {
      ::sigprocmask(SIG_SETMASK, &before, nullptr);
      ::prctl(PR_SET_NAME, "oom-helper");
      plan.helper(program_gone, restarts, last);
      ::_exit(0);
    }
    const auto end = helper > 0 ? wait_for_helper(helper, awaited) : HelperEnd::ended;
    // What the program said last is written by one more helper, not by any number of them.
    if (was_gone || (!end && is_at_end(program_gone))) break;
    last = end.value_or(HelperEnd::ended);
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
