#include "guard/guard.h"

#include <algorithm>

namespace oomkit {
namespace {

constexpr std::int64_t kIdleAtMost = 5'000'000'000;  // Or the watchdog would take it for a stall.
// Of RAM; below this nobody is waited for any longer.
constexpr std::int64_t kCriticalShare = 50;
constexpr HostTime kSameAgain = std::chrono::seconds(10);

}  // namespace

KillConditions Guard::conditions(const TickHost& host, std::int64_t now_ns) const {
  KillConditions conditions;
  conditions.now_ns = now_ns;
  const Known<Bytes> left = host.mem_available + host.swap_free;
  if (left) conditions.available_bytes = (*left).count();
  if (left && host.mem_total)
    conditions.is_critical = (*left).count() < (*host.mem_total).count() / kCriticalShare;
  return conditions;
}

void Guard::turn(const GuardTime& time) {
  ++counts_.turns;
  if (is_acting()) go_on(time);
  if (!is_acting()) look(time);
}

void Guard::look(const GuardTime& time) {
  const Tick& tick = source_.read(wish_);
  if (recorder_ != nullptr) recorder_->tick(tick);
  const StepResult result = engine_.step(tick);
  wish_ = result.wish;
  const std::int64_t within = std::clamp<std::int64_t>(result.wish.within.count(), 0, kIdleAtMost);
  wake_at_ns_ = time.now_ns + within;
  for (const Decision& decision : result.decisions) {
    decide(decision, time);
    // The others of this step would be judged by a host that this one has changed.
    if (is_acting()) break;
  }
}

void Guard::decide(const Decision& decision, const GuardTime& time) {
  if (!decision.acts()) {
    if (is_news(decision)) record(decision, {{}, std::nullopt, dry_run_}, time);
    return;
  }
  ++counts_.decisions;
  const TickHost host = source_.read_again();
  if (recorder_ != nullptr) recorder_->second_look(host);
  if (decision.recheck && !engine_.still_holds(decision, host)) {
    ++counts_.withdrawn;
    settle(decision, DecisionOutcome::withdrawn);
    record(decision, {}, time);
    return;
  }
  if (dry_run_) {
    settle(decision, DecisionOutcome::dry_run);
    record(decision, {{}, std::nullopt, true}, time);
    return;
  }
  decision_ = &decision;
  deed_.begin(decision, source_.folder_of(decision.target.cgroup_id),
              conditions(host, time.now_ns));
  wake_at_ns_ = deed_.wake_at_ns();
  if (deed_.is_over()) go_on(time);
}

void Guard::go_on(const GuardTime& time) {
  if (!deed_.is_over()) deed_.advance(conditions(source_.read_again(), time.now_ns));
  wake_at_ns_ = deed_.wake_at_ns();
  if (!deed_.is_over()) return;
  settle(*decision_, deed_.outcome());
  record(*decision_, {deed_.outcomes(), deed_.freed_bytes(), false}, time);
  decision_ = nullptr;
  wake_at_ns_ = time.now_ns;
}

void Guard::settle(const Decision& decision, DecisionOutcome outcome) {
  engine_.settle(decision, outcome);
  if (recorder_ != nullptr) recorder_->settled(decision, outcome);
}

// What is held back is held back at every tick; it is said once, and again when it changes or
// after a while.
bool Guard::is_news(const Decision& decision) {
  // An incomplete tick is no verdict: the next one is.
  if (decision.held_back == HeldBack::incomplete) return false;
  const bool is_same = decision.rule_index == held_rule_ && decision.held_back == held_why_ &&
                       decision.now < held_until_;
  if (is_same) return false;
  held_rule_ = decision.rule_index;
  held_why_ = decision.held_back;
  held_until_ = decision.now + kSameAgain;
  return true;
}

void Guard::record(const Decision& decision, const DecisionRecord::Doing& doing,
                   const GuardTime& time) {
  message_ = {};
  const auto put = [&](std::string_view text) {
    message_.append(text).append(std::string_view("\0", 1));
  };
  put(decision_sentence(decision, doing.dry_run).view());
  put(record_.make(decision, doing, time.since_epoch));
  put(FixedText<300>("OOM_RULE=", decision.rule).view());
  if (decision.has_target) {
    if (!decision.target.processes.empty())
      put(FixedText<40>("OOM_PID=", decision.target.processes.front().pid).view());
    put(FixedText<600>("OOM_CGROUP=", decision.target.cgroup).view());
  }
  put(FixedText<40>("OOM_DRY_RUN=", doing.dry_run ? 1 : 0).view());
  put(FixedText<600>("OOM_RESULT=", outcome_text(decision, doing).view()).view());
  if (doing.freed_bytes) put(FixedText<48>("OOM_FREED_BYTES=", *doing.freed_bytes).view());
  put(FixedText<48>("OOM_TIME_USEC=", time.since_epoch.count()).view());
  static_cast<void>(outbox_.post(HelperTask::record, message_.view()));
}

}  // namespace oomkit
