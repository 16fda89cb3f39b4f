#include "trial_plan.h"

namespace oomkit {
namespace {

// As hosts have them: most have none, some are raised or lowered, one in twenty is exempt.
int draw_adj(Random& random) {
  const std::int64_t kind = random.between(0, 99);
  if (kind < 50) return 0;
  if (kind < 55) return -1000;
  if (kind < 75) return static_cast<int>(random.between(-60, 60));
  return static_cast<int>(random.between(-999, 1000));
}

class Drawing {
 public:
  Drawing(TrialKind kind, std::uint64_t seed, int number)
      : random_(seed * 1'000'003 + static_cast<std::uint64_t>(number)) {
    trial_.number = number;
    trial_.kind = kind;
    trial_.growth = random_.between(8, 96);
  }

  Trial draw() {
    switch (trial_.kind) {
      case TrialKind::memcg:
        draw_memcg();
        break;
      case TrialKind::nested:
        draw_nested();
        break;
      case TrialKind::cpuset:
        draw_cpuset();
        break;
      case TrialKind::host:
        draw_host();
        break;
    }
    choose_who_asks();
    return std::move(trial_);
  }

 private:
  std::string top() const { return "/t" + std::to_string(trial_.number); }

  MemberPlan& add_member(const std::string& cgroup, std::int64_t low, std::int64_t high) {
    MemberPlan plan;
    plan.name = "t" + std::to_string(trial_.number) + "m" + std::to_string(trial_.members.size());
    plan.kind = static_cast<MemberKind>(random_.between(0, kMemberKinds - 1));
    plan.pages = random_.between(low, high);
    // A table covers 2 MiB of addresses and is charged as a page.
    if (plan.kind == MemberKind::tables) plan.pages = plan.pages / 4 + 1;
    plan.adj = draw_adj(random_);
    plan.cgroup = cgroup;
    trial_.members.push_back(std::move(plan));
    return trial_.members.back();
  }

  void add_members(const std::string& cgroup, int count) {
    // Sizes of one order of magnitude: who is first is not clear from far away.
    const std::int64_t high = random_.between(200, 1800);
    for (int i = 0; i < count; ++i)
      add_member(cgroup, high / 4, high);
  }

  TrialCgroup limited(const std::string& path) {
    TrialCgroup cgroup{path, static_cast<int>(random_.between(2, 12)), std::nullopt,
                       random_.chance(25), ""};
    if (random_.chance(40)) cgroup.swap_growths_left = static_cast<int>(random_.between(0, 8));
    return cgroup;
  }

  void draw_memcg() {
    trial_.swap = random_.chance(70);
    trial_.cgroups.push_back(limited(top()));
    add_members(top(), static_cast<int>(random_.between(2, 9)));
    // Who is larger and elsewhere is nobody's victim here.
    if (random_.chance(30)) add_member("", 1000, 3000);
  }

  void draw_nested() {
    trial_.swap = random_.chance(70);
    trial_.cgroups.push_back(limited(top()));
    if (random_.chance(40)) trial_.cgroups.back().growths_left.reset();
    const std::int64_t children = random_.between(1, 3);
    for (std::int64_t i = 0; i < children; ++i) {
      const std::string child = top() + "/c" + std::to_string(i);
      trial_.cgroups.push_back(limited(child));
      if (random_.chance(50)) trial_.cgroups.back().growths_left.reset();
      if (random_.chance(40)) {
        trial_.cgroups.push_back(limited(child + "/d"));
        add_members(child + "/d", static_cast<int>(random_.between(1, 3)));
      } else {
        add_members(child, static_cast<int>(random_.between(1, 4)));
      }
    }
    // The controller is in charge of leaves alone, and somewhere must be a limit.
    if (!trial_.cgroups.front().growths_left) trial_.cgroups.back().growths_left = 3;
  }

  void draw_cpuset() {
    trial_.cgroups.push_back({top(), std::nullopt, std::nullopt, random_.chance(15), "1"});
    trial_.cgroups.push_back({top() + "o", std::nullopt, std::nullopt, false, "0"});
    // Half of the node's memory at most is taken before it runs out.
    const std::int64_t inside = random_.between(2, 6);
    const std::int64_t high = random_.between(600, 9000 / inside);
    for (std::int64_t i = 0; i < inside; ++i)
      add_member(top(), high / 5, high);
    const std::int64_t outside = random_.between(1, 3);
    for (std::int64_t i = 0; i < outside; ++i)
      add_member(random_.chance(70) ? top() + "o" : "", 300, 5000);
    // Some of what a node has free, the kernel keeps from such a process.
    trial_.at_first = 16;
  }

  void draw_host() {
    trial_.swap = random_.chance(50);
    const bool grouped = random_.chance(30);
    trial_.cgroups.push_back({top(), std::nullopt, std::nullopt, grouped, ""});
    const std::int64_t members = random_.between(3, 12);
    const std::int64_t high = random_.between(1500, 26'000 / members);
    for (std::int64_t i = 0; i < members; ++i)
      add_member(random_.chance(40) ? top() : "", high / 5, high);
    trial_.at_first = 16;
    trial_.growth = random_.between(64, 300);
  }

  // One that can run out: in the cpuset, and below a limit.
  void choose_who_asks() {
    std::vector<std::size_t> able;
    bool killable = false;
    for (std::size_t i = 0; i < trial_.members.size(); ++i) {
      const MemberPlan& member = trial_.members[i];
      const bool inside = trial_.kind == TrialKind::host || is_below_limit(member.cgroup);
      if (inside) able.push_back(i);
    }
    trial_.asking = able[static_cast<std::size_t>(
        random_.between(0, static_cast<std::int64_t>(able.size()) - 1))];
    // All others may be exempt: then nobody could die, which is another story.
    MemberPlan& asking = trial_.members[trial_.asking];
    for (const std::size_t i : able)
      killable |= trial_.members[i].adj != -1000 && i != trial_.asking;
    if (asking.adj == -1000 && (!killable || trial_.kind == TrialKind::nested)) asking.adj = -999;
  }

  bool is_below_limit(const std::string& cgroup) const {
    for (const TrialCgroup& known : trial_.cgroups) {
      const bool below = cgroup == known.path || cgroup.starts_with(known.path + "/");
      if (below && (known.growths_left || known.nodes == "1")) return true;
    }
    return false;
  }

  Trial trial_;
  Random random_;
};

}  // namespace

const char* name_of(TrialKind kind) {
  constexpr const char* kNames[] = {"memcg", "nested", "cpuset", "host"};
  return kNames[static_cast<int>(kind)];
}

Trial draw_trial(TrialKind kind, std::uint64_t seed, int number) {
  return Drawing(kind, seed, number).draw();
}

}  // namespace oomkit
