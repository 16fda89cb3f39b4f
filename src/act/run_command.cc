#include "act/run_command.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <utility>

#include "act/limited_cgroup.h"
#include "act/stop_rule.h"
#include "io/child_process.h"
#include "io/command_process.h"
#include "io/guardian.h"
#include "io/process_environment.h"
#include "io/signal_relay.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

tl::unexpected<RunFailure> failed(Error error) {
  return tl::unexpected(RunFailure{std::move(error), std::nullopt});
}

// From the command's start to its end.
class Supervision {
 public:
  Supervision(CommandProcess& process, SignalRelay& relay, const LimitedCgroup& cgroup,
              const CommandWatch& watch, milliseconds grace)
      : process_(process), relay_(relay), cgroup_(cgroup), watch_(watch), rule_(grace) {}

  CommandEnd wait() {
    while (true) {
      if (const auto end = process_.poll_end()) return *end;
      const std::array waited = {relay_.descriptor(), watch_.descriptor};
      const auto ready = wait_readable(waited, time_left());
      if (ready && (*ready)[1]) watch_.on_readable();
      while (const auto signal = relay_.next())
        take(*signal);
      if (rule_.deadline() && monotonic_time() >= *rule_.deadline()) stop(CommandStop::grace_over);
    }
  }

  CommandStop stopped() const { return stopped_; }

 private:
  milliseconds time_left() const {
    constexpr milliseconds kLongest = 60s;
    constexpr milliseconds kAgain = 100ms;
    // Killed, and not gone yet: it may have forked in the meantime.
    if (stopped_ != CommandStop::none) return kAgain;
    if (!rule_.deadline()) return kLongest;
    const auto left = std::chrono::ceil<milliseconds>(*rule_.deadline() - monotonic_time());
    return std::clamp(left, 0ms, kLongest);
  }

  void take(const RelayedSignal& signal) {
    if (signal.number == SIGCHLD) return;
    const bool catches = process_.manner_of(SIGINT) == SignalManner::caught;
    const StopRule::Answer answer =
        rule_.on_signal(signal.number, signal.from_terminal, catches, monotonic_time());
    if (answer.forward) process_.signal(signal.number);
    if (answer.stop != CommandStop::none) stop(answer.stop);
  }

  void stop(CommandStop why) {
    if (stopped_ == CommandStop::none) stopped_ = why;
    // Our child first: it is what is waited for.
    process_.signal(SIGKILL);
    cgroup_.end_processes();
  }

  CommandProcess& process_;
  SignalRelay& relay_;
  const LimitedCgroup& cgroup_;
  const CommandWatch& watch_;
  StopRule rule_;
  CommandStop stopped_ = CommandStop::none;
};

}  // namespace

tl::expected<CommandRun, RunFailure> run_command(const CommandRequest& request,
                                                 const CommandWatch& watch) {
  auto relay = SignalRelay::create();
  if (!relay) return failed(relay.error());
  auto guardian = Guardian::start();
  if (!guardian) return failed(guardian.error());
  auto cgroup = LimitedCgroup::create(request.limits, *guardian);
  if (!cgroup) return failed(cgroup.error());

  const auto begin = monotonic_time();
  auto process = CommandProcess::start(
      {request.words, cgroup->folders(), request.limits.oom_score_adj}, *relay);
  if (!process) {
    const CommandFailure& failure = process.error();
    if (failure.stage == CommandFailure::Stage::exec)
      return tl::unexpected(RunFailure{failure.error, failure.exec_status()});
    return failed(failure.error);
  }
  Supervision supervision(*process, *relay, *cgroup, watch, request.grace);
  const CommandEnd end = supervision.wait();

  CommandRun run;
  run.wall = std::chrono::round<milliseconds>(monotonic_time() - begin);
  run.words = request.words;
  run.limits = request.limits;
  run.cgroup_version = cgroup->version();
  run.cgroup = cgroup->path();
  run.exit_code = end.exit_code;
  run.signal = end.signal;
  run.stopped = supervision.stopped();
  run.user = end.user;
  run.system = end.system;
  run.largest_process = KiB(end.largest_kib);
  run.left_over = cgroup->count_processes();
  cgroup->end_processes();
  run.usage = cgroup->usage();
  run.removed = cgroup->remove();
  return run;
}

}  // namespace oomkit
