#include "policy/engine.h"

#include <algorithm>
#include <array>
#include <vector>

#include "policy/growth_ledger.h"
#include "policy/pace.h"
#include "policy/rule_state.h"
#include "policy/selector.h"
#include "policy/tick_rows.h"

namespace oomkit {
namespace {

constexpr std::size_t kDecisionsMax = 8;
constexpr std::size_t kConditionsMax = 12;
constexpr std::size_t kRecentMax = 64;
constexpr std::size_t kKillsMax = 64;
constexpr std::size_t kScopeInstances = 128;
constexpr std::size_t kLineageMax = 32;  // Deeper ones keep their record above that.
constexpr HostTime kSurvivorTime = std::chrono::seconds(60);
// Of the bytes that are handed over: another number for any change in what is walked.
constexpr std::uint64_t kKnowledge = 0x6f6f6d6b6e6f7702U;

class PolicyEngine : public Engine {
 public:
  PolicyEngine(const Policy& policy, const EngineCapacity& capacity, HostTime start)
      : policy_(policy),
        capacity_(capacity),
        ledger_(capacity.cgroups, {capacity.processes, capacity.processes_now},
                capacity.process_histories, start),
        selector_(policy, ledger_, {capacity.processes, capacity.processes_now}),
        states_(policy, std::min(capacity.cgroups, kScopeInstances)),
        pace_(policy) {
    std::size_t nodes = 1;
    for (const PolicyRule& rule : policy.rules)
      nodes = std::max(nodes, rule.when.nodes().size());
    values_.resize(nodes);
    decided_values_.resize(nodes);
    peeked_.resize(nodes);
  }

  StepResult step(const Tick& whole) override;
  bool still_holds(const Decision& decision, const TickHost& host) const override;
  void settle(const Decision& decision, DecisionOutcome outcome) override;
  void tell(EngineWatch* watch) override { watch_ = watch; }
  bool hand_over(StateSink& sink) override;
  bool take_over(std::string_view knowledge, HostTime now);
  std::size_t memory() const override {
    return sizeof(*this) + ledger_.memory() + selector_.memory() + states_.memory() +
           3 * values_.size() * sizeof(NodeValue);
  }

 private:
  template <class Archive>
  void walk(Archive& archive, HostTime now);
  void judge_rule(const Tick& tick, std::size_t rule);
  void judge(const Tick& tick, std::size_t rule, std::uint32_t scope_row);
  bool is_scope(const Tick& tick, const PolicyScope& scope, std::uint32_t row) const;
  SignalView view_of(const Tick& tick, std::uint32_t scope_row) const;
  HeldBack held_back(const Tick& tick, const PolicyRule& rule, const RuleInstance& instance,
                     HostTime& free_again) const;
  void decide(const Tick& tick, std::size_t rule, std::uint32_t scope_row, const SignalView& view,
              RuleInstance& instance);
  void fill(Decision& decision, const Tick& tick, std::size_t rule, std::uint32_t scope_row,
            const RuleInstance& instance);
  void remember(const Tick& tick, const Decision& decision, RuleInstance& instance);
  void remember_lineage(const Tick& tick, std::uint64_t cgroup_id);
  void watch_the_kernel(const Tick& tick);
  void tell_judged(const Tick& tick, std::size_t rule, std::string_view cgroup, NodeValue value,
                   const RuleInstance& instance);

  const Tick& within_room(const Tick& tick);

  const Policy& policy_;
  EngineCapacity capacity_;
  Tick cut_;  // One that was larger than the room.
  EngineWatch* watch_ = nullptr;
  GrowthLedger ledger_;
  Selector selector_;
  RuleStates states_;
  Pace pace_;

  std::uint64_t steps_ = 0, numbers_ = 0;
  std::vector<NodeValue> values_, decided_values_;
  mutable std::vector<NodeValue> peeked_;

  // Of this step.
  std::array<Decision, kDecisionsMax> decisions_;
  std::size_t decision_count_ = 0;
  std::array<DecisionCondition, kDecisionsMax * kConditionsMax> conditions_;
  bool picked_ = false;       // The one with candidates, whose memory is in use.
  bool destructive_ = false;  // One that ends processes was decided on.
  bool busy_ = false;
  SelectorLack lack_;

  // Of the last decision that acts.
  std::size_t decided_rule_ = 0;
  RuleInstance* decided_instance_ = nullptr;
  std::uint64_t decided_number_ = 0;
  SignalView decided_view_;
  TickCgroup decided_cgroup_;
  // The cgroup of the target, its parent and so on, up to the root.
  std::array<std::uint64_t, kLineageMax> lineage_{};
  std::size_t lineage_count_ = 0;
  HostTime cooldown_before_{0}, pause_before_{0};

  HostTime pause_until_{0};         // After any kill.
  HostTime kernel_pause_until_{0};  // After one of the kernel.
  Known<std::int64_t> kernel_kills_;
  std::array<HostTime, kKillsMax> kills_{};
  std::size_t kill_count_ = 0;  // Ever; the ring holds the last ones.
  std::array<RecentTarget, kRecentMax> recent_{};
  std::size_t recent_next_ = 0;
};

void PolicyEngine::watch_the_kernel(const Tick& tick) {
  const Known<std::int64_t> kills = tick.host.oom_kill;
  if (!kills) return;
  if (kernel_kills_ && *kills > *kernel_kills_)
    kernel_pause_until_ = tick.now + policy_.settings.after_kernel_kill;
  kernel_kills_ = kills;
}

SignalView PolicyEngine::view_of(const Tick& tick, std::uint32_t scope_row) const {
  SignalView view;
  view.host = &tick.host;
  view.now = tick.now;
  const bool of_cgroup = scope_row != kNoRow;
  if (of_cgroup) view.cgroup = &tick.cgroups[scope_row];
  // Of the host: of its cgroups, or of itself where it has none.
  const GrowthLadder& growth =
      ledger_.has_cgroups() ? ledger_.of_leaves(of_cgroup ? scope_row : 0) : ledger_.of_root();
  for (std::size_t step = 0; step < kWindowSteps; ++step)
    view.growth.at(step) = Bytes(growth.at(step));
  return view;
}

bool PolicyEngine::is_scope(const Tick& tick, const PolicyScope& scope, std::uint32_t row) const {
  const TickCgroup& cgroup = tick.cgroups[row];
  switch (scope.kind) {
    case PolicyScope::Kind::host:
      return false;
    case PolicyScope::Kind::container:
      return row == 0 && is_limited(cgroup, tick.host);
    case PolicyScope::Kind::limited:
      return row != tick.own_cgroup && is_limited(cgroup, tick.host);
    case PolicyScope::Kind::cgroups:
      return std::any_of(scope.globs.begin(), scope.globs.end(),
                         [&](const std::string& glob) { return glob_fits(glob, cgroup.path); });
  }
  return false;
}

void PolicyEngine::judge_rule(const Tick& tick, std::size_t rule) {
  const PolicyScope& scope = policy_.rules[rule].scope;
  const bool of_host = scope.kind == PolicyScope::Kind::host;
  // What has not been looked at again says nothing new.
  if (!of_host && !tick.has_cgroups) return;
  if (watch_ != nullptr) watch_->begin(rule);
  if (of_host) return judge(tick, rule, kNoRow);
  for (std::uint32_t row = 0; row < tick.cgroups.size(); ++row) {
    if (is_scope(tick, scope, row)) judge(tick, rule, row);
  }
  states_.forget(rule, steps_);
}

void PolicyEngine::judge(const Tick& tick, std::size_t rule, std::uint32_t scope_row) {
  const PolicyRule& what = policy_.rules[rule];
  const std::uint64_t id = scope_row == kNoRow ? 0 : tick.cgroups[scope_row].id;
  RuleInstance* const instance = states_.find(rule, id, steps_);
  if (instance == nullptr) return;
  const SignalView view = view_of(tick, scope_row);
  const ProgramState state = states_.program(rule, *instance);
  const NodeValue value = what.when.evaluate(view, state, values_);
  for (const NodeMemo& memo : state.memos)
    busy_ = busy_ || memo.value > 0;
  const bool holds = value.known ? value.number != 0 : what.if_unknown;
  busy_ = busy_ || holds;
  if (holds) decide(tick, rule, scope_row, view, *instance);
  if (watch_ == nullptr) return;
  tell_judged(tick, rule, scope_row == kNoRow ? "" : tick.cgroups[scope_row].path, value,
              *instance);
}

void PolicyEngine::tell_judged(const Tick& tick, std::size_t rule, std::string_view cgroup,
                               NodeValue value, const RuleInstance& instance) {
  const PolicyRule& what = policy_.rules[rule];
  JudgedRule place;
  place.rule = rule;
  place.cgroup = cgroup;
  place.known = value.known;
  place.holds = value.known ? value.number != 0 : what.if_unknown;
  place.true_comparisons = count_true_comparisons(what.when, values_);
  place.held_back = held_back(tick, what, instance, place.free_again);
  const std::span<Reading> room = watch_->judged(place);
  if (room.empty()) return;
  take_readings(what.when, values_, states_.program(rule, instance).memos, tick.now, room);
}

HeldBack PolicyEngine::held_back(const Tick& tick, const PolicyRule& rule,
                                 const RuleInstance& instance, HostTime& free_again) const {
  if (tick.now < instance.cooldown_until) {
    free_again = instance.cooldown_until;
    return HeldBack::rule_cooldown;
  }
  if (!rule.destructive) return HeldBack::no;
  if (tick.now < kernel_pause_until_) {
    free_again = kernel_pause_until_;
    return HeldBack::kernel_kill;
  }
  if (tick.now < pause_until_) {
    free_again = pause_until_;
    return HeldBack::global_cooldown;
  }
  const auto budget = static_cast<std::size_t>(policy_.settings.budget);
  if (budget > 0 && kill_count_ >= budget) {
    const HostTime oldest = kills_.at((kill_count_ - budget) % kKillsMax);
    if (tick.now - oldest < policy_.settings.budget_window) {
      free_again = oldest + policy_.settings.budget_window;
      return HeldBack::budget;
    }
  }
  return HeldBack::no;
}

void PolicyEngine::fill(Decision& decision, const Tick& tick, std::size_t rule,
                        std::uint32_t scope_row, const RuleInstance& instance) {
  const PolicyRule& what = policy_.rules[rule];
  decision = {};
  decision.now = tick.now;
  decision.rule = what.name;
  decision.rule_index = static_cast<std::uint32_t>(rule);
  if (scope_row != kNoRow) decision.scope = tick.cgroups[scope_row].path;
  const auto room =
      std::span(conditions_).subspan(decision_count_ * kConditionsMax, kConditionsMax);
  const std::size_t count =
      what.when.conditions(values_, states_.program(rule, instance).memos, tick.now, room);
  decision.conditions = room.first(count);
  decision.on_a_part = tick.cgroups_cut || tick.processes_cut;
  decision.recheck = what.recheck;
}

void PolicyEngine::decide(const Tick& tick, std::size_t rule, std::uint32_t scope_row,
                          const SignalView& view, RuleInstance& instance) {
  const PolicyRule& what = policy_.rules[rule];
  if (decision_count_ == kDecisionsMax) return;
  if (what.destructive && destructive_) return;
  if (what.pick && picked_) return;
  HostTime free_again{0};
  const HeldBack held = held_back(tick, what, instance, free_again);
  const bool told = tick.now < instance.told_until;
  if (held != HeldBack::no) {
    // Pauses after a kill are no news; a spent budget is.
    if (held != HeldBack::budget || told) return;
    Decision& decision = decisions_.at(decision_count_);
    fill(decision, tick, rule, scope_row, instance);
    decision.held_back = held;
    decision.free_again = free_again;
    decision.number = ++numbers_;
    ++decision_count_;
    instance.told_until = tick.now + kToldAgain;
    return;
  }
  VictimSelection selection;
  if (what.pick) {
    selection = selector_.select({&tick, &what, scope_row, recent_, pace_.asked()});
    if (selection.lack.anything()) {
      if (!lack_.anything()) lack_ = selection.lack;
      // What comes after may not act in the place of a rule that waits.
      destructive_ = destructive_ || what.destructive;
      picked_ = true;
      return;
    }
    if (!selection.found && told) return;
  }
  Decision& decision = decisions_.at(decision_count_++);
  fill(decision, tick, rule, scope_row, instance);
  decision.number = ++numbers_;
  decision.candidates = selection.candidates;
  decision.considered = selection.considered;
  decision.has_target = selection.found;
  decision.target = selection.target;
  picked_ = picked_ || what.pick.has_value();
  if (what.pick && !selection.found) {
    decision.held_back = HeldBack::nobody;
    instance.told_until = tick.now + kToldAgain;
    return;
  }
  decision.actions = what.actions;
  if (watch_ != nullptr) watch_->acted(rule);
  destructive_ = destructive_ || what.destructive;
  if (!what.destructive && what.cooldown.count() == 0) {
    // A rule that only says something says it now and then.
    instance.cooldown_until = tick.now + kToldAgain;
    return;
  }
  decided_view_ = view;
  if (view.cgroup != nullptr) decided_cgroup_ = *view.cgroup;
  decided_values_ = values_;
  decided_rule_ = rule;
  remember(tick, decision, instance);
}

void PolicyEngine::remember(const Tick& tick, const Decision& decision, RuleInstance& instance) {
  const PolicyRule& rule = policy_.rules[decision.rule_index];
  decided_instance_ = &instance;
  decided_number_ = decision.number;
  cooldown_before_ = instance.cooldown_until;
  pause_before_ = pause_until_;
  instance.cooldown_until = tick.now + rule.cooldown;
  if (!rule.destructive) return;
  pause_until_ = tick.now + policy_.settings.cooldown;
  kills_.at(kill_count_++ % kKillsMax) = tick.now;
  states_.discharge();
  if (!decision.has_target) return;
  remember_lineage(tick, decision.target.cgroup_id);
  RecentTarget& recent = recent_.at(recent_next_++ % kRecentMax);
  recent = {};
  const bool of_cgroup =
      decision.target.kind == TargetKind::cgroup || decision.target.kind == TargetKind::unit;
  if (of_cgroup) recent.cgroup_id = decision.target.cgroup_id;
  if (!of_cgroup && !decision.target.processes.empty())
    recent.process = decision.target.processes.front();
  recent.until = tick.now + policy_.settings.target_cooldown;
}

void PolicyEngine::remember_lineage(const Tick& tick, std::uint64_t cgroup_id) {
  lineage_count_ = 0;
  std::uint32_t row = 0;
  while (row < tick.cgroups.size() && tick.cgroups[row].id != cgroup_id)
    ++row;
  while (row < tick.cgroups.size() && lineage_count_ < kLineageMax) {
    lineage_.at(lineage_count_++) = tick.cgroups[row].id;
    const std::uint32_t parent = tick.cgroups[row].parent;
    if (parent >= row) break;  // The root's, or somebody lies.
    row = parent;
  }
}

// The tick, or as much of it as there is room for.
const Tick& PolicyEngine::within_room(const Tick& tick) {
  const bool fits =
      tick.cgroups.size() <= capacity_.cgroups && tick.processes.size() <= capacity_.processes;
  if (fits) return tick;
  cut_ = tick;
  if (tick.cgroups.size() > capacity_.cgroups) {
    cut_.cgroups = tick.cgroups.first(capacity_.cgroups);
    cut_.cgroups_cut = true;
  }
  if (tick.processes.size() > capacity_.processes) {
    cut_.processes = tick.processes.first(capacity_.processes);
    cut_.processes_cut = true;
  }
  return cut_;
}

StepResult PolicyEngine::step(const Tick& whole) {
  const Tick& tick = within_room(whole);
  ++steps_;
  decision_count_ = 0;
  picked_ = false;
  destructive_ = false;
  busy_ = false;
  lack_ = {};
  for (RecentTarget& recent : recent_) {
    if (recent.until != HostTime(0) && tick.now >= recent.until) recent = {};
  }
  ledger_.take(tick);
  selector_.keep_spare(tick.processes.size());
  watch_the_kernel(tick);
  for (std::size_t rule = 0; rule < policy_.rules.size(); ++rule)
    judge_rule(tick, rule);
  StepResult result;
  result.decisions = std::span(decisions_).first(decision_count_);
  result.wish = lack_.anything() ? pace_.hurry(lack_.processes_of, lack_.all_processes)
                                 : pace_.next(tick, ledger_, busy_);
  return result;
}

bool PolicyEngine::still_holds(const Decision& decision, const TickHost& host) const {
  if (decision.number != decided_number_) return true;
  SignalView view = decided_view_;
  view.host = &host;
  if (view.cgroup != nullptr) view.cgroup = &decided_cgroup_;
  peeked_ = decided_values_;
  const NodeValue value = policy_.rules[decided_rule_].when.peek(view, peeked_);
  return value.known ? value.number != 0 : policy_.rules[decided_rule_].if_unknown;
}

void PolicyEngine::settle(const Decision& decision, DecisionOutcome outcome) {
  if (decision.number != decided_number_ || decided_instance_ == nullptr) return;
  const PolicyRule& rule = policy_.rules[decided_rule_];
  const bool destructive = rule.destructive;
  RecentTarget* const recent = destructive && decision.has_target && recent_next_ > 0
                                   ? &recent_.at((recent_next_ - 1) % kRecentMax)
                                   : nullptr;
  if (outcome == DecisionOutcome::withdrawn) {
    decided_instance_->cooldown_until = cooldown_before_;
    if (destructive) {
      pause_until_ = pause_before_;
      --kill_count_;
    }
    if (recent != nullptr) *recent = {};
  }
  const bool in_vain = outcome == DecisionOutcome::survived || outcome == DecisionOutcome::failed;
  if (in_vain && recent != nullptr) {
    recent->survived = true;
    recent->until = std::max(recent->until, decision.now + kSurvivorTime);
  }
  // Those are dead. Whoever is in their cgroup from now on came after them: neither is it spared
  // for it, nor is what they used its record. Else somebody else would die for the next leak of a
  // program that starts again and again.
  if (outcome == DecisionOutcome::done && rule.kills && recent != nullptr) {
    *recent = {};
    ledger_.bury(decision.target.processes, std::span(lineage_).first(lineage_count_));
  }
  decided_number_ = 0;
}

// What no rule and no history is: pauses, the budget, who was a target.
template <class Archive>
void PolicyEngine::walk(Archive& archive, HostTime now) {
  archive.number(numbers_);
  archive.until(pause_until_, now + policy_.settings.cooldown);
  archive.until(kernel_pause_until_, now + policy_.settings.after_kernel_kill);
  std::int64_t kernel_kills = kernel_kills_.value_or(-1);
  archive.number(kernel_kills);
  kernel_kills_ = kernel_kills < 0 ? Known<std::int64_t>() : kernel_kills;
  std::uint64_t kills = kill_count_;
  archive.number(kills);
  kill_count_ = static_cast<std::size_t>(kills);
  for (HostTime& kill : kills_)
    archive.past(kill);
  std::uint64_t recent_next = recent_next_;
  archive.number(recent_next);
  recent_next_ = static_cast<std::size_t>(recent_next);
  const HostTime target_pause = std::max<HostTime>(policy_.settings.target_cooldown, kSurvivorTime);
  for (RecentTarget& recent : recent_) {
    archive.number(recent.process.pid);
    std::int64_t start = recent.process.start.value_or(HostTime(-1)).count();
    archive.number(start);
    recent.process.start = start < 0 ? Known<HostTime>() : HostTime(start);
    archive.number(recent.cgroup_id);
    archive.until(recent.until, now + target_pause);
    archive.truth(recent.survived);
  }
}

bool PolicyEngine::hand_over(StateSink& sink) {
  StateWriter archive(sink);
  std::uint64_t kind = kKnowledge;
  archive.number(kind);
  walk(archive, HostTime(0));
  ledger_.hand_over(archive);
  states_.hand_over(archive);
  return archive.finish();
}

bool PolicyEngine::take_over(std::string_view knowledge, HostTime now) {
  StateReader archive(knowledge, now);
  std::uint64_t kind = 0;
  archive.number(kind);
  if (kind != kKnowledge) return false;
  walk(archive, now);
  return ledger_.take_over(archive) && states_.take_over(archive) && archive.finish();
}

}  // namespace

std::unique_ptr<Engine> Engine::create_with(std::string_view knowledge, const Policy& policy,
                                            const EngineCapacity& capacity, HostTime start) {
  auto engine = std::make_unique<PolicyEngine>(policy, capacity, start);
  if (!engine->take_over(knowledge, start)) return nullptr;
  return engine;
}

std::unique_ptr<Engine> Engine::create(const Policy& policy, const EngineCapacity& capacity,
                                       HostTime start) {
  return std::make_unique<PolicyEngine>(policy, capacity, start);
}

}  // namespace oomkit
