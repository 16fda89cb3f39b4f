// Our rule against a judge that nobody here wrote: the running kernel's own
// /proc/PID/oom_score, for every process there is.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/text.h"
#include "kernel/badness.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;

// "Key:   1234 kB" lines of a /proc file.
std::map<std::string, std::int64_t> numbers_of(const fs::path& file) {
  std::map<std::string, std::int64_t> numbers;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    Cursor cursor(line);
    const auto key = cursor.take_until(":");
    if (!key) continue;
    cursor.skip_spaces();
    if (const auto value = cursor.take_integer<std::int64_t>()) numbers[std::string(*key)] = *value;
  }
  return numbers;
}

std::optional<std::int64_t> number_in(const fs::path& file) {
  std::ifstream in(file);
  std::int64_t number = 0;
  if (in >> number) return number;
  return std::nullopt;
}

std::optional<KernelVersion> running_kernel() {
  std::ifstream in("/proc/sys/kernel/osrelease");
  std::string release;
  std::getline(in, release);
  return parse_kernel_version(release);
}

std::optional<Task> live_task(const fs::path& folder, std::int64_t page_kib) {
  auto status = numbers_of(folder / "status");
  const auto adj = number_in(folder / "oom_score_adj");
  if (!adj || status.count("VmRSS") == 0 || status.count("RssAnon") == 0) return std::nullopt;
  Task task;
  task.pid = status["Pid"];
  task.tgid = status["Tgid"];
  task.uid = status["Uid"];
  task.total_vm = Pages(status["VmSize"] / page_kib);
  task.rss = Pages((status["RssAnon"] + status["RssFile"] + status["RssShmem"]) / page_kib);
  task.swapents = Pages(status["VmSwap"] / page_kib);
  task.pgtables = Bytes(status["VmPTE"] * 1024);
  task.oom_score_adj = static_cast<std::int32_t>(*adj);
  return task;
}

TEST(LiveScoreTest, EveryProcessHasTheScoreTheRunningKernelGivesIt) {
  const auto version = running_kernel();
  const auto memory = numbers_of("/proc/meminfo");
  if (!version || memory.count("MemTotal") == 0 || !number_in("/proc/self/oom_score")) {
    GTEST_SKIP() << "no /proc/self/oom_score here";
  }
  if (badness_rule(*version) != BadnessRule::v5) {
    GTEST_SKIP() << "root's discount before 4.17 cannot be told from /proc: "
                 << to_string(*version);
  }
  const std::int64_t page_kib = sysconf(_SC_PAGESIZE) / 1024;
  const Pages host((memory.at("MemTotal") + memory.at("SwapTotal")) / page_kib);

  BadnessContext context;
  context.totalpages = host;
  context.page_size = static_cast<PageSize>(page_kib * 1024);
  context = judged_by(*version, context);

  int compared = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (!is_digit(name.front())) continue;
    const auto task = live_task(entry.path(), page_kib);
    const auto kernel_score = number_in(entry.path() / "oom_score");
    // Processes come and go and grow while this runs: one that changed is not compared.
    if (!task || !kernel_score || task != live_task(entry.path(), page_kib)) continue;
    const auto b = badness(*task, context);
    ASSERT_TRUE(b) << name;
    const std::int64_t ours = oom_score(b->points, b->unkillable.has_value(), context.rule, host);
    EXPECT_LE(std::abs(ours - *kernel_score), 1)
        << "pid " << name << ": we say " << ours << ", the kernel says " << *kernel_score;
    ++compared;
  }
  EXPECT_GE(compared, 1) << "this process at least";
}

TEST(LiveScoreTest, AdjMovesTheScoreOfThisProcessAsTheRuleSays) {
  const auto version = running_kernel();
  const auto memory = numbers_of("/proc/meminfo");
  if (!version || badness_rule(*version) != BadnessRule::v5 ||
      !number_in("/proc/self/oom_score_adj")) {
    GTEST_SKIP() << "needs /proc/self/oom_score_adj of 5.9 or later";
  }
  const std::int64_t page_kib = sysconf(_SC_PAGESIZE) / 1024;
  const Pages host((memory.at("MemTotal") + memory.at("SwapTotal")) / page_kib);
  // Raising the own adj is every process's right; the test program ends with it.
  for (const int adj : {100, 500, 999, 1000}) {
    std::ofstream("/proc/self/oom_score_adj") << adj << std::flush;
    if (number_in("/proc/self/oom_score_adj") != adj) GTEST_SKIP() << "may not raise its own adj";
    BadnessContext context;
    context.totalpages = host;
    context.page_size = static_cast<PageSize>(page_kib * 1024);
    context = judged_by(*version, context);
    const auto task = live_task("/proc/self", page_kib);
    ASSERT_TRUE(task);
    const auto b = badness(*task, context);
    const auto kernel_score = number_in("/proc/self/oom_score");
    ASSERT_TRUE(b && kernel_score);
    EXPECT_LE(std::abs(oom_score(b->points, false, context.rule, host) - *kernel_score), 1) << adj;
  }
}

}  // namespace
}  // namespace oomkit
