// A random shortage of memory: who is there, in which cgroups, and who will ask for more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "trial_member.h"

namespace oomkit {

enum class TrialKind { memcg, nested, cpuset, host };
constexpr int kTrialKinds = 4;

const char* name_of(TrialKind kind);

struct TrialCgroup {
  std::string path;
  // What is left to it when its members hold what they hold, in growths of the one that asks.
  std::optional<int> growths_left;
  // The same of swap, after a quarter of what it holds was driven there.
  std::optional<int> swap_growths_left;
  bool oom_group = false;
  std::string nodes;  // cpuset.mems; "" for all.
};

struct Trial {
  int number = 0;
  TrialKind kind = TrialKind::memcg;
  std::vector<TrialCgroup> cgroups;  // Parents first.
  std::vector<MemberPlan> members;
  std::size_t asking = 0;     // The member that asks for more until somebody dies ...
  std::int64_t growth = 0;    // ... so many pages at a time.
  std::int64_t at_first = 0;  // And at first so many megabytes less than there are.
  bool swap = false;          // Of the host.
};

// The one of that seed and number: those before it need not have been drawn.
Trial draw_trial(TrialKind kind, std::uint64_t seed, int number);

}  // namespace oomkit
