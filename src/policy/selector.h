// Whom to take: candidates, who of them may not die and why, their order, the target.
//
// Works on one tick, the growth ledger and the policy; keeps nothing from one choice to the next
// but its memory. Three ways (selector_flat.cc, selector_descent.cc): all processes of the scope
// ranked; its cgroups ranked, flat or from the scope downwards; the culprit's descent through
// the cgroups and then inside the convicted one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "policy/decision.h"
#include "policy/growth_ledger.h"
#include "policy/policy.h"
#include "policy/shares.h"
#include "policy/tick.h"

namespace oomkit {

// Who was a target a moment ago.
struct RecentTarget {
  ProcessId process;
  std::uint64_t cgroup_id = 0;  // Of a cgroup; 0 for a process.
  HostTime until{0};
  bool survived = false;
};

struct SelectorInput {
  const Tick* tick = nullptr;
  const PolicyRule* rule = nullptr;
  std::uint32_t scope_row = kNoRow;  // kNoRow: the host.
  std::span<const RecentTarget> recent;
  // What the answer to the last wish holds, where not all processes were read.
  std::span<const std::uint64_t> asked;
};

// What has to be read before a choice can be made.
struct SelectorLack {
  bool cgroups = false;
  bool all_processes = false;
  std::uint64_t processes_of = 0;

  bool anything() const { return cgroups || all_processes || processes_of != 0; }
};

struct VictimSelection {
  bool found = false;
  SelectorLack lack;
  std::span<const DecisionCandidate> candidates;
  std::uint32_t considered = 0;
  DecisionTarget target;
};

class Selector {
 public:
  Selector(const Policy& policy, const GrowthLedger& ledger, const TableRoom& processes);

  // For a tick with so many processes.
  void keep_spare(std::size_t processes);

  // Valid until the next call.
  VictimSelection select(const SelectorInput& input);

  std::size_t memory() const;

 private:
  static constexpr std::size_t kShownMax = 24;
  static constexpr std::size_t kTermsMax = 10;
  static constexpr std::size_t kKeysMax = 4;

  struct Ranked {
    std::uint32_t row = 0;
    PreferenceLevel level = PreferenceLevel::normal;
    Excluded excluded = Excluded::no;
    std::array<double, kKeysMax> keys{};
  };
  // One for each process there may be, so they are small.
  struct Member {
    std::uint32_t row : 31 = 0;
    bool goes : 1 = false;          // Is of the target.
    std::uint32_t parent = kNoRow;  // In members_.
    double share = 0;               // Of itself ...
    union {
      double family = 0;   // ... and with all its descendants.
      std::int64_t group;  // While a majority is looked for: what is sorted by.
    };
  };
  static_assert(sizeof(Member) == 24);
  struct Standing {
    PreferenceLevel level = PreferenceLevel::normal;
    Excluded excluded = Excluded::no;
    double points = 0;
  };

  // Eligibility (selector_eligible.cc).
  template <class Fits>
  void judge(const Fits& fits, Standing& standing) const;
  Standing standing_of_process(const TickProcess& process) const;
  Standing standing_of_cgroup(std::uint32_t row) const;
  Excluded kernel_says_no(const TickProcess& process) const;
  bool process_fits(const PolicyMatch& match, const TickProcess& process) const;
  bool cgroup_fits(const PolicyMatch& match, const TickCgroup& cgroup) const;
  void cgroup_wish(std::uint32_t row, Standing& standing) const;
  Excluded recently(const TickProcess& process) const;
  Excluded recently(const TickCgroup& cgroup) const;
  bool is_from(std::uint32_t row) const;
  bool in_scope(std::uint32_t cgroup_row) const;
  const TickCgroup* cgroup_of(const TickProcess& process) const;
  bool is_leaf(std::uint32_t row) const;
  bool has_processes_of(std::uint32_t row) const;

  // Flat rankings (selector_flat.cc).
  VictimSelection select_processes();
  VictimSelection select_cgroups();
  double process_value(Ranker ranker, const TickProcess& process, std::uint32_t row, double points,
                       bool& known) const;
  double cgroup_value(Ranker ranker, std::uint32_t row, bool& known) const;
  double badness_of(const TickProcess& process, bool& known) const;
  template <class Value>
  void rank(std::uint32_t row, const Standing& standing, const Value& value);
  void begin_ranking();
  void add_ranked(const Ranked& ranked);
  bool comes_before(const Ranked& a, const Ranked& b) const;
  Known<double> least_wanted() const;
  void show(bool processes);
  void show_terms(DecisionCandidate& candidate, const Ranked& ranked, bool processes);
  std::uint32_t highest_group(std::uint32_t row) const;

  // The culprit's descent (selector_descent.cc).
  VictimSelection descend();
  std::uint32_t worst_child(std::uint32_t node);
  bool explains_enough(const GrowthLadder& growth) const;
  VictimSelection inside(std::uint32_t leaf);
  void collect_members(std::uint32_t leaf);
  void link_families();
  void sum_families();
  void convict_family(VictimSelection& selection);
  bool convict_majority(VictimSelection& selection, int by);
  void target_largest(VictimSelection& selection);
  void add_with_descendants(std::uint32_t root);
  void show_members();

  // Targets (selector_target.cc).
  void target_process(VictimSelection& selection, std::uint32_t row);
  void target_group(VictimSelection& selection, std::uint32_t row);
  void target_cgroup(VictimSelection& selection, std::uint32_t row, TargetKind kind);
  bool add_target(const TickProcess& process);
  void take_member(std::uint32_t member);
  void finish_target(VictimSelection& selection, TargetKind kind);
  Known<Bytes> frees_of(const TickProcess& process) const;

  const Policy& policy_;
  const GrowthLedger& ledger_;
  SelectorInput input_;
  GrowthShares shares_;
  TableRoom room_;  // For processes.
  // The best of all that were ranked, best first: more of them nobody asks for.
  std::array<Ranked, kShownMax> ranked_;
  std::size_t ranked_count_ = 0;
  std::uint32_t considered_ = 0;  // All that were ranked.
  Known<double> least_;           // Below it nobody is taken.
  std::vector<Member> members_;
  std::size_t members_count_ = 0;
  std::vector<std::uint32_t> sorted_;  // Numbers of members, in some order.
  std::vector<ProcessId> targets_;
  std::size_t target_count_ = 0;
  std::string_view first_comm_;  // Of the target.
  std::int64_t frees_ = 0;
  std::array<DecisionCandidate, kShownMax> shown_;
  std::array<ScoreTerm, kShownMax * kTermsMax> terms_;
  std::size_t shown_count_ = 0;
};

}  // namespace oomkit
