#include "io/child_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {
namespace {

// Between fork and exec: only calls that are safe while other threads hold locks.
struct Launch {
  const char* program;
  char* const* argv;
  char* const* envp;
  std::span<const int> inherited;
  int null_device;
  int output;
  int report;  // Where errno goes if it does not start.
  pid_t parent;
};

[[noreturn]] void become(const Launch& launch) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int number : {SIGPIPE, SIGINT, SIGTERM})
    ::sigaction(number, &usual, nullptr);
  bool ready = ::dup2(launch.null_device, STDIN_FILENO) >= 0 &&
               ::dup2(launch.output, STDOUT_FILENO) >= 0 &&
               ::dup2(launch.output, STDERR_FILENO) >= 0;
  for (const int fd : launch.inherited)
    ready = ready && ::fcntl(fd, F_SETFD, 0) == 0;
  // The parent may have ended before the kernel was asked to tell of it.
  if (::getppid() != launch.parent) ::_exit(127);
  if (ready) ::execve(launch.program, launch.argv, launch.envp);
  const int reason = errno;
  const ssize_t told = ::write(launch.report, &reason, sizeof reason);
  ::_exit(told == sizeof reason ? 127 : 126);
}

// By its number: the header that declares it lacks C linkage in glibc 2.36.
int open_handle(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

}  // namespace

Result<Pipe> make_pipe(std::size_t bytes) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return tl::unexpected(system_error("pipe", "cannot be made", errno));
  Pipe pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  // Refused beyond the user's share of pipe memory; the usual 64 KiB then do as well.
  ::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, static_cast<int>(bytes));
  return pipe;
}

Result<ChildProcess> ChildProcess::start(const ChildSpec& spec) {
  std::vector<std::string> words = {spec.program};
  words.insert(words.end(), spec.arguments.begin(), spec.arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables = spec.environment;
  std::vector<char*> envp;
  envp.reserve(variables.size() + 1);
  for (std::string& variable : variables)
    envp.push_back(variable.data());
  for (char** inherited = ::environ; inherited != nullptr && *inherited != nullptr; ++inherited)
    envp.push_back(*inherited);
  envp.push_back(nullptr);

  const FileDescriptor null_device(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null_device.get() < 0) return tl::unexpected(system_error("/dev/null", "cannot open", errno));
  OOMKIT_TRY(Pipe report, make_pipe(4096));
  const Launch launch{
      .program = spec.program.c_str(),
      .argv = argv.data(),
      .envp = envp.data(),
      .inherited = spec.inherited,
      .null_device = null_device.get(),
      .output = spec.output >= 0 ? spec.output : null_device.get(),
      .report = report.write_end.get(),
      .parent = ::getpid(),
  };
  const pid_t pid = ::fork();
  if (pid < 0) return tl::unexpected(system_error(spec.program, "cannot start", errno));
  if (pid == 0) become(launch);
  report.write_end = FileDescriptor();

  ChildProcess child(pid, FileDescriptor(open_handle(pid)));
  int reason = child.handle_.get() < 0 ? errno : 0;
  if (reason == 0) {
    // Ends without a word when the program has taken over.
    ssize_t got = 0;
    do {
      got = ::read(report.read_end.get(), &reason, sizeof reason);
    } while (got < 0 && errno == EINTR);
  }
  if (reason != 0) return tl::unexpected(system_error(spec.program, "cannot start", reason));
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), handle_(std::move(other.handle_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  end();
  wait();
}

std::optional<std::chrono::nanoseconds> ChildProcess::processor_time() const {
  clockid_t clock{};
  timespec used{};
  if (pid_ <= 0 || ::clock_getcpuclockid(pid_, &clock) != 0) return std::nullopt;
  if (::clock_gettime(clock, &used) != 0) return std::nullopt;
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void ChildProcess::end() {
  // Not yet waited for, so the number is still its own.
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

int ChildProcess::wait() {
  int status = 0;
  pid_t waited = 0;
  do {
    waited = ::waitpid(pid_, &status, 0);
  } while (waited < 0 && errno == EINTR);
  pid_ = -1;
  if (waited < 0) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<std::vector<bool>> wait_readable(std::span<const int> descriptors,
                                        std::chrono::milliseconds timeout) {
  std::vector<pollfd> waits;
  waits.reserve(descriptors.size());
  for (const int fd : descriptors)
    waits.push_back({fd, POLLIN, 0});
  constexpr std::int64_t kLongest = 60'000;
  const auto count = std::clamp<std::int64_t>(timeout.count(), 0, kLongest);
  if (::poll(waits.data(), waits.size(), static_cast<int>(count)) < 0 && errno != EINTR)
    return tl::unexpected(system_error("poll", "failed", errno));
  std::vector<bool> ready;
  ready.reserve(waits.size());
  for (const pollfd& wait : waits)
    ready.push_back(wait.revents != 0);
  return ready;
}

Result<std::size_t> read_some(int descriptor, std::span<char> buffer) {
  while (true) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return tl::unexpected(system_error("pipe", "cannot read", errno));
  }
}

std::string read_to_end(int descriptor, std::size_t bytes_max) {
  std::string text;
  std::array<char, 4096> block{};
  while (true) {
    const Result<std::size_t> got = read_some(descriptor, block);
    if (!got || *got == 0) return text;
    text.append(block.data(), std::min(*got, bytes_max - text.size()));
  }
}

}  // namespace oomkit
