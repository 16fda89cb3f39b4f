// Whom a rule picks, as text: "culprit", "process by badness", "cgroup by growth, then usage".
//
//   culprit | KIND [by ORDER] [at least AMOUNT [of mem.total | swap.total | scope.capacity]]
//   KIND   process, process group, cgroup, unit; cgroups: recursive at the end
//   ORDER  sums of rankers, compared by the first, where equal by the next:
//          growth, then 2 * swap + rss
#pragma once

#include <span>
#include <string_view>

#include "policy/policy.h"
#include "policy/token.h"

namespace oomkit {

struct RankerEntry {
  Ranker ranker = Ranker::culprit;
  std::string_view name;
  PolicyUnit unit;
  bool of_processes = false, of_cgroups = false;
  std::string_view about;
};
std::span<const RankerEntry> ranker_table();
const RankerEntry& ranker_entry(Ranker ranker);

tl::expected<PolicyPick, ExpressionError> parse_pick(std::string_view text);

}  // namespace oomkit
