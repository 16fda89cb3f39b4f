#include "io/guardian.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/child_process.h"
#include "io/own_cgroup.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr std::size_t kWordsMax = std::size_t{1} << 20;
constexpr char kAllDone = '.';

// Nothing of the owner's is kept: a pipe that it writes to shall end with it.
void let_go_of_files(int kept) {
  const long limit = ::sysconf(_SC_OPEN_MAX);
  constexpr long kUsual = 1024;
  if (::close_range(0, static_cast<unsigned>(kept) - 1, 0) != 0 ||
      ::close_range(static_cast<unsigned>(kept) + 1, ~0U, 0) != 0) {
    // Before 5.9.
    for (int fd = 0; fd < (limit > 0 && limit < kUsual ? limit : kUsual); ++fd) {
      if (fd != kept) ::close(fd);
    }
  }
  for (int fd = 0; fd <= STDERR_FILENO; ++fd)
    static_cast<void>(::open("/dev/null", O_RDWR));
}

void undo_one(Undo undo, const std::string& folder) {
  switch (undo) {
    case Undo::cgroup:
      remove_cgroup(folder);
      break;
    case Undo::controller:
      static_cast<void>(withdraw_controller(folder, "memory"));
      break;
    case Undo::home:
      static_cast<void>(move_into_cgroup(folder, 0));
      break;
  }
}

// One "cFOLDER" and a NUL for each thing to be undone.
void undo_all(const std::string& words) {
  std::vector<std::string> each;
  for (std::size_t begin = 0; begin < words.size();) {
    const std::size_t end = words.find('\0', begin);
    if (end == std::string::npos) break;  // Cut: the owner died while it wrote.
    each.push_back(words.substr(begin, end - begin));
    begin = end + 1;
  }
  for (auto at = each.rbegin(); at != each.rend(); ++at) {
    if (!at->empty()) undo_one(static_cast<Undo>(at->front()), at->substr(1));
  }
}

[[noreturn]] void keep_watch(int pipe) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  ::prctl(PR_SET_NAME, "oom-guardian");
  if (::chdir("/") != 0) ::_exit(1);
  let_go_of_files(pipe);
  const std::string words = read_to_end(pipe, kWordsMax);
  if (words.empty() || words.back() != kAllDone) undo_all(words);
  ::_exit(0);
}

}  // namespace

Result<Guardian> Guardian::start() {
  OOMKIT_TRY(Pipe pipe, make_pipe(4096));
  // Above the standard ones, wherever the pipe came out.
  const int high = ::fcntl(pipe.read_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (high < 0) return tl::unexpected(system_error("pipe", "cannot be doubled", errno));
  const FileDescriptor read_end(high);
  pipe.read_end = FileDescriptor();
  const pid_t pid = ::fork();
  if (pid < 0) return tl::unexpected(system_error("a guardian process", "cannot start", errno));
  if (pid == 0) keep_watch(read_end.get());
  return Guardian(pid, std::move(pipe.write_end));
}

Guardian::Guardian(Guardian&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pipe_(std::move(other.pipe_)) {}

Guardian::~Guardian() {
  if (pid_ <= 0) return;
  const ssize_t told = ::write(pipe_.get(), &kAllDone, 1);
  static_cast<void>(told);  // If it could not be told, it finds nothing left to undo.
  pipe_ = FileDescriptor();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Status Guardian::watch(Undo undo, const std::string& folder) {
  std::string word(1, static_cast<char>(undo));
  word += folder;
  word += '\0';
  if (::write(pipe_.get(), word.data(), word.size()) != static_cast<ssize_t>(word.size()))
    return tl::unexpected(system_error("guardian", "cannot be told", errno));
  return {};
}

}  // namespace oomkit
