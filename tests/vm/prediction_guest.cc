// PID 1 of the machine in which predictions are held against a kernel: one random shortage after
// the other, each foretold from a snapshot that is taken just before the kill.
//
// Kernel parameters: oomkit.seed=N, oomkit.first=N, oomkit.trials=N (of each kind). One line a
// trial; "bad" is what the kernel chose otherwise although the two first of our ranking differ
// by more than what was asked for in that moment.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include "guest/small_file.h"
#include "kernel/prediction.h"
#include "machine_setup.h"
#include "sources/live_host.h"
#include "trial_kill.h"
#include "trial_plan.h"

namespace oomkit {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr const char* kSwapDevice = "/dev/zram0";

// One that shows nothing (a kill before there was a snapshot) is drawn anew, as one of a number
// that no other machine begins at.
constexpr int kDrawsMax = 4;
constexpr int kNextDraw = 1'000'000;

std::string folder_of(const std::string& cgroup) {
  return "/sys/fs/cgroup" + cgroup;
}

std::int64_t number_in(const std::string& path) {
  return std::strtoll(text_of_file(path).c_str(), nullptr, 10);
}

// The number after a word of /proc/meminfo or of a node's, in bytes.
std::int64_t amount_in(const std::string& path, const std::string& word) {
  const std::string text = text_of_file(path);
  const std::size_t at = text.find(word);
  if (at == std::string::npos) return 0;
  return std::strtoll(text.c_str() + at + word.size(), nullptr, 10) * 1024;
}

// A trial's processes and cgroups, gone with it.
class Stage {
 public:
  explicit Stage(const Trial& trial) : trial_(trial) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() {
    for (Member& member : members_)
      member.end();
    for (auto cgroup = trial_.cgroups.rbegin(); cgroup != trial_.cgroups.rend(); ++cgroup) {
      // What was killed may need a moment to be gone.
      for (int i = 0; i < 500 && ::rmdir(folder_of(cgroup->path).c_str()) != 0; ++i)
        ::usleep(10'000);
    }
    if (trial_.swap) ::swapoff(kSwapDevice);
  }

  bool build() {
    if (trial_.swap && ::swapon(kSwapDevice, 0) != 0) return false;
    for (const TrialCgroup& cgroup : trial_.cgroups) {
      const std::string above = cgroup.path.substr(0, cgroup.path.rfind('/'));
      if (!above.empty()) must_write(folder_of(above) + "/cgroup.subtree_control", "+memory");
      if (::mkdir(folder_of(cgroup.path).c_str(), 0755) != 0) return false;
      if (cgroup.oom_group) must_write(folder_of(cgroup.path) + "/memory.oom.group", "1");
      if (!cgroup.nodes.empty()) must_write(folder_of(cgroup.path) + "/cpuset.mems", cgroup.nodes);
    }
    for (const MemberPlan& plan : trial_.members) {
      members_.push_back(Member::start(plan));
      if (!members_.back().is_there()) {
        std::printf("%s, %s of %lld pages in %s, ended with status %x\n", plan.name.c_str(),
                    name_of(plan.kind), static_cast<long long>(plan.pages), plan.cgroup.c_str(),
                    static_cast<unsigned>(members_.back().status()));
        return false;
      }
    }
    for (auto cgroup = trial_.cgroups.rbegin(); cgroup != trial_.cgroups.rend(); ++cgroup)
      limit(*cgroup);
    return true;
  }

  const Member& asking() const { return members_[trial_.asking]; }

  // That the next growth may be the last: without swap no cgroup is near its limit for long.
  bool is_near() const {
    if (trial_.kind == TrialKind::host || trial_.kind == TrialKind::cpuset) return true;
    const auto near = [&](const std::string& memory, const char* used, const char* limit) {
      constexpr std::int64_t kSlack = 512 << 10;
      const std::string most = text_of_file(memory + limit);
      return most != "max\n" && number_in(memory + used) + trial_.growth * kPage + kSlack >=
                                    std::strtoll(most.c_str(), nullptr, 10);
    };
    return std::any_of(trial_.cgroups.begin(), trial_.cgroups.end(), [&](const TrialCgroup& it) {
      const std::string memory = folder_of(it.path) + "/memory.";
      return near(memory, "current", "max") && near(memory, "swap.current", "swap.max");
    });
  }

 private:
  void limit(const TrialCgroup& cgroup) const {
    const std::string memory = folder_of(cgroup.path) + "/memory.";
    const auto some_more = [&](const char* file, int growths) {
      return std::to_string(number_in(memory + file) + growths * trial_.growth * kPage);
    };
    if (trial_.swap && cgroup.swap_growths_left) {
      // Above memory.high the kernel takes back what it can, and kills nobody.
      must_write(memory + "high", std::to_string(number_in(memory + "current") / 4 * 3));
      must_write(memory + "high", "max");
      must_write(memory + "swap.max", some_more("swap.current", *cgroup.swap_growths_left));
    } else if (cgroup.growths_left) {
      must_write(memory + "swap.max", "0");
    }
    if (cgroup.growths_left) must_write(memory + "max", some_more("current", *cgroup.growths_left));
  }

  const Trial& trial_;
  std::vector<Member> members_;
};

struct Judged {
  enum class Verdict { right, tie, wrong, none } verdict = Verdict::none;
  std::string told;  // The rest of its line.
};

class TrialRun {
 public:
  TrialRun(const Trial& trial, LiveHost& host) : trial_(trial), host_(host) {}

  Judged run() {
    Stage stage(trial_);
    if (!stage.build()) return {Judged::Verdict::none, "it could not be built"};
    while (room_left() > trial_.at_first << 20) {
      if (!take(stage, 256)) break;
    }
    // A kill ends it, or that nobody is killed although much more was asked for than was left.
    constexpr int kGrowthsMax = 600;
    for (; growths_ < kGrowthsMax && !watch_.look(); ++growths_) {
      if (!stage.is_near() && take(stage, trial_.growth)) continue;
      auto snapshot = host_.read(HostQuery::everything());
      if (!snapshot || watch_.look()) break;
      before_ = std::move(*snapshot);
      if (!take(stage, trial_.growth)) break;
    }
    await_the_rest(stage);
    return judge();
  }

 private:
  std::int64_t room_left() const {
    if (trial_.kind == TrialKind::cpuset)
      return amount_in("/sys/devices/system/node/node1/meminfo", "MemFree:");
    if (trial_.kind != TrialKind::host) return 0;
    return amount_in("/proc/meminfo", "MemFree:") + amount_in("/proc/meminfo", "SwapFree:");
  }

  // False if that did not come to an end in good time, or ended with a kill.
  bool take(const Stage& stage, std::int64_t pages) {
    stage.asking().grow(pages);
    pollfd waited[2] = {{stage.asking().answers(), POLLIN, 0}, {watch_.descriptor(), POLLIN, 0}};
    while (true) {
      constexpr int kPatienceMs = 60'000;
      if (::poll(waited, 2, kPatienceMs) <= 0) return false;
      if (waited[1].revents != 0 && watch_.look()) return false;
      if ((waited[0].revents & POLLIN) == 0) {
        if (waited[0].revents != 0) return false;
        continue;
      }
      char answer = 0;
      return ::read(stage.asking().answers(), &answer, 1) == 1;
    }
  }

  // A group dies one after the other.
  void await_the_rest(const Stage& stage) {
    pollfd asking = {stage.asking().answers(), POLLIN, 0};
    ::poll(&asking, 1, 2000);
    ::usleep(200'000);
    watch_.look();
  }

  std::optional<Prediction> predict() const {
    const TrialKill& kill = watch_.kill();
    const auto version = parse_kernel_version(*before_->kernel_release);
    if (kill.constraint == "CONSTRAINT_NONE") return predict_host(*before_, *version);
    if (kill.constraint == "CONSTRAINT_CPUSET")
      return predict_host(*before_, *version, {.nodes = NodeScope{{1}, false}});
    const auto memcg = before_->memcgs->find(kill.memcg);
    return memcg ? predict_memcg(*before_, *version, *memcg) : std::nullopt;
  }

  const std::string& name_of_task(std::size_t index) const { return before_->tasks[index].comm; }

  std::string list_of(std::vector<std::string> names) const {
    std::sort(names.begin(), names.end());
    // Of a group the kernel names the victim twice.
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string list;
    for (const std::string& name : names)
      list += (list.empty() ? "" : ",") + name;
    return list;
  }

  // The pages that are asked for, their table, and what a thread counts for itself before it
  // says so: 64 events, up to 6.1; a batch of 32 for each processor later.
  std::int64_t next_allocation() const { return trial_.growth + trial_.growth / 512 + 1 + 64; }

  Judged judge() const {
    const TrialKill& kill = watch_.kill();
    if (kill.killed.empty())
      return {Judged::Verdict::none, "nobody was killed in " + std::to_string(growths_) +
                                         " growths, " + std::to_string(room_left()) +
                                         " bytes left"};
    if (!before_) return {Judged::Verdict::none, "killed before the first snapshot"};
    const auto prediction = predict();
    if (!prediction || prediction->tasks.empty() || prediction->would_kill.empty())
      return {Judged::Verdict::wrong, "no prediction for " + kill.constraint + " " + kill.memcg};
    const auto& tasks = prediction->tasks;
    const std::int64_t most = tasks.front().badness.points;
    std::vector<std::string> near;
    for (const PredictedTask& task : tasks) {
      if (task.spared || most - task.badness.points > next_allocation()) break;
      near.push_back(name_of_task(task.index));
    }
    std::vector<std::string> foretold;
    for (const std::size_t index : prediction->would_kill)
      foretold.push_back(name_of_task(index));
    const std::int64_t lead =
        tasks.size() > 1 && !tasks[1].spared ? most - tasks[1].badness.points : most;
    Judged judged;
    judged.told = kill.constraint + " " + kill.memcg + " foretold " + list_of(foretold) +
                  " killed " + list_of(kill.killed) + " (" + kill.victim + "), lead " +
                  std::to_string(lead) + " pages, growth " + std::to_string(trial_.growth);
    if (near.size() > 1) {
      const bool among = std::find(near.begin(), near.end(), kill.victim) != near.end();
      judged.verdict = among ? Judged::Verdict::tie : Judged::Verdict::wrong;
      judged.told += ", a tie of " + list_of(near);
    } else {
      const bool same =
          kill.victim == foretold.front() && list_of(foretold) == list_of(kill.killed);
      judged.verdict = same ? Judged::Verdict::right : Judged::Verdict::wrong;
    }
    if (judged.verdict == Judged::Verdict::wrong) judged.told += ranking_text(*prediction);
    return judged;
  }

  std::string ranking_text(const Prediction& prediction) const {
    std::string text;
    for (const PredictedTask& task : prediction.tasks) {
      const auto plan = std::find_if(
          trial_.members.begin(), trial_.members.end(),
          [&](const MemberPlan& member) { return member.name == name_of_task(task.index); });
      text += "\n    " + name_of_task(task.index) + " " + std::to_string(task.badness.points) +
              (task.spared ? " spared" : "") + " rss " + std::to_string(task.badness.rss.count()) +
              " swap " + std::to_string(task.badness.swap.count()) + " tables " +
              std::to_string(task.badness.pgtables.count()) + " adj " +
              std::to_string(task.badness.adj_points);
      if (plan != trial_.members.end()) text += std::string(" ") + name_of(plan->kind);
    }
    return text;
  }

  const Trial& trial_;
  LiveHost& host_;
  KillWatch watch_;
  std::optional<Snapshot> before_;
  int growths_ = 0;
};

std::uint64_t boot_number(const char* word, const char* otherwise) {
  return std::strtoull(boot_word(word, otherwise).c_str(), nullptr, 10);
}

int run() {
  set_up_machine(Bytes(std::int64_t{64} << 20));
  ::swapoff(kSwapDevice);
  // Nothing that happens here makes it wait for memory of its own.
  ::mlockall(MCL_CURRENT);
  const std::uint64_t seed = boot_number("oomkit.seed", "1");
  const int first = static_cast<int>(boot_number("oomkit.first", "0"));
  const int trials = static_cast<int>(boot_number("oomkit.trials", "4"));
  const auto tree = open_file_tree("/");
  auto host = LiveHost::create(**tree);
  if (!host) say_check(false, "the host is read", host.error().what);

  int counts[kTrialKinds][4] = {};
  for (int i = first; host && i < first + trials * kTrialKinds; ++i) {
    // Of ten kills in five seconds the kernel prints no more than "Killed process".
    ::sleep(1);
    const int kind = i % kTrialKinds;
    for (int draw = 0; draw < kDrawsMax; ++draw) {
      const Trial trial = draw_trial(static_cast<TrialKind>(kind), seed, i + draw * kNextDraw);
      const Judged judged = TrialRun(trial, *host).run();
      ++counts[kind][static_cast<int>(judged.verdict)];
      constexpr const char* kVerdicts[] = {"right", "tie", "WRONG", "void"};
      std::printf("TRIAL %d %s %s: %s\n", trial.number, name_of(trial.kind),
                  kVerdicts[static_cast<int>(judged.verdict)], judged.told.c_str());
      std::fflush(stdout);
      if (judged.verdict != Judged::Verdict::none) break;
    }
  }
  for (int kind = 0; kind < kTrialKinds; ++kind) {
    const auto& [right, tie, wrong, none] = counts[kind];
    std::printf("KIND %s %d right, %d ties, %d wrong, %d void\n",
                name_of(static_cast<TrialKind>(kind)), right, tie, wrong, none);
    say_check(wrong == 0,
              std::string("who was foretold is killed: ") + name_of(static_cast<TrialKind>(kind)),
              "");
    say_check(right > 0 && right + tie + wrong == trials,
              std::string("enough of them: ") + name_of(static_cast<TrialKind>(kind)), "");
  }
  end_machine();
}

}  // namespace
}  // namespace oomkit

int main() {
  return oomkit::run();
}
