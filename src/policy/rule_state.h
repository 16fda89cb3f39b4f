// What the engine remembers of rules: windows and timers of their conditions, one set for each
// cgroup that a rule is judged in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/time.h"
#include "policy/policy.h"
#include "policy/program.h"
#include "policy/state_archive.h"

namespace oomkit {

// What is no news is said again after so long.
inline constexpr HostTime kToldAgain = std::chrono::seconds(10);

struct RuleInstance {
  bool used = false;
  std::uint64_t cgroup_id = 0;  // 0: the host.
  std::uint64_t seen = 0;       // The step that judged it last.
  HostTime cooldown_until{0};
  HostTime told_until{0};  // A decision that does nothing is not told again before.
};

class RuleStates {
 public:
  // `instances`: of a rule that is judged in cgroups; of others one.
  RuleStates(const Policy& policy, std::size_t instances);

  // The instance of this cgroup, a fresh one if need be; nullptr if there is no room.
  RuleInstance* find(std::size_t rule, std::uint64_t cgroup_id, std::uint64_t step);
  ProgramState program(std::size_t rule, const RuleInstance& instance);
  // Those of cgroups that are gone, of rules that were judged in this step.
  void forget(std::size_t rule, std::uint64_t step);
  // After a kill all begin to add up anew.
  void discharge();

  std::size_t memory() const;

  // What is remembered, to those of another policy: all of a rule where the condition is the same,
  // its pause where the name is, samples of the host where another rule of this scope had them.
  void hand_over(StateWriter& archive);
  bool take_over(StateReader& archive);

 private:
  // Who a rule is.
  struct Identity {
    std::uint64_t scope = 0, name = 0, program = 0;

    template <class Archive>
    void walk(Archive& archive) {
      archive.number(scope);
      archive.number(name);
      archive.number(program);
    }
  };
  struct HandedOver;  // A rule's memory, read.
  struct PerRule {
    Identity identity;
    std::vector<std::uint64_t> ring_keys;
    std::vector<RuleInstance> instances;
    std::vector<WindowRing> rings;
    std::vector<NodeMemo> memos;
  };

  static void keep_spare_instances(PerRule& state, const Program& when, std::size_t used);
  std::size_t index_of(const PerRule& rule, const RuleInstance& instance) const;
  void adopt(std::size_t rule, const HandedOver& from, HostTime now);

  const Policy& policy_;
  std::vector<PerRule> rules_;
};

}  // namespace oomkit
