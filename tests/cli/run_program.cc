#include "run_program.h"

#include <array>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oomkit {
namespace {

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_read() { close_end(ends[0]); }
  void close_write() { close_end(ends[1]); }
  static void close_end(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

[[noreturn]] void become_oom(const std::vector<std::string>& arguments, const RunOptions& options,
                             const Pipe& input, const Pipe& out, const Pipe& err) {
  ::dup2(input.ends[0], STDIN_FILENO);
  ::dup2(out.ends[1], STDOUT_FILENO);
  ::dup2(err.ends[1], STDERR_FILENO);
  for (const auto& [name, value] : options.environment)
    ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> words = {OOM_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(OOM_PROGRAM, argv.data());
  ::_exit(127);
}

// Feeds the input and collects both outputs at the same time, as pipes fill up.
void converse(const RunOptions& options, Pipe& input, Pipe& out, Pipe& err, Ran& ran) {
  std::string_view rest = options.input;
  if (rest.empty()) input.close_write();
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    std::array<pollfd, 3> waits = {pollfd{input.ends[1], POLLOUT, 0},
                                   pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[0].revents != 0) {
      const ssize_t written = ::write(input.ends[1], rest.data(), rest.size());
      if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
      if (written < 0 || rest.empty()) input.close_write();
    }
    const auto collect = [](Pipe& pipe, std::string& text) {
      std::array<char, 65536> block{};
      const ssize_t got = ::read(pipe.ends[0], block.data(), block.size());
      if (got > 0) {
        text.append(block.data(), static_cast<std::size_t>(got));
      } else {
        pipe.close_read();
      }
    };
    if (waits[1].revents != 0) collect(out, ran.out);
    if (waits[2].revents != 0) collect(err, ran.err);
    if (options.read_at_most && ran.out.size() >= *options.read_at_most) out.close_read();
  }
}

}  // namespace

Ran run_oom(const std::vector<std::string>& arguments, const RunOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  Ran ran;
  Pipe input, out, err;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    become_oom(arguments, options, input, out, err);
  }
  input.close_read();
  out.close_write();
  err.close_write();
  converse(options, input, out, err, ran);
  int status = 0;
  ::waitpid(child, &status, 0);
  ran.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

}  // namespace oomkit
