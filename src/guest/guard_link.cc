#include "guest/guard_link.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fixed_text.h"
#include "core/text.h"
#include "guest/clock.h"
#include "guest/kmsg.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

constexpr std::size_t kMessageRoom = std::size_t{24} * 1024;  // More than a message has.
constexpr int kNotStarted = 127;                              // As shells say it.
constexpr std::int64_t kGuardReadyNs = 20 * kNanosecondsPerSecond;

// The next of several texts that end with a NUL each.
std::string_view take_text(std::string_view& texts) {
  const std::size_t end = texts.find('\0');
  const std::string_view text = texts.substr(0, end);
  texts.remove_prefix(end == std::string_view::npos ? texts.size() : end + 1);
  return text;
}

// In the kernel's log, where the world's story is told.
void say_in_log(std::string_view sentence) {
  // The kernel cuts a record at 1 KiB.
  constexpr std::size_t kSentenceMax = 900;
  const FixedText<1000> line("oom-guard: ", sentence.substr(0, kSentenceMax));
  KernelLog::write(line.c_str());
}

[[noreturn]] void become_guard(const SharedRing& ring) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setsid();  // Its own process group, which is no victim of it: the scenario's is another.
  const FixedText<16> memory(ring.memory_file());
  const FixedText<16> wake(ring.wake_file());
  const FixedText<16> helper(getppid());
  // Program, policy, the mailbox's two files, the helper's pid, that it is no dry run, and that
  // nothing is recorded.
  std::array words = {std::string(GuardLink::kProgram),
                      std::string(GuardLink::kPolicy),
                      std::string(memory.view()),
                      std::string(wake.view()),
                      std::string(helper.view()),
                      std::string("0"),
                      std::string("-1"),
                      std::string("-1")};
  std::array<char*, words.size() + 1> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i)
    arguments[i] = words[i].data();
  char* const environment[] = {nullptr};
  execve(GuardLink::kProgram, arguments.data(), environment);
  _exit(kNotStarted);
}

}  // namespace

GuardLink::GuardLink(SharedRing ring, std::int32_t pid) : ring_(std::move(ring)), pid_(pid) {
  message_.reserve(kMessageRoom);
}

bool GuardLink::is_wanted() {
  return access(kPolicy, F_OK) == 0;
}

Result<GuardLink> GuardLink::start() {
  OOMKIT_TRY(SharedRing ring, SharedRing::create());
  const pid_t pid = fork();
  if (pid == 0) become_guard(ring);
  if (pid < 0)
    return fail(ErrorCode::io, "cannot start the guard: " + std::string(error_sentence(errno)));
  GuardLink link(std::move(ring), pid);
  if (const Status ready = link.wait_until_ready(); !ready) return tl::unexpected(ready.error());
  return link;
}

Status GuardLink::wait_until_ready() {
  const std::int64_t until = now_ns() + kGuardReadyNs;
  while (!is_ready_ && now_ns() < until) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      const std::string how = WIFSIGNALED(status)
                                  ? "by signal " + std::to_string(WTERMSIG(status))
                                  : "with code " + std::to_string(WEXITSTATUS(status));
      return fail(ErrorCode::io, "the guard ended before the scenario began, " + how);
    }
    constexpr int kPollMs = 100;
    pollfd file = {ring_.wake_file(), POLLIN, 0};
    poll(&file, 1, kPollMs);
    take_messages(nullptr, 0);
  }
  if (is_ready_) return {};
  return fail(ErrorCode::io, "the guard does not get ready");
}

void GuardLink::take_messages(Protocol* protocol, std::int64_t t_ms) {
  ring_.quiet();
  while (ring_.pop(message_)) {
    if (message_.empty()) continue;
    handle(static_cast<HelperTask>(message_.front()), std::string_view(message_).substr(1),
           protocol, t_ms);
  }
}

void GuardLink::handle(HelperTask task, std::string_view texts, Protocol* protocol,
                       std::int64_t t_ms) {
  const std::string_view first = take_text(texts);
  switch (task) {
    case HelperTask::record:
      say_in_log(first);
      if (protocol != nullptr) protocol->decision(t_ms, take_text(texts));
      break;
    case HelperTask::hook:
      say_in_log("a hook is not run in a rehearsal");
      number_of(ring_, ChannelNumber::hook_status) = kNotStarted;
      number_of(ring_, ChannelNumber::hook_number) =
          Cursor(first).take_integer<std::int64_t>().value_or(0);
      break;
    case HelperTask::exec:
      say_in_log("a program is not run in a rehearsal");
      break;
    case HelperTask::restart:
      say_in_log("a unit is not restarted in a rehearsal");
      break;
    case HelperTask::say:
      is_ready_ = is_ready_ || first.starts_with("guarding by");
      say_in_log(first);
      break;
    case HelperTask::notify:
    case HelperTask::warn:
      say_in_log(first);
      break;
  }
}

}  // namespace oomkit::guest
