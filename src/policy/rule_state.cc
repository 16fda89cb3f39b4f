#include "policy/rule_state.h"

#include <algorithm>

#include "core/fnv.h"
#include "policy/program_key.h"

namespace oomkit {

RuleStates::RuleStates(const Policy& policy, std::size_t instances) : policy_(policy) {
  for (const PolicyRule& rule : policy.rules) {
    const bool one = rule.scope.kind == PolicyScope::Kind::host ||
                     rule.scope.kind == PolicyScope::Kind::container;
    const std::size_t count = one ? 1 : instances;
    PerRule state;
    state.identity = {scope_key(rule.scope), fnv1a(rule.name), program_key(rule.when)};
    state.ring_keys = ring_keys(rule.when);
    state.instances.resize(count);
    state.rings.reserve(count * rule.when.rings());
    state.memos.reserve(count * rule.when.memos());
    rules_.push_back(std::move(state));
  }
}

std::size_t RuleStates::index_of(const PerRule& rule, const RuleInstance& instance) const {
  return static_cast<std::size_t>(&instance - rule.instances.data());
}

// Memory that was never touched need not be locked: most rules are judged in few cgroups.
void RuleStates::keep_spare_instances(PerRule& state, const Program& when, std::size_t used) {
  constexpr std::size_t kSpare = 8;
  const std::size_t count = std::min(state.instances.size(), used + 1 + kSpare);
  if (state.rings.size() < (used + 1) * when.rings()) state.rings.resize(count * when.rings());
  if (state.memos.size() < (used + 1) * when.memos()) state.memos.resize(count * when.memos());
}

RuleInstance* RuleStates::find(std::size_t rule, std::uint64_t cgroup_id, std::uint64_t step) {
  PerRule& state = rules_[rule];
  RuleInstance* free = nullptr;
  for (RuleInstance& instance : state.instances) {
    if (instance.used && instance.cgroup_id == cgroup_id) {
      instance.seen = step;
      return &instance;
    }
    if (!instance.used && free == nullptr) free = &instance;
  }
  if (free == nullptr) return nullptr;
  *free = {true, cgroup_id, step, HostTime(0), HostTime(0)};
  keep_spare_instances(state, policy_.rules[rule].when, index_of(state, *free));
  const ProgramState fresh = program(rule, *free);
  std::fill(fresh.rings.begin(), fresh.rings.end(), WindowRing{});
  std::fill(fresh.memos.begin(), fresh.memos.end(), NodeMemo{});
  return free;
}

ProgramState RuleStates::program(std::size_t rule, const RuleInstance& instance) {
  PerRule& state = rules_[rule];
  const Program& when = policy_.rules[rule].when;
  const std::size_t index = index_of(state, instance);
  return {std::span(state.rings).subspan(index * when.rings(), when.rings()),
          std::span(state.memos).subspan(index * when.memos(), when.memos())};
}

void RuleStates::forget(std::size_t rule, std::uint64_t step) {
  for (RuleInstance& instance : rules_[rule].instances) {
    if (instance.used && instance.seen != step) instance.used = false;
  }
}

void RuleStates::discharge() {
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    for (const RuleInstance& instance : rules_[rule].instances) {
      if (instance.used) policy_.rules[rule].when.discharge(program(rule, instance).memos);
    }
  }
}

std::size_t RuleStates::memory() const {
  std::size_t bytes = 0;
  for (const PerRule& rule : rules_) {
    bytes += rule.instances.size() * sizeof(RuleInstance) +
             rule.rings.capacity() * sizeof(WindowRing) + rule.memos.capacity() * sizeof(NodeMemo) +
             rule.ring_keys.size() * sizeof(std::uint64_t);
  }
  return bytes;
}

}  // namespace oomkit
