// PID 1 of the machine in which `oom top --verify` is held against a kernel: hundreds of
// processes of all kinds, sizes and scores, then what the kernel says of each, and of the host.
//
// Kernel parameters: oomkit.seed=N, oomkit.processes=N.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/random.h"
#include "machine_setup.h"
#include "sources/host_text.h"
#include "sources/judge_testing.h"
#include "sources/live_host.h"
#include "trial_member.h"

namespace oomkit {
namespace {

// Every kind has every kind of score; sizes are what many processes have, and what few have.
MemberPlan draw_member(Random& random, int number) {
  MemberPlan plan;
  plan.kind = static_cast<MemberKind>(number % kMemberKinds);
  plan.name = std::string(name_of(plan.kind)) + "-" + std::to_string(number);
  plan.pages = random.chance(5) ? random.between(500, 3000) : random.between(1, 300);
  plan.adj = static_cast<int>(random.chance(25) ? random.pick<std::int64_t>({-999, 0, 1, 1000})
                                                : random.between(-999, 1000));
  plan.cgroup = random.chance(50) ? "/box" : "";
  return plan;
}

Snapshot sound(Result<Snapshot> snapshot) {
  if (!snapshot) {
    say_check(false, "the host is read", snapshot.error().what);
    end_machine();
  }
  return std::move(*snapshot);
}

// Each process whose score differs is named, also if by 1. Nothing moves here, so all are equal
// where one counter is read for /proc and for the score. From 6.2 on counters have a part for
// each processor, and what status sums up exactly the score may take as it stands.
void check_scores(LiveHost& host, int wanted) {
  const Snapshot snapshot = sound(host.read(HostQuery::everything()));
  const auto version = parse_kernel_version(*snapshot.kernel_release);
  const int allowed = *version < KernelVersion{6, 2, 0} ? 0 : 1;
  int compared = 0;
  int off = 0;
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    const auto difference = score_difference(snapshot, i, *version);
    if (!difference) continue;
    ++compared;
    if (*difference == 0) continue;
    ++off;
    const Task& task = snapshot.tasks[i];
    std::printf("DIFFERS %s by %lld (score %lld, adj %d)\n", task.comm.c_str(),
                static_cast<long long>(*difference),
                static_cast<long long>(*snapshot.task_states[i].oom_score),
                task.oom_score_adj.value_or(0));
    if (std::abs(*difference) > allowed) say_check(false, "the score of " + task.comm, "");
  }
  say_check(compared >= wanted, "enough processes are compared", std::to_string(compared));
  std::printf("SCORES %d compared, %d equal, %d differ\n", compared, compared - off, off);
}

// What was asked for must be there: a kind that is not is a kind that is not tried.
void check_kinds(LiveHost& host) {
  const Snapshot snapshot = sound(host.read(HostQuery::everything()));
  int swapped = 0;
  int shared = 0;
  int threads = 0;
  int tables = 0;
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    const Task& task = snapshot.tasks[i];
    const Pages rss = task.rss.value_or(Pages(0));
    if (task.swapents.value_or(Pages(0)) > Pages(0)) ++swapped;
    if (task.rss_shmem.value_or(Pages(0)) > Pages(0)) ++shared;
    if (snapshot.task_states[i].threads.value_or(1) > 1) ++threads;
    if (task.pgtables && floor_pages(*task.pgtables, *snapshot.page_size) > rss) ++tables;
  }
  std::printf("KINDS %d swapped, %d with shared memory, %d of threads, %d of page tables\n",
              swapped, shared, threads, tables);
  say_check(swapped > 0 && shared > 0 && threads > 0 && tables > 0, "all kinds are there", "");
}

void check_top(int wanted) {
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl("/bin/oom", "oom", "top", "--once", "--verify", "-n", "5", nullptr);
    std::_Exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  say_check(WIFEXITED(status) && WEXITSTATUS(status) == 0,
            "oom top --verify over " + std::to_string(wanted) + " processes and more", "");
}

void check_levels(const Snapshot& snapshot, const KernelVersion& version, const std::string& when) {
  const auto levels = our_levels(snapshot, version);
  bool equal = levels.size() == snapshot.host_memory->zones.size() && !levels.empty();
  for (std::size_t i = 0; equal && i < levels.size(); ++i) {
    const Zone& zone = snapshot.host_memory->zones[i];
    equal = levels[i].min == zone_pages(snapshot, zone, "min") &&
            levels[i].low == zone_pages(snapshot, zone, "low") &&
            levels[i].high == zone_pages(snapshot, zone, "high");
    if (!equal) std::printf("zone %s differs\n", zone.name.c_str());
  }
  say_check(equal, "min, low and high of each zone, " + when, "");
}

// The terms are lines of the same text, of which the kernel reads some counters twice.
void check_available(const Snapshot& snapshot, const std::string& when) {
  std::int64_t nearest = INT64_MAX;
  for (int attempt = 0; attempt < 20 && nearest != 0; ++attempt) {
    HostState host;
    if (!parse_meminfo(text_of_file("/proc/meminfo"), host)) continue;
    nearest = std::min(nearest, std::abs(available_difference(snapshot, host).count()));
  }
  say_check(nearest == 0, "MemAvailable, " + when, "off by " + std::to_string(nearest) + " pages");
}

void check_host(LiveHost& host, const std::string& when) {
  const Snapshot snapshot = sound(host.read_amounts());
  const auto version = parse_kernel_version(*snapshot.kernel_release);
  say_check(our_commit_limit(snapshot) == meminfo_pages(snapshot, "CommitLimit"),
            "CommitLimit, " + when, "");
  check_levels(snapshot, *version, when);
  check_available(snapshot, when);
}

struct Setting {
  const char* file;
  const char* value;
};

// After each the kernel computes anew, and so do we. The first is written with its own value:
// at boot the levels are of what the kernel manages before its first pages are freed.
void check_settings(LiveHost& host) {
  constexpr Setting kSettings[] = {
      {"min_free_kbytes", "3001"},      {"watermark_scale_factor", "10"},
      {"min_free_kbytes", "9000"},      {"watermark_scale_factor", "250"},
      {"overcommit_ratio", "73"},       {"overcommit_kbytes", "123457"},
      {"min_free_kbytes", "1200"},      {"lowmem_reserve_ratio", "200 100 16 0 0"},
      {"watermark_scale_factor", "37"}, {"nr_hugepages", "4"},
  };
  for (const auto& [file, value] : kSettings) {
    must_write(std::string("/proc/sys/vm/") + file, value);
    check_host(host, std::string(file) + " " + value);
  }
}

int run() {
  set_up_machine(Bytes(std::int64_t{128} << 20));
  const std::uint64_t seed = std::strtoull(boot_word("oomkit.seed", "1").c_str(), nullptr, 10);
  const int wanted =
      static_cast<int>(std::strtol(boot_word("oomkit.processes", "320").c_str(), nullptr, 10));
  must_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
  if (::mkdir("/sys/fs/cgroup/box", 0755) != 0) say_check(false, "a cgroup is made", "");
  Random random(seed);
  int started = 0;
  for (int i = 0; i < wanted; ++i)
    started += Member::start(draw_member(random, i)).is_there() ? 1 : 0;
  say_check(started == wanted, "all processes are started", std::to_string(started));

  const auto tree = open_file_tree("/");
  auto host = LiveHost::create(**tree);
  if (!host) {
    say_check(false, "the host is read", host.error().what);
    end_machine();
  }
  check_kinds(*host);
  check_scores(*host, wanted);
  check_top(wanted);
  check_settings(*host);
  end_machine();
}

}  // namespace
}  // namespace oomkit

int main() {
  return oomkit::run();
}
