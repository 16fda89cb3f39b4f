#include "guard/loop.h"

#include <algorithm>
#include <chrono>
#include <csignal>

#include "io/helper_process.h"
#include "io/kept_file.h"
#include "io/wall_clock.h"

namespace oomkit {
namespace {

constexpr unsigned kSignalsTag = 0;
constexpr unsigned kSomeTag = 1;
constexpr unsigned kFullTag = 2;
// Where no trigger tells of a stall, nothing but a look does.
constexpr std::int64_t kUnwokenAtMost = 1'000'000'000;
constexpr std::int64_t kReloadSoon = 50'000'000;  // That the helper has answered wakes nobody.

}  // namespace

Result<GuardLoop> GuardLoop::create(const LoopParts& parts, const std::string& root) {
  OOMKIT_TRY(WakeSet wakes, WakeSet::create());
  GuardLoop loop(parts, std::move(wakes));
  parts.run.protect(loop.helper_);
  loop.signals_ = take_signals();
  static_cast<void>(loop.wakes_.add(loop.signals_.get(), kSignalsTag, false));
  loop.open_triggers(root);
  return loop;
}

void GuardLoop::open_triggers(const std::string& root) {
  const std::string path = root + "/proc/pressure/memory";
  for (const StallTrigger& choice : kStallTriggers) {
    some_trigger_ = open_pressure_trigger(path.c_str(), "some", choice.some_us, choice.window_us);
    full_trigger_ = open_pressure_trigger(path.c_str(), "full", choice.full_us, choice.window_us);
    if (some_trigger_.get() < 0 || full_trigger_.get() < 0) continue;
    if (wakes_.add(some_trigger_.get(), kSomeTag, true) == 0 &&
        wakes_.add(full_trigger_.get(), kFullTag, true) == 0)
      trigger_ = &choice;
    return;
  }
}

void GuardLoop::tell_alive(std::int64_t now_ns) {
  const auto every = manager_.alive_every_ns();
  if (!every || now_ns < alive_due_ns_) return;
  manager_.tell("WATCHDOG=1");
  alive_due_ns_ = now_ns + *every;
}

void GuardLoop::tell_state(std::int64_t now_ns) {
  const GuardCounts& counts = guard_.counts();
  ++number_of(ring_, ChannelNumber::beats);
  number_of(ring_, ChannelNumber::decisions) = static_cast<std::int64_t>(counts.decisions);
  BoardTurn turn{now_ns, counts.turns, counts.decisions, counts.withdrawn};
  if (const auto rule = guard_.acting_rule()) turn.acting_rule = *rule;
  board_.publish(turn);
}

// Another helper may have taken the place of the one that we knew.
void GuardLoop::heed_helper() {
  const auto helper = static_cast<std::int32_t>(number_of(ring_, ChannelNumber::helper_pid));
  if (helper == helper_) return;
  run_.protect_instead(helper_, helper);
  helper_ = helper;
}

// Its keeper ends it and starts another one, which takes what is left in the mailbox.
void GuardLoop::replace_hung_helper(std::int64_t now_ns) {
  const std::int64_t reloaded = number_of(ring_, ChannelNumber::reloaded);
  const std::int64_t reload = number_of(ring_, ChannelNumber::reload);
  const bool waits = ring_.has_more() || reload != reloaded;
  const auto taken = ring_.taken() + static_cast<std::uint64_t>(reloaded);
  if (helper_watch_.hangs(now_ns, waits, taken) && keeper_ > 1)
    static_cast<void>(door_.send_signal_to_pid(keeper_, kSignalHelperHangs));
}

bool GuardLoop::heed_signals(LoopEnd& end) {
  while (const auto number = next_signal(signals_.get())) {
    if (*number == SIGHUP) {
      ++number_of(ring_, ChannelNumber::reload);
      ring_.ring();
      continue;
    }
    end = LoopEnd::asked_to;
    return true;
  }
  return false;
}

// The helper has read the file and found it good. Not in the middle of a kill.
bool GuardLoop::heed_reload() {
  const bool is_answered =
      number_of(ring_, ChannelNumber::reload) != 0 &&
      number_of(ring_, ChannelNumber::reload) == number_of(ring_, ChannelNumber::reloaded);
  if (!is_answered || guard_.is_acting()) return false;
  number_of(ring_, ChannelNumber::reload) = 0;
  number_of(ring_, ChannelNumber::reloaded) = 0;
  return number_of(ring_, ChannelNumber::reload_good) != 0;
}

LoopEnd GuardLoop::run() {
  manager_.tell("READY=1");
  LoopEnd end = LoopEnd::asked_to;
  while (true) {
    const std::int64_t now_ns = boot_time_ns();
    guard_.turn({now_ns, wall_clock()});
    tell_state(now_ns);
    heed_helper();
    replace_hung_helper(now_ns);
    tell_alive(now_ns);
    if (heed_reload()) {
      manager_.tell("RELOADING=1");
      return LoopEnd::reload;
    }
    std::int64_t until_ns = guard_.wake_at_ns();
    if (number_of(ring_, ChannelNumber::reload) != 0)
      until_ns = std::min(until_ns, now_ns + kReloadSoon);
    if (trigger_ == nullptr) until_ns = std::min(until_ns, now_ns + kUnwokenAtMost);
    if (manager_.alive_every_ns()) until_ns = std::min(until_ns, alive_due_ns_);
    const std::uint32_t woken = wakes_.wait(guard_.handles(), until_ns - boot_time_ns());
    if ((woken & (1U << kSignalsTag)) != 0 && heed_signals(end)) {
      manager_.tell("STOPPING=1");
      return end;
    }
  }
}

}  // namespace oomkit
