#include "io/command_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/text.h"
#include "io/child_process.h"
#include "io/machine.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

using Stage = CommandFailure::Stage;

// What goes through the pipe if it does not begin.
struct Report {
  Stage stage = Stage::exec;
  int error_number = 0;
  int which = 0;  // Of the cgroups.
};

// Between fork and exec; this process has one thread, and so has its copy.
struct CommandLaunch {
  char* const* argv;
  std::span<const FileDescriptor> cgroups;  // Their cgroup.procs, open for writing.
  const std::string* score;                 // As text; null: not to be set.
  const SignalRelay& relay;
  int report;
};

[[noreturn]] void give_up(const CommandLaunch& launch, Report report) {
  report.error_number = errno;
  const ssize_t told = ::write(launch.report, &report, sizeof report);
  ::_exit(told == static_cast<ssize_t>(sizeof report) ? 126 : 125);
}

bool write_score(const std::string& score) {
  const FileDescriptor file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  return file.get() >= 0 &&
         ::write(file.get(), score.data(), score.size()) == static_cast<ssize_t>(score.size());
}

[[noreturn]] void become(const CommandLaunch& launch) {
  int which = 0;
  for (const FileDescriptor& procs : launch.cgroups) {
    if (::write(procs.get(), "0", 1) != 1) give_up(launch, {Stage::join, 0, which});
    ++which;
  }
  if (launch.score != nullptr && !write_score(*launch.score)) give_up(launch, {Stage::score, 0, 0});
  launch.relay.restore();
  ::execvp(launch.argv[0], launch.argv);
  give_up(launch, {Stage::exec, 0, 0});
}

CommandFailure failure_of(const Report& report, const CommandSpec& spec) {
  switch (report.stage) {
    case Stage::join:
      return {report.stage, report.error_number,
              system_error(spec.cgroups[static_cast<std::size_t>(report.which)],
                           "the command cannot join the cgroup", report.error_number)};
    case Stage::score: {
      Error error = system_error("oom_score_adj " + std::to_string(*spec.oom_score_adj),
                                 "cannot be set", report.error_number);
      if (report.error_number == EACCES || report.error_number == EPERM)
        error.what = "--score " + std::to_string(*spec.oom_score_adj) +
                     ": less than this shell's own oom_score_adj takes CAP_SYS_RESOURCE; run it "
                     "with sudo";
      return {report.stage, report.error_number, std::move(error)};
    }
    case Stage::exec:
      break;
  }
  const std::string_view name = spec.words.front();
  if (report.error_number == ENOENT && name.find('/') == std::string_view::npos)
    return {report.stage,
            report.error_number,
            {ErrorCode::not_found, std::string(name) + ": there is no such command in PATH"}};
  return {report.stage, report.error_number,
          bare_system_error(name, "cannot start", report.error_number)};
}

CommandFailure failure_here(Stage stage, std::string_view name, std::string_view what) {
  const int reason = errno;
  return {stage, reason, system_error(name, what, reason)};
}

// "SigCgt:\t0000000000000002": one bit for each signal.
bool has_signal(std::string_view status, std::string_view field, int number) {
  const std::size_t at = status.find(field);
  if (at == std::string_view::npos) return false;
  Cursor cursor(trim_left(status.substr(at + field.size())));
  const auto mask = cursor.take_integer<std::uint64_t>(16);
  return mask && ((*mask >> (number - 1)) & 1) != 0;
}

std::chrono::microseconds time_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

int CommandFailure::exec_status() const {
  return error_number == ENOENT || error_number == ENOTDIR ? 127 : 126;
}

tl::expected<CommandProcess, CommandFailure> CommandProcess::start(const CommandSpec& spec,
                                                                   const SignalRelay& relay) {
  std::vector<std::string> words = spec.words;
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<FileDescriptor> cgroups;
  for (const std::string& folder : spec.cgroups) {
    cgroups.emplace_back(::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (cgroups.back().get() < 0)
      return tl::unexpected(failure_here(Stage::join, folder, "cannot join the cgroup"));
  }
  std::string score;
  if (spec.oom_score_adj) score = std::to_string(*spec.oom_score_adj);
  auto pipe = make_pipe(4096);
  if (!pipe) return tl::unexpected(CommandFailure{Stage::join, EMFILE, pipe.error()});
  const pid_t pid = ::fork();
  if (pid < 0) return tl::unexpected(failure_here(Stage::join, spec.words.front(), "cannot start"));
  if (pid == 0) {
    become({argv.data(), cgroups, spec.oom_score_adj ? &score : nullptr, relay,
            pipe->write_end.get()});
  }
  pipe->write_end = FileDescriptor();
  Report report;
  ssize_t got = 0;
  do {
    got = ::read(pipe->read_end.get(), &report, sizeof report);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof report)) return CommandProcess(pid);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return tl::unexpected(failure_of(report, spec));
}

void CommandProcess::signal(int number) const {
  // Not yet waited for, so the number is still its own.
  if (!ended_) ::kill(pid_, number);
}

SignalManner CommandProcess::manner_of(int number) const {
  constexpr std::size_t kStatusMax = 64UL << 10;
  const std::string status =
      read_whole("/proc/" + std::to_string(pid_) + "/status", kStatusMax).value_or("");
  if (has_signal(status, "SigIgn:", number) || has_signal(status, "SigBlk:", number))
    return SignalManner::ignored;
  return has_signal(status, "SigCgt:", number) ? SignalManner::caught : SignalManner::usual;
}

std::optional<CommandEnd> CommandProcess::poll_end() {
  int status = 0;
  rusage usage{};
  if (ended_ || ::wait4(pid_, &status, WNOHANG, &usage) != pid_) return std::nullopt;
  ended_ = true;
  CommandEnd end;
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  end.user = time_of(usage.ru_utime);
  end.system = time_of(usage.ru_stime);
  end.largest_kib = usage.ru_maxrss;
  return end;
}

}  // namespace oomkit
