// The guard's turn: a tick, a step of the policy, and what it decides.
//
// It knows no file, no clock and no process; those are behind the TickSource, the KillDoor of the
// run and the Outbox. So a test drives it through an hour of trouble in a millisecond.
//
// While a decision is carried out no further step is made: the policy would be judging a host
// that is just being helped. That lasts no longer than a victim may take to end, and a wait for
// somebody who was asked to end is cut short when memory becomes critical.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "act/kill_run.h"
#include "guard/decision_record.h"
#include "guard/deed.h"
#include "guard/outbox.h"
#include "guard/tick_source.h"
#include "policy/engine.h"
#include "record/flight_recorder.h"

namespace oomkit {

// The clocks as of one moment.
struct GuardTime {
  std::int64_t now_ns = 0;                   // Since boot.
  std::chrono::microseconds since_epoch{0};  // For records.
};

struct GuardCounts {
  std::uint64_t turns = 0;
  std::uint64_t decisions = 0;  // That acted, or would have.
  std::uint64_t withdrawn = 0;
};

class Guard {
 public:
  // `recorder`: who writes down what was seen and what became of it; nullptr: nobody.
  Guard(Engine& engine, TickSource& source, KillRun& run, Outbox& outbox, bool dry_run,
        FlightRecorder* recorder = nullptr)
      : engine_(engine),
        source_(source),
        deed_(run, outbox),
        outbox_(outbox),
        dry_run_(dry_run),
        recorder_(recorder) {
    message_.wipe();
  }

  // To be called at wake_at_ns(), and before that when one of handles() is ready or something
  // says that memory is short.
  void turn(const GuardTime& time);

  std::int64_t wake_at_ns() const { return wake_at_ns_; }
  std::span<const int> handles() { return deed_.handles(); }
  bool is_acting() const { return decision_ != nullptr; }
  const TickWish& wish() const { return wish_; }  // What the next look is to have.
  const GuardCounts& counts() const { return counts_; }
  // Whose decision is being carried out.
  std::optional<std::uint32_t> acting_rule() const {
    return is_acting() ? std::optional(decision_->rule_index) : std::nullopt;
  }

 private:
  void look(const GuardTime& time);
  void decide(const Decision& decision, const GuardTime& time);
  void go_on(const GuardTime& time);
  KillConditions conditions(const TickHost& host, std::int64_t now_ns) const;
  void settle(const Decision& decision, DecisionOutcome outcome);
  void record(const Decision& decision, const DecisionRecord::Doing& doing, const GuardTime& time);
  bool is_news(const Decision& decision);

  Engine& engine_;
  TickSource& source_;
  Deed deed_;
  Outbox& outbox_;
  bool dry_run_;
  FlightRecorder* recorder_;
  TickWish wish_;
  const Decision* decision_ = nullptr;  // That is being carried out.
  DecisionRecord record_;
  GuardCounts counts_;
  std::int64_t wake_at_ns_ = 0;
  // What was last said of a rule that was held back: the same is not said at every tick.
  std::uint32_t held_rule_ = 0;
  HeldBack held_why_ = HeldBack::no;
  HostTime held_until_{0};
  FixedText<DecisionRecord::kRoom + 3072> message_;
};

}  // namespace oomkit
