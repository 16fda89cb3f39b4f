#include <array>
#include <string_view>
#include <utility>

#include "tests/support/random_parts.h"

namespace oomkit::test {
namespace {

constexpr std::array<std::string_view, 51> kV2Stats = {"anon",
                                                       "file",
                                                       "kernel",
                                                       "kernel_stack",
                                                       "pagetables",
                                                       "sec_pagetables",
                                                       "percpu",
                                                       "sock",
                                                       "vmalloc",
                                                       "shmem",
                                                       "zswap",
                                                       "zswapped",
                                                       "file_mapped",
                                                       "file_dirty",
                                                       "file_writeback",
                                                       "swapcached",
                                                       "anon_thp",
                                                       "file_thp",
                                                       "shmem_thp",
                                                       "inactive_anon",
                                                       "active_anon",
                                                       "inactive_file",
                                                       "active_file",
                                                       "unevictable",
                                                       "slab_reclaimable",
                                                       "slab_unreclaimable",
                                                       "slab",
                                                       "hugetlb",
                                                       "workingset_refault_anon",
                                                       "workingset_refault_file",
                                                       "workingset_activate_anon",
                                                       "workingset_activate_file",
                                                       "workingset_nodereclaim",
                                                       "pgdemote_kswapd",
                                                       "pgpromote_success",
                                                       "pgscan",
                                                       "pgsteal",
                                                       "pgscan_kswapd",
                                                       "pgscan_direct",
                                                       "pgsteal_kswapd",
                                                       "pgsteal_direct",
                                                       "pgfault",
                                                       "pgmajfault",
                                                       "pgrefill",
                                                       "pgactivate",
                                                       "pgdeactivate",
                                                       "pglazyfree",
                                                       "pglazyfreed",
                                                       "thp_fault_alloc",
                                                       "thp_collapse_alloc",
                                                       "some_vendor_count"};

constexpr std::array<std::string_view, 13> kV1Stats = {
    "cache",         "rss",         "rss_huge",   "shmem",         "mapped_file",
    "dirty",         "writeback",   "swap",       "inactive_anon", "active_anon",
    "inactive_file", "active_file", "unevictable"};

MemcgStat random_v1_stat(Random& random) {
  MemcgStat stat;
  const bool swap = random.chance(50);
  for (const std::string_view name : kV1Stats) {
    if (name == "swap" && !swap) continue;
    stat.set(name, random_amount(random));
  }
  return stat;
}

MemcgStat random_v2_stat(Random& random) {
  MemcgStat stat;
  for (const std::string_view name : kV2Stats)
    stat.set(name, random_amount(random));
  return stat;
}

MemcgCounter random_counter(Random& random, bool limited) {
  MemcgCounter counter;
  counter.usage = KiB(random.between(0, 1 << 28));
  if (limited) counter.limit = KiB(random.between(0, 1 << 28));
  counter.failcnt = static_cast<std::uint64_t>(random_amount(random));
  return counter;
}

}  // namespace

MemcgReport random_memcg(Random& random, const std::string& path, bool nasty) {
  MemcgReport memcg;
  memcg.version = random.chance(50) ? 1 : 2;
  memcg.oom_path = path;
  memcg.task_path = path;
  if (random.chance(40)) *memcg.task_path += random_cgroup(random, nasty);
  memcg.memory = random_counter(random, true);
  if (memcg.version == 1) {
    if (random.chance(80)) memcg.memsw = random_counter(random, random.chance(40));
    memcg.kmem = random_counter(random, random.chance(20));
  } else {
    memcg.swap = random_counter(random, random.chance(60));
    if (random.chance(50)) memcg.memsw = random_counter(random, false);
  }
  memcg.stat_path = path;
  memcg.stat = random.chance(50) ? random_v2_stat(random) : random_v1_stat(random);
  for (std::int64_t child = random.between(0, 3); child > 0; --child) {
    const bool first = memcg.subtree.empty();
    memcg.subtree.push_back(
        {first ? path : path + random_cgroup(random, nasty), random_v1_stat(random), 0});
  }
  if (random.chance(70)) {
    memcg.min_protection = KiB(random_amount(random));
    memcg.low_protection = KiB(random_amount(random));
  }
  return memcg;
}

}  // namespace oomkit::test
