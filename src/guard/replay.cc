#include "guard/replay.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "guard/guard.h"
#include "io/fake_kill_door.h"
#include "policy/knowledge_text.h"

namespace oomkit {
namespace {

// A tick and what came of it, until the next one.
struct Turn {
  RecordedTick seen;
  std::deque<SecondLook> looks;
  std::deque<SettledDecision> settled;
};

class RecordedSource final : public TickSource {
 public:
  void set(Turn* turn) { turn_ = turn; }
  const Tick& read(const TickWish& /*wish*/) override { return turn_->seen.tick; }
  TickHost read_again() override {
    if (turn_->looks.empty()) return turn_->seen.tick.host;
    const TickHost host = turn_->looks.front().host;
    turn_->looks.pop_front();
    return host;
  }
  int folder_of(std::uint64_t /*cgroup_id*/) const override { return -1; }

 private:
  Turn* turn_ = nullptr;
};

bool is_same(const Decision& decision, const SettledDecision& settled) {
  if (decision.rule != settled.rule) return false;
  if (!decision.has_target) return settled.pids.empty() && settled.cgroup.empty();
  const auto pids = decision.target.processes;
  return decision.target.cgroup == settled.cgroup &&
         std::equal(pids.begin(), pids.end(), settled.pids.begin(), settled.pids.end(),
                    [](const ProcessId& process, std::int32_t pid) { return process.pid == pid; });
}

// The engine, but what its decisions came to is what they came to then.
class RecordedEngine final : public Engine {
 public:
  explicit RecordedEngine(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
  void set(Turn* turn) {
    turn_ = turn;
    // While one of them was carried out, those that stood behind it were dropped.
    may_act_ = std::max<std::size_t>(1, turn->looks.size());
  }
  // Of the decision that was settled last, and how many were.
  bool last_agreed() const { return last_agreed_; }
  std::uint64_t settled() const { return settled_; }

  StepResult step(const Tick& tick) override {
    StepResult result = engine_->step(tick);
    std::size_t kept = 0;
    std::size_t acting = 0;
    for (; kept < result.decisions.size(); ++kept) {
      if (result.decisions[kept].acts() && ++acting > may_act_) break;
    }
    result.decisions = result.decisions.first(kept);
    return result;
  }
  bool still_holds(const Decision& decision, const TickHost& host) const override {
    return engine_->still_holds(decision, host);
  }
  void settle(const Decision& decision, DecisionOutcome outcome) override {
    ++settled_;
    last_agreed_ = !turn_->settled.empty() && is_same(decision, turn_->settled.front());
    if (last_agreed_) {
      const DecisionOutcome then = turn_->settled.front().outcome;
      // Who was gone then before anything was done is still there in a recording.
      last_agreed_ = outcome != DecisionOutcome::withdrawn || then == DecisionOutcome::withdrawn;
      outcome = then;
    }
    if (last_agreed_) turn_->settled.pop_front();
    engine_->settle(decision, outcome);
  }
  bool hand_over(StateSink& sink) override { return engine_->hand_over(sink); }
  std::size_t memory() const override { return engine_->memory(); }

 private:
  std::unique_ptr<Engine> engine_;
  Turn* turn_ = nullptr;
  std::size_t may_act_ = 1;
  bool last_agreed_ = false;
  std::uint64_t settled_ = 0;
};

// Hears what the guard would have told its helper.
class ReplayOutbox final : public Outbox {
 public:
  explicit ReplayOutbox(const RecordedEngine& engine) : engine_(engine) {}

  bool post(HelperTask task, std::string_view texts) override {
    if (task != HelperTask::record) return true;
    const auto take = [&] {
      const std::size_t end = texts.find('\0');
      const std::string text(texts.substr(0, end));
      texts.remove_prefix(std::min(texts.size(), end + 1));
      return text;
    };
    ReplayedDecision decision;
    decision.sentence = take();
    decision.record = take();
    // A decision that acts is settled before it is told.
    decision.acts = engine_.settled() != std::exchange(settled_, engine_.settled());
    decision.as_recorded = decision.acts && engine_.last_agreed();
    told.push_back(std::move(decision));
    return true;
  }
  std::optional<int> hook_status(std::uint32_t /*number*/) override { return std::nullopt; }
  std::uint64_t lost() const override { return 0; }

  std::vector<ReplayedDecision> told;

 private:
  const RecordedEngine& engine_;
  std::uint64_t settled_ = 0;
};

// As it began then: with what the guard before it knew, or without.
std::unique_ptr<Engine> engine_of(const Policy& policy, const RecordingBegin& begin,
                                  std::string_view knowledge) {
  std::unique_ptr<Engine> engine;
  if (begin.goes_on) engine = Engine::create_with(knowledge, policy, begin.capacity, begin.start);
  return engine ? std::move(engine) : Engine::create(policy, begin.capacity, begin.start);
}

// From one begin of a recording to the next.
class ReplayedGuard {
 public:
  ReplayedGuard(const Policy& policy, const RecordingBegin& begin, std::string_view knowledge)
      : begin_(begin),
        engine_(engine_of(policy, begin, knowledge)),
        run_(door_),
        outbox_(engine_),
        guard_(engine_, source_, run_, outbox_, true) {}

  std::string knowledge() {
    KnowledgeText sink;
    engine_.hand_over(sink);
    return std::move(sink.text);
  }

  void turn(Turn& turn, ReplaySummary& summary,
            const std::function<void(const ReplayedDecision&)>& hears) {
    summary.recorded += turn.settled.size();
    source_.set(&turn);
    engine_.set(&turn);
    const HostTime at = turn.seen.tick.now;
    if (!first_) first_ = last_ = at;
    summary.duration += at - std::exchange(last_, at);
    const auto since_start =
        std::chrono::duration_cast<std::chrono::microseconds>(at - begin_.start);
    guard_.turn({at.count(), begin_.since_epoch + since_start});
    for (ReplayedDecision& told : outbox_.told) {
      told.at = at - *first_;
      summary.decided += told.acts ? 1U : 0U;
      summary.agreeing += told.as_recorded ? 1U : 0U;
      hears(told);
    }
    outbox_.told.clear();
    for (SettledDecision& left : turn.settled)
      summary.missing.push_back({at - *first_, std::move(left)});
  }

 private:
  RecordingBegin begin_;
  std::optional<HostTime> first_;  // Look.
  HostTime last_{0};
  RecordedEngine engine_;
  RecordedSource source_;
  FakeKillDoor door_;
  KillRun run_;
  ReplayOutbox outbox_;
  Guard guard_;
};

}  // namespace

Result<ReplaySummary> replay(const ReplayPolicy& policy, RecordingReader& recording,
                             const std::function<void(const ReplayedDecision&)>& hears) {
  ReplaySummary summary;
  summary.same_policy = true;
  std::unique_ptr<ReplayedGuard> guard;
  std::optional<Turn> turn;
  // A turn is made when all that came of it is known.
  const auto finish_turn = [&] {
    if (turn) guard->turn(*turn, summary, hears);
  };
  while (true) {
    OOMKIT_TRY(std::optional<RecordedLine> line, recording.next());
    if (!line) break;
    if (auto* begin = std::get_if<RecordingBegin>(&*line)) {
      finish_turn();
      turn.reset();
      if (summary.begins++ == 0) summary.begin = *begin;
      summary.same_policy = summary.same_policy && begin->policy_hash == policy.hash;
      const std::string knowledge = guard ? guard->knowledge() : std::string();
      guard = std::make_unique<ReplayedGuard>(policy.policy, *begin, knowledge);
    } else if (auto* seen = std::get_if<RecordedTick>(&*line)) {
      finish_turn();
      ++summary.ticks;
      // Decisions and the engine's memory look into the rows of the tick before until now.
      turn.emplace(Turn{std::move(*seen), {}, {}});
    } else if (auto* look = std::get_if<SecondLook>(&*line)) {
      if (turn) turn->looks.push_back(*look);
    } else if (auto* settled = std::get_if<SettledDecision>(&*line)) {
      if (turn) turn->settled.push_back(std::move(*settled));
    } else if (const auto* lost = std::get_if<LostLines>(&*line)) {
      summary.lost += lost->count;
    }
  }
  finish_turn();
  summary.is_cut = recording.is_cut();
  return summary;
}

}  // namespace oomkit
