#include "guard/deed.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"
#include "guard/decision_record.h"

namespace oomkit {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
// Longer than that for the end of what was sent SIGKILL would leave us with a shortage that
// somebody else could end; what is still there then is passed over from now on.
constexpr std::int64_t kExitWait = 2'000 * kMillisecond;
constexpr std::int64_t kSettle = 1'000 * kMillisecond;
constexpr std::int64_t kLookAgain = 5 * kMillisecond;
constexpr std::int64_t kStartTick = 10 * kMillisecond;

std::int64_t nanoseconds(std::chrono::milliseconds time) {
  return std::chrono::nanoseconds(time).count();
}

// Of the kill path, if it has one for this action.
std::optional<KillStep> step_of(const PolicyAction& action, bool by_group) {
  KillStep step;
  step.wait_ns = nanoseconds(action.wait);
  switch (action.kind) {
    case PolicyAction::Kind::signal:
      step.verb = KillVerb::signal;
      step.signal = action.signal;
      return step;
    case PolicyAction::Kind::kill:
      step.verb = by_group ? KillVerb::cgroup_kill : KillVerb::kill;
      return step;
    case PolicyAction::Kind::reap:
      step.verb = KillVerb::reap;
      return step;
    case PolicyAction::Kind::reclaim:
      step.verb = KillVerb::reclaim;
      step.amount = action.amount.value_or(Bytes(0)).count();
      return step;
    case PolicyAction::Kind::memory_high:
      step.verb = KillVerb::memory_high;
      step.amount = action.amount ? action.amount->count() : -1;
      return step;
    case PolicyAction::Kind::freeze:
      step.verb = KillVerb::freeze;
      return step;
    case PolicyAction::Kind::thaw:
      step.verb = KillVerb::thaw;
      return step;
    case PolicyAction::Kind::sysrq_oom:
      step.verb = KillVerb::sysrq;
      return step;
    default:
      return std::nullopt;
  }
}

using Message = FixedText<2048>;

void end_text(Message& message) {
  message.append(std::string_view("\0", 1));
}

// What a hook gets to know, as variables of its environment.
void append_target(Message& message, const Decision& decision) {
  message.append("OOM_RULE=").append(decision.rule);
  end_text(message);
  if (!decision.has_target) return;
  if (!decision.target.processes.empty()) {
    message.append("OOM_PID=").append(decision.target.processes.front().pid);
    end_text(message);
  }
  message.append("OOM_CGROUP=").append(decision.target.cgroup);
  end_text(message);
  message.append("OOM_UNIT=").append(decision.target.unit);
  end_text(message);
  message.append("OOM_COMM=").append(decision.target.comm);
  end_text(message);
}

}  // namespace

FixedText<24> error_name(int error) {
  const char* const name = ::strerrorname_np(error);
  if (name == nullptr) return FixedText<24>("error ", error);
  return FixedText<24>(name);
}

void Deed::begin(const Decision& decision, int folder, const KillConditions& conditions) {
  OOMKIT_CHECK(is_over(), "a decision was begun before the last one was carried out");
  decision_ = &decision;
  folder_ = folder;
  count_ = std::min(decision.actions.size(), kActionsMax);
  for (std::size_t index = 0; index < count_; ++index)
    outcomes_[index] = {decision.actions[index].text, FixedText<48>(), 0};
  at_ = 0;
  is_over_ = is_running_ = is_waiting_ = false;
  freed_bytes_.reset();
  outcome_ = DecisionOutcome::done;
  advance(conditions);
}

void Deed::advance(const KillConditions& conditions) {
  while (!is_over_) {
    if (is_running_) {
      run_.advance(conditions);
      wake_at_ns_ = run_.wake_at_ns();
      if (!run_.is_over()) return;
      finish_run();
    }
    if (at_ == count_) {
      is_over_ = true;
      return;
    }
    if (begin_run(conditions)) continue;
    if (!hand_over(decision_->actions[at_], conditions)) return;
    ++at_;
  }
}

bool Deed::begin_run(const KillConditions& conditions) {
  const DecisionTarget& target = decision_->target;
  const bool is_group = target.kind == TargetKind::cgroup || target.kind == TargetKind::unit;
  const bool by_group = is_group && target.whole_cgroup && folder_ >= 0;
  run_begin_ = at_;
  step_count_ = 0;
  for (std::size_t index = at_; index < count_ && step_count_ < steps_.size(); ++index) {
    const auto step = step_of(decision_->actions[index], by_group);
    if (!step) break;
    steps_[step_count_++] = *step;
  }
  if (step_count_ == 0) return false;
  std::size_t targets = 0;
  for (const ProcessId& process : target.processes) {
    if (targets == targets_.size()) break;
    // Without its start it has no name that would be good for a signal.
    if (!process.start) continue;
    targets_[targets++] = {process.pid,
                           static_cast<std::uint64_t>((*process.start).count() / kStartTick)};
  }
  KillOrder order;
  order.targets = {targets_.data(), targets};
  order.group = {folder_, -1};
  order.reach =
      target.kind == TargetKind::process_group ? SignalReach::process_group : SignalReach::process;
  order.steps = {steps_.data(), step_count_};
  order.exit_wait_ns = kExitWait;
  order.expected_bytes = target.frees.value_or(Bytes(0)).count();
  order.settle_ns = kSettle;
  run_.begin(order, conditions);
  is_running_ = true;
  return true;
}

void Deed::judge(const KillOutcome& outcome) {
  const bool is_kill = outcome.verb == KillVerb::kill || outcome.verb == KillVerb::cgroup_kill;
  if (outcome.result == KillResult::failed && outcome.verb != KillVerb::reap)
    outcome_ = DecisionOutcome::failed;
  if (is_kill && outcome.result == KillResult::still_there) outcome_ = DecisionOutcome::survived;
  if (outcome.result == KillResult::other_process) outcome_ = DecisionOutcome::withdrawn;
}

void Deed::finish_run() {
  is_running_ = false;
  const auto outcomes = run_.outcomes();
  for (std::size_t index = 0; index < outcomes.size(); ++index) {
    ActionOutcome& shown = outcomes_[run_begin_ + index];
    shown.result = FixedText<48>(result_name(outcomes[index].result));
    if (outcomes[index].error != 0)
      shown.result.append(": ").append(error_name(outcomes[index].error).view());
    shown.took_ns = outcomes[index].took_ns;
    judge(outcomes[index]);
  }
  if (run_.freed_bytes()) freed_bytes_ = freed_bytes_.value_or(0) + *run_.freed_bytes();
  at_ = run_begin_ + outcomes.size();
}

bool Deed::hand_over(const PolicyAction& action, const KillConditions& conditions) {
  ActionOutcome& shown = outcomes_[at_];
  if (is_waiting_) {
    const auto status = outbox_.hook_status(hook_number_);
    const std::int64_t until = wait_begin_ns_ + nanoseconds(action.wait);
    if (!status && conditions.now_ns < until && !conditions.is_critical) {
      wake_at_ns_ = std::min(until, conditions.now_ns + kLookAgain);
      return false;
    }
    is_waiting_ = false;
    shown.took_ns = conditions.now_ns - wait_begin_ns_;
    shown.result = status ? FixedText<48>("exit ", *status) : FixedText<48>("not waited for");
    return true;
  }
  Message message;
  HelperTask task = HelperTask::say;
  switch (action.kind) {
    case PolicyAction::Kind::hook:
    case PolicyAction::Kind::exec:
      task = action.kind == PolicyAction::Kind::hook ? HelperTask::hook : HelperTask::exec;
      message.append(++hook_number_);
      end_text(message);
      message.append(action.wait.count());
      end_text(message);
      append_target(message, *decision_);
      end_text(message);
      for (const std::string& word : action.command) {
        message.append(word);
        end_text(message);
      }
      break;
    case PolicyAction::Kind::notify:
      task = HelperTask::notify;
      message.append(decision_sentence(*decision_, false).view());
      end_text(message);
      break;
    case PolicyAction::Kind::warn:
      task = HelperTask::warn;
      message.append(action.level);
      end_text(message);
      break;
    case PolicyAction::Kind::restart:
      task = HelperTask::restart;
      message.append(action.command.empty() ? decision_->target.unit
                                            : std::string_view(action.command.front()));
      end_text(message);
      break;
    default:  // log: the record is written in any case.
      shown.result = FixedText<48>("done");
      return true;
  }
  const bool is_posted = !message.is_cut() && outbox_.post(task, message.view());
  shown.result = FixedText<48>(is_posted ? "handed over" : "failed: the helper has no room");
  if (!is_posted || task != HelperTask::hook) return true;
  is_waiting_ = true;
  wait_begin_ns_ = conditions.now_ns;
  wake_at_ns_ = conditions.now_ns + kLookAgain;
  return false;
}

}  // namespace oomkit
