#include "tests/support/random_parts.h"

namespace oomkit::test {
namespace {

std::int32_t random_score_adj(Random& random) {
  if (random.chance(60)) return 0;
  if (random.chance(50)) return random.pick({-1000, -999, -998, -997, -900, 1000, 999, 300});
  return static_cast<std::int32_t>(random.between(-1000, 1000));
}

Task random_task(Random& random, std::int64_t pid, bool nasty) {
  Task task;
  task.pid = pid;
  task.tgid = random.chance(97) ? pid : pid - 1;
  task.uid = random.chance(60) ? 0 : random.chance(3) ? -1 : random.between(1, 65534);
  task.comm = random_comm(random, nasty);
  // 128 TiB is what a sanitizer reserves, and legal.
  const std::int64_t total_vm =
      random.chance(1) ? std::int64_t{34359738368} : random.between(200, 1 << 22);
  const std::int64_t rss = random.between(0, std::min<std::int64_t>(total_vm, 1 << 22));
  const std::int64_t anon = random.between(0, rss);
  const std::int64_t file = random.between(0, rss - anon);
  task.total_vm = Pages(total_vm);
  task.rss = Pages(rss);
  task.rss_anon = Pages(anon);
  task.rss_file = Pages(file);
  task.rss_shmem = Pages(rss - anon - file);
  task.swapents = Pages(random.chance(70) ? 0 : random.between(1, 1 << 22));
  task.nr_ptes = random.between(3, 20000);
  task.nr_pmds = random.between(2, 40);
  task.pgtables = Bytes(random.between(3, 20000) * 4096);
  task.cpu = static_cast<std::int32_t>(random.between(0, 127));
  task.oom_adj = static_cast<std::int32_t>(random.between(-17, 15));
  task.oom_score_adj = random_score_adj(random);
  return task;
}

}  // namespace

std::vector<Task> random_tasks(Random& random, std::size_t count, bool nasty) {
  std::vector<Task> tasks;
  std::int64_t pid = random.between(1, 500);
  for (std::size_t i = 0; i < count; ++i) {
    tasks.push_back(random_task(random, pid, nasty));
    pid += random.chance(2) ? random.between(1, 40000) : random.between(2, 40);
  }
  return tasks;
}

}  // namespace oomkit::test
