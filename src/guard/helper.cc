#include "guard/helper.h"

#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "core/text.h"
#include "guard/channel.h"
#include "guard/status_reader.h"
#include "io/answer_server.h"
#include "io/child_process.h"
#include "io/helper_process.h"
#include "io/journal_writer.h"
#include "io/low_memory_signal.h"
#include "io/own_process.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;

// The texts of a message, which end with a NUL each.
std::vector<std::string> texts_of(std::string_view message) {
  std::vector<std::string> texts;
  while (!message.empty()) {
    const std::size_t end = message.find('\0');
    texts.emplace_back(message.substr(0, end));
    message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
  }
  return texts;
}

std::int64_t whole_of(std::string_view text) {
  Cursor cursor(text);
  return cursor.take_integer<std::int64_t>().value_or(0);
}

const char* what_became_of(HelperEnd last) {
  switch (last) {
    case HelperEnd::ended:
      return "the helper had come to an end and was started again";
    case HelperEnd::stopped:
      return "the helper was stopped; it was ended and started again";
    case HelperEnd::hung:
      return "the helper hung; it was ended and started again";
  }
  return "";
}

// Of a hook that runs.
struct RunningHook {
  std::int64_t number = 0;
  bool is_waited_for = false;
  ChildProcess process;
  std::chrono::nanoseconds until{0};
};

class GuardHelper {
 public:
  GuardHelper(SharedRing& ring, const HelperPlan& plan, const HelperPast& past)
      : ring_(ring), plan_(plan), status_(ring, plan.started) {
    number_of(ring, ChannelNumber::helper_pid) = own_process_id();
    number_of(ring, ChannelNumber::helper_restarts) = past.restarts;
    // What a helper before us knew of is no news.
    stalls_ = number_of(ring, ChannelNumber::stalls);
    lost_ = ring.lost();
    if (plan.warns) open_warnings();
    if (past.restarts > 0) take_the_place(past.last);
    open_points();
  }

  void run(int guard_gone) {
    while (true) {
      std::vector<int> files = {ring_.wake_file(), guard_gone, server_ ? server_->wake_file() : -1,
                                plan_.recording ? plan_.recording->ring->wake_file() : -1};
      for (const RunningHook& hook : hooks_)
        files.push_back(hook.process.exit_handle());
      const bool is_busy = !hooks_.empty() || (server_ && server_->is_busy());
      const auto ready = wait_readable(files, is_busy ? kSoon : kLong);
      const bool is_gone = ready && (*ready)[1];
      ring_.quiet();
      take_messages();
      take_recording();
      heed_numbers();
      end_hooks(ready ? *ready : std::vector<bool>());
      if (is_gone || !ready) return;
      if (server_) server_->serve();
    }
  }

 private:
  static constexpr std::size_t kFilesBeforeHooks = 4;
  static constexpr milliseconds kLong{60'000};
  static constexpr milliseconds kSoon{50};

  // Of the one before us, who has heard the bell for what is still in the mailbox.
  void take_the_place(HelperEnd last) {
    plan_.say(what_became_of(last));
    ring_.ring();
    if (plan_.recording) plan_.recording->ring->ring();
  }

  void open_points() {
    std::vector<AnswerPoint> points;
    for (const StatusPoint& point : plan_.status_points)
      points.push_back({point.socket, point.request_end, [this, &point](std::string_view request) {
                          return point.answer(status_.read(), request);
                        }});
    if (points.empty()) return;
    Result<AnswerServer> server = AnswerServer::create(std::move(points));
    if (!server) return plan_.say("nobody can ask how the guard is: " + server.error().what);
    server_.emplace(std::move(*server));
  }

  void take_messages() {
    std::string message;
    while (ring_.pop(message)) {
      if (message.empty()) continue;
      handle(static_cast<HelperTask>(message.front()), texts_of(message.substr(1)));
    }
    if (ring_.lost() == lost_) return;
    lost_ = ring_.lost();
    plan_.say(std::to_string(lost_) +
              " messages were lost so far: they came faster than they "
              "could be written");
  }

  void handle(HelperTask task, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    switch (task) {
      case HelperTask::record:
        keep_record(texts);
        break;
      case HelperTask::say:
        plan_.say(texts.front());
        break;
      case HelperTask::hook:
      case HelperTask::exec:
        start_hook(texts, task == HelperTask::hook);
        break;
      case HelperTask::restart:
        start_program(0, false, milliseconds(30'000), {},
                      {"/usr/bin/systemctl", "--no-block", "restart", texts.front()});
        break;
      case HelperTask::notify:
        plan_.say(texts.front());
        if (plan_.notify_program)
          start_program(0, false, milliseconds(10'000), {},
                        {*plan_.notify_program, "Memory ran short", texts.front()});
        break;
      case HelperTask::warn:
        plan_.say("memory is short: warning of level " + texts.front());
        warn(texts.front());
        break;
    }
  }

  // Whoever may listen follows the name on the bus, so it is taken before there is anything to
  // say; a bus that comes up later is asked again then.
  void open_warnings() {
    Result<LowMemorySignal> signal = LowMemorySignal::create();
    if (signal) {
      warnings_.emplace(std::move(*signal));
    } else if (signal.error().what != warning_problem_) {
      warning_problem_ = signal.error().what;
      plan_.say(warning_problem_);
    }
  }

  void warn(std::string_view level) {
    if (!warnings_) open_warnings();
    if (!warnings_) return;
    const Status warned = warnings_->warn(static_cast<std::uint8_t>(whole_of(level)));
    if (warned) return;
    plan_.say(warned.error().what);
    warnings_.reset();
  }

  void keep_record(const std::vector<std::string>& texts) {
    if (texts.size() < 2) return;
    status_.keep_decision(texts);
    const std::string& sentence = texts[0];
    const std::string& json = texts[1];
    if (plan_.journal) {
      std::vector<std::string> fields = {"MESSAGE=" + sentence, "PRIORITY=4",
                                         "SYSLOG_IDENTIFIER=oom-guard", "OOM_DECISION=" + json};
      fields.insert(fields.end(), texts.begin() + 2, texts.end());
      if (write_journal_entry(fields) != 0) plan_.say(sentence);
    } else {
      plan_.say(sentence);
    }
    if (plan_.record_file) append(*plan_.record_file, json + "\n", record_error_);
  }

  void take_recording() {
    if (!plan_.recording) return;
    SharedRing& ring = *plan_.recording->ring;
    ring.quiet();
    std::string lines;
    std::string message;
    while (ring.pop(message))
      lines += message;
    if (!lines.empty()) append(plan_.recording->file, lines, recording_error_);
  }

  // What goes wrong is said when it begins, not at every record.
  void append(const std::string& path, const std::string& text, int& error_before) {
    const int error = append_to_file(path, text);
    if (error != 0 && error != error_before)
      plan_.say(path + ": cannot write: " + std::strerror(error));
    error_before = error;
  }

  void start_hook(const std::vector<std::string>& texts, bool is_waited_for) {
    if (texts.size() < 3) return;
    const std::int64_t number = whole_of(texts[0]);
    const milliseconds wait(whole_of(texts[1]));
    std::vector<std::string> environment;
    std::size_t at = 2;
    for (; at < texts.size() && !texts[at].empty(); ++at)
      environment.push_back(texts[at]);
    const auto first = static_cast<std::ptrdiff_t>(at + 1);
    if (at + 1 >= texts.size()) return;
    start_program(number, is_waited_for, wait, environment, {texts.begin() + first, texts.end()});
  }

  void start_program(std::int64_t number, bool is_waited_for, milliseconds wait,
                     const std::vector<std::string>& environment,
                     const std::vector<std::string>& words) {
    ChildSpec spec;
    spec.program = words.front();
    spec.arguments.assign(words.begin() + 1, words.end());
    spec.environment = environment;
    Result<ChildProcess> child = ChildProcess::start(spec);
    if (!child) {
      plan_.say(child.error().what);
      constexpr int kNotStarted = 127;
      if (is_waited_for) answer(number, kNotStarted);
      return;
    }
    hooks_.push_back({number, is_waited_for, std::move(*child), monotonic_time() + wait});
  }

  void answer(std::int64_t number, int status) {
    number_of(ring_, ChannelNumber::hook_status) = status;
    number_of(ring_, ChannelNumber::hook_number) = number;
  }

  // `ready` begins with those that are no hooks.
  void end_hooks(const std::vector<bool>& ready) {
    std::vector<RunningHook> left;
    for (std::size_t index = 0; index < hooks_.size(); ++index) {
      RunningHook& hook = hooks_[index];
      const std::size_t at = index + kFilesBeforeHooks;
      const bool is_over = at < ready.size() && ready[at];
      const bool is_late = monotonic_time() >= hook.until;
      if (!is_over && !is_late) {
        left.push_back(std::move(hook));
        continue;
      }
      if (!is_over) {
        plan_.say("a hook took too long and was ended");
        hook.process.end();
      }
      const int status = hook.process.wait();
      if (hook.is_waited_for) answer(hook.number, status);
    }
    hooks_ = std::move(left);
  }

  void heed_numbers() {
    const std::int64_t stalls = number_of(ring_, ChannelNumber::stalls);
    if (stalls != stalls_) plan_.say("the guard's loop stands still");
    stalls_ = stalls;
    const std::int64_t wanted = number_of(ring_, ChannelNumber::reload);
    if (wanted == 0 || wanted == number_of(ring_, ChannelNumber::reloaded)) return;
    const Status good = plan_.check_policy();
    if (!good) plan_.say(good.error().what + "; the policy stays as it was");
    number_of(ring_, ChannelNumber::reload_good) = good ? 1 : 0;
    number_of(ring_, ChannelNumber::reloaded) = wanted;
  }

  SharedRing& ring_;
  const HelperPlan& plan_;
  StatusReader status_;
  std::optional<AnswerServer> server_;
  std::vector<RunningHook> hooks_;
  std::optional<LowMemorySignal> warnings_;
  std::string warning_problem_;  // That was said.
  std::uint64_t lost_ = 0;
  std::int64_t stalls_ = 0;
  int record_error_ = 0, recording_error_ = 0;
};

}  // namespace

void run_guard_helper(SharedRing& ring, int guard_gone, const HelperPlan& plan,
                      const HelperPast& past) {
  GuardHelper(ring, plan, past).run(guard_gone);
}

}  // namespace oomkit
