// What is remembered of rules, on its way to the rules of a policy that was changed.
#include <algorithm>
#include <chrono>

#include "policy/rule_state.h"

namespace oomkit {

struct RuleStates::HandedOver {
  struct Instance {
    std::uint64_t cgroup_id = 0;
    HostTime cooldown_until{0}, told_until{0};
    std::vector<WindowRing> rings;
    std::vector<NodeMemo> memos;
  };

  Identity identity;
  std::vector<std::uint64_t> ring_keys;
  std::vector<Instance> instances;

  // False: there is no more, or no sense in it.
  bool read(StateReader& archive);
};

void RuleStates::hand_over(StateWriter& archive) {
  auto rules = static_cast<std::uint32_t>(rules_.size());
  archive.number(rules);
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    PerRule& state = rules_[rule];
    state.identity.walk(archive);
    auto rings = static_cast<std::uint32_t>(state.ring_keys.size());
    auto memos = static_cast<std::uint32_t>(policy_.rules[rule].when.memos());
    archive.number(rings);
    for (std::uint64_t& key : state.ring_keys)
      archive.number(key);
    archive.number(memos);
    auto instances = static_cast<std::uint32_t>(
        std::count_if(state.instances.begin(), state.instances.end(),
                      [](const RuleInstance& instance) { return instance.used; }));
    archive.number(instances);
    for (RuleInstance& instance : state.instances) {
      if (!instance.used) continue;
      archive.number(instance.cgroup_id);
      archive.until(instance.cooldown_until, instance.cooldown_until);
      archive.until(instance.told_until, instance.told_until);
      const ProgramState program_state = program(rule, instance);
      for (WindowRing& ring : program_state.rings)
        ring.walk(archive);
      for (NodeMemo& memo : program_state.memos)
        memo.walk(archive);
    }
  }
}

bool RuleStates::HandedOver::read(StateReader& archive) {
  identity.walk(archive);
  ring_keys.resize(archive.count(sizeof(std::uint64_t)));
  for (std::uint64_t& key : ring_keys)
    archive.number(key);
  const std::size_t memos = archive.count(1);
  const std::size_t least = sizeof(std::uint64_t) + ring_keys.size() + memos;
  instances.resize(archive.count(least));
  for (Instance& instance : instances) {
    archive.number(instance.cgroup_id);
    archive.until(instance.cooldown_until, HostTime::max());
    archive.until(instance.told_until, HostTime::max());
    if (!archive.good()) return false;
    instance.rings.resize(ring_keys.size());
    for (WindowRing& ring : instance.rings)
      ring.walk(archive);
    instance.memos.resize(memos);
    for (NodeMemo& memo : instance.memos)
      memo.walk(archive);
  }
  return archive.good();
}

bool RuleStates::take_over(StateReader& archive) {
  const std::size_t count = archive.count(sizeof(Identity));
  for (std::size_t index = 0; index < count; ++index) {
    HandedOver from;
    if (!from.read(archive)) return false;
    for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
      if (rules_[rule].identity.scope == from.identity.scope) adopt(rule, from, archive.now());
    }
  }
  return archive.good();
}

void RuleStates::adopt(std::size_t rule, const HandedOver& from, HostTime now) {
  const PerRule& state = rules_[rule];
  const bool is_named_so = state.identity.name == from.identity.name;
  const bool is_same = is_named_so && state.identity.program == from.identity.program;
  const HostTime pause = std::max<HostTime>(policy_.rules[rule].cooldown, kToldAgain);
  for (const HandedOver::Instance& handed : from.instances) {
    RuleInstance* const instance = find(rule, handed.cgroup_id, 0);
    if (instance == nullptr) return;
    const ProgramState program_state = program(rule, *instance);
    for (std::size_t to = 0; to < program_state.rings.size(); ++to) {
      const auto key = std::find(from.ring_keys.begin(), from.ring_keys.end(), state.ring_keys[to]);
      if (key == from.ring_keys.end()) continue;
      if (is_same || program_state.rings[to].count == 0)
        program_state.rings[to] =
            handed.rings[static_cast<std::size_t>(key - from.ring_keys.begin())];
    }
    if (is_named_so) {
      instance->cooldown_until = std::min(handed.cooldown_until, now + pause);
      instance->told_until = std::min(handed.told_until, now + kToldAgain);
    }
    if (is_same && handed.memos.size() == program_state.memos.size())
      std::copy(handed.memos.begin(), handed.memos.end(), program_state.memos.begin());
  }
}

}  // namespace oomkit
