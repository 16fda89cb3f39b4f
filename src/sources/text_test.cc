// The parsers on text that kernels wrote, and on text that none would.
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "sources/cgroup_text.h"
#include "sources/host_text.h"
#include "sources/mounts.h"
#include "sources/task_text.h"
#include "sources/zone_text.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;

TEST(HostText, MeminfoKeepsAmountsAndCountsApart) {
  HostState host;
  EXPECT_TRUE(
      parse_meminfo("MemTotal:       24682416 kB\n"
                    "Active(file):    2890592 kB\n"
                    "HugePages_Total:       4\n",
                    host));
  EXPECT_EQ(host.amount("MemTotal"), Bytes(24'682'416LL * 1024));
  EXPECT_EQ(host.meminfo.find("Active(file)"), KiB(2'890'592));
  EXPECT_EQ(host.meminfo_counts.find("HugePages_Total"), 4);
  EXPECT_FALSE(host.amount("SwapTotal").has_value()) << "not told is not zero";
}

TEST(HostText, MeminfoThatIsDamagedSaysSoAndKeepsTheRest) {
  HostState host;
  EXPECT_FALSE(parse_meminfo("MemTotal: 12 pages\nMemFree: -5 kB\n: 3 kB\nMapped: 8 kB\n", host));
  EXPECT_EQ(host.meminfo.entries().size(), 1U);
  EXPECT_EQ(host.meminfo.find("Mapped"), KiB(8));
  EXPECT_FALSE(parse_meminfo("", host));
}

TEST(HostText, Swaps) {
  const auto devices = parse_swaps(
      "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
      "/dev/zram0                              partition\t8388604\t\t1024\t\t100\n"
      "/swap\\040file                           file\t\t2097148\t\t0\t\t-2\n");
  ASSERT_TRUE(devices.has_value());
  ASSERT_EQ(devices->size(), 2U);
  EXPECT_EQ((*devices)[0], (SwapDevice{"/dev/zram0", "partition", KiB(8'388'604), KiB(1024), 100}));
  EXPECT_EQ((*devices)[1].name, "/swap file");
  EXPECT_EQ((*devices)[1].priority, -2);
  EXPECT_EQ(parse_swaps("Filename Type\n").value().size(), 0U) << "no swap is known to be none";
  EXPECT_FALSE(parse_swaps("").has_value()) << "an empty file tells nothing";
  EXPECT_FALSE(parse_swaps("Filename\n/dev/sda partition x 0 1\n").has_value());
}

TEST(HostText, PressureInHundredths) {
  const auto pressure = parse_pressure(
      "some avg10=99.85 avg60=7.06 avg300=0.00 total=9734341130\n"
      "full avg10=100.00 avg60=0.50 avg300=0.01 total=0\n");
  ASSERT_TRUE(pressure && pressure->some && pressure->full);
  EXPECT_EQ(pressure->some->avg10_centipercent, 9985);
  EXPECT_EQ(pressure->some->avg60_centipercent, 706);
  EXPECT_EQ(pressure->some->total, 9734341130us);
  EXPECT_EQ(pressure->full->avg10_centipercent, 10000);
  EXPECT_EQ(pressure->full->avg300_centipercent, 1);
  EXPECT_FALSE(parse_pressure("some avg10=1.5 avg60=0.00 avg300=0.00 total=0\n").has_value());
  EXPECT_FALSE(parse_pressure("some avg10=101.00 avg60=0.00 avg300=0.00 total=0\n").has_value());
  EXPECT_FALSE(parse_pressure("").has_value());
}

TEST(HostText, NumbersAreWholeOrNothing) {
  EXPECT_EQ(parse_number("100\n"), 100);
  EXPECT_EQ(parse_number("-1"), -1);
  EXPECT_FALSE(parse_number("12x").has_value());
  EXPECT_FALSE(parse_number("").has_value());
  EXPECT_FALSE(parse_number("9223372036854775808").has_value());
  EXPECT_EQ(parse_numbers("256\t256\t32\t0\t0\n").value(),
            (std::vector<std::int64_t>{256, 256, 32, 0, 0}));
  EXPECT_EQ(parse_uptime("16113.43 31200.11\n"), HostTime(16113430ms));
  EXPECT_FALSE(parse_uptime("16113\n").has_value());
  EXPECT_EQ(parse_processors("0-3,8\n"), 5);
}

constexpr std::string_view kZoneinfo =
    "Node 0, zone      DMA\n"
    "  per-node stats\n"
    "      nr_inactive_anon 4239\n"
    "      nr_kernel_stack 1648\n"
    "  pages free     3840\n"
    "        boost    0\n"
    "        min      13\n"
    "        low      16\n"
    "        high     19\n"
    "        spanned  4095\n"
    "        present  3998\n"
    "        managed  3840\n"
    "        cma      0\n"
    "        protection: (0, 3017, 19017)\n"
    "      nr_free_pages 3840\n"
    "      nr_zone_active_file 7\n"
    "      nr_free_cma  0\n"
    "  pagesets\n"
    "    cpu: 0\n"
    "              count:    0\n"
    "              high:     99\n"
    "  node_unreclaimable:  0\n"
    "  start_pfn:           1\n"
    "Node 0, zone  Movable\n"
    "  pages free     0\n"
    "        min      32\n"
    "        low      32\n"
    "        high     32\n"
    "        present  0\n"
    "        managed  0\n"
    "        protection: (0, 0, 0)\n";

TEST(ZoneText, LevelsReservesAndNodes) {
  const auto info = parse_zoneinfo(kZoneinfo);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(page_size_of(*info, KiB(15360)), PageSize::k4K);
  EXPECT_EQ(page_size_of(*info, KiB(15360 * 16)), PageSize::k64K);
  EXPECT_FALSE(page_size_of(*info, KiB(1)).has_value());
  HostMemory memory;
  put_zones(*info, PageSize::k4K, memory);
  ASSERT_EQ(memory.zones.size(), 1U) << "the empty zone is in no list";
  EXPECT_EQ(low_of_empty_zones(*info), Pages(32));
  const Zone& zone = memory.zones.front();
  EXPECT_EQ(zone.name, "DMA");
  EXPECT_EQ(zone.find("free"), KiB(15360));
  EXPECT_EQ(zone.find("high"), KiB(76)) << "not the high of a processor's list";
  EXPECT_EQ(zone.find("active_file"), KiB(28));
  EXPECT_EQ(zone.lowmem_reserve, (std::vector<Pages>{Pages(0), Pages(3017), Pages(19017)}));
  ASSERT_EQ(memory.nodes.size(), 1U);
  EXPECT_EQ(memory.nodes.front().amounts.find("inactive_anon"), KiB(16956));
  EXPECT_EQ(memory.nodes.front().amounts.find("kernel_stack"), KiB(1648)) << "in kB already";
  EXPECT_TRUE(
      parse_buddyinfo("Node 0, zone      DMA      0      2      1\n", PageSize::k4K, memory));
  EXPECT_EQ(memory.zones.front().free_blocks_total, KiB(2 * 8 + 16));
}

TEST(ZoneText, RefusesWhatIsNone) {
  EXPECT_FALSE(parse_zoneinfo("").has_value());
  EXPECT_FALSE(parse_zoneinfo("  pages free 3\n").has_value());
  EXPECT_FALSE(parse_zoneinfo("Node 0, zone DMA\n protection: (1, x)\n").has_value());
  HostMemory memory;
  EXPECT_FALSE(parse_buddyinfo("Node 0 DMA 1\n", PageSize::k4K, memory));
  EXPECT_FALSE(parse_buddyinfo("Node 0, zone DMA -1\n", PageSize::k4K, memory));
}

TEST(TaskText, Status) {
  const auto status = parse_status(
      "Name:\tdb\\nwriter\\\\1\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t812\nPid:\t812\n"
      "PPid:\t1\nUid:\t106\t107\t108\t109\nKthread:\t0\nVmPeak:\t 9000 kB\nVmSize:\t 8000 kB\n"
      "VmLck:\t 16 kB\nVmRSS:\t 1760 kB\nRssAnon:\t 116 kB\nRssFile:\t 1640 kB\nRssShmem:\t 4 kB\n"
      "VmPTE:\t 48 kB\nVmSwap:\t 12 kB\nHugetlbPages:\t 2048 kB\nThreads:\t17\n"
      "Mems_allowed:\t00000000,00000003\nMems_allowed_list:\t0-1\n");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->name, "db\nwriter\\1");
  EXPECT_EQ(status->state, 'S');
  EXPECT_EQ(status->uid, 106);
  EXPECT_EQ(status->vm_size, KiB(8000));
  EXPECT_EQ(status->rss_anon, KiB(116));
  EXPECT_EQ(status->pte, KiB(48));
  EXPECT_FALSE(status->pmd.has_value());
  EXPECT_EQ(status->swap, KiB(12));
  EXPECT_EQ(status->threads, 17);
  EXPECT_EQ(status->kernel_thread, false);
  EXPECT_EQ(status->mems_allowed, "0-1");
}

TEST(TaskText, AStatusThatIsNoneOrDamaged) {
  EXPECT_FALSE(parse_status("").has_value());
  EXPECT_FALSE(parse_status("12 (x) S").has_value());
  EXPECT_FALSE(parse_status("Name:\tx\nVmRSS:\tmany kB\n").has_value());
  EXPECT_FALSE(parse_status("Name:\tx\nVmRSS:\t-1 kB\n").has_value());
  EXPECT_TRUE(parse_status("Name:\t\n").has_value()) << "an empty name is one";
}

TEST(TaskText, ANameCannotPretendToBeTheRestOfStat) {
  const auto stat = parse_stat(
      "77 (a) R 9 (b)) S 5 77 77 0 -1 2097412 0 0 0 0 0 0 0 0 20 0 1 0 1611343 3133440 416\n");
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->name, "a) R 9 (b)");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 5);
  EXPECT_TRUE(stat->kernel_thread);
  EXPECT_TRUE(stat->exiting);
  EXPECT_EQ(stat->start, 16113430ms);
  EXPECT_FALSE(parse_stat("77 (a) S 5 77\n").has_value());
  EXPECT_FALSE(parse_stat("77 )a( S 5\n").has_value());
}

TEST(TaskText, SharedMemoryDivided) {
  const auto smaps = parse_smaps_rollup(
      "55d0c0a00000-7ffd1c5fe000 ---p 00000000 00:00 0                          [rollup]\n"
      "Rss:                1760 kB\nPss:                 210 kB\nPss_Dirty:           116 kB\n"
      "Shared_Clean:       1600 kB\nPrivate_Clean:        44 kB\nPrivate_Dirty:       116 kB\n"
      "SwapPss:               8 kB\n");
  ASSERT_TRUE(smaps.has_value());
  EXPECT_EQ(smaps->pss, KiB(210));
  EXPECT_EQ(smaps->uss, KiB(160));
  EXPECT_EQ(smaps->swap_pss, KiB(8));
  EXPECT_FALSE(parse_smaps_rollup("").has_value()) << "a kernel thread's is empty";
}

TEST(TaskText, CgroupPathOfTheRightHierarchy) {
  constexpr std::string_view kText =
      "9:cpuset,memory:/a:b/c\n4:name=memory:/no\n1:cpu:/cpu\n0::/user.slice (deleted)\n";
  EXPECT_EQ(parse_cgroup_path(kText, "memory"), "/a:b/c");
  EXPECT_EQ(parse_cgroup_path(kText, ""), "/user.slice");
  EXPECT_FALSE(parse_cgroup_path(kText, "pids").has_value());
}

TEST(CgroupText, ALimitIsASizeOrNoneOrUnknown) {
  EXPECT_EQ(parse_limit("max\n"), MemcgLimit{});
  EXPECT_EQ(parse_limit("9223372036854771712\n"), MemcgLimit{});
  EXPECT_EQ(parse_limit("9223372036854775807\n"), MemcgLimit{});
  EXPECT_EQ(parse_limit("9223372036854710272\n"), MemcgLimit{}) << "of 64 KiB pages";
  EXPECT_EQ(parse_limit("83886080\n"), MemcgLimit{Bytes(83'886'080)});
  EXPECT_EQ(parse_limit("0\n"), MemcgLimit{Bytes(0)}) << "nothing at all is allowed";
  EXPECT_FALSE(parse_limit("-1\n").has_value());
  EXPECT_FALSE(parse_limit("\n").has_value());
  EXPECT_EQ(parse_protection("max\n"), Bytes(std::numeric_limits<std::int64_t>::max()));
}

TEST(CgroupText, OomControlOfOldAndNewKernels) {
  MemcgNode memcg;
  EXPECT_TRUE(parse_oom_control("oom_kill_disable 1\nunder_oom 0\noom_kill 3\n", memcg));
  EXPECT_EQ(memcg.oom_kill_disable, true);
  EXPECT_EQ(memcg.under_oom, false);
  EXPECT_EQ(memcg.events.find("oom_kill"), 3);
  MemcgNode old;
  EXPECT_TRUE(parse_oom_control("oom_kill_disable 0\nunder_oom 0\n", old));
  EXPECT_FALSE(old.events.find("oom_kill").has_value());
}

TEST(CgroupText, VersionOnesTotalsTakeThePlaceOfTheOwn) {
  MemcgStat stat;
  EXPECT_TRUE(parse_memcg_stat(
      "cache 10\nrss 20\nhierarchical_memory_limit 100\ntotal_cache 110\ntotal_rss 120\n", stat));
  EXPECT_EQ(stat.find("cache"), 110);
  EXPECT_EQ(stat.find("rss"), 120);
  EXPECT_EQ(stat.find("hierarchical_memory_limit"), 100);
  EXPECT_EQ(stat.entries().size(), 3U);
}

TEST(CgroupText, ProcessesOfOtherNamespacesAreCountedNotInvented) {
  std::vector<std::int64_t> pids;
  std::uint64_t foreign = 0;
  EXPECT_TRUE(parse_processes("12\n0\n0\n7\n", pids, foreign));
  EXPECT_EQ(pids, (std::vector<std::int64_t>{12, 7}));
  EXPECT_EQ(foreign, 2U);
}

TEST(MountsText, FindsTheMemoryHierarchyOfEachLayout) {
  const Mounts hybrid = parse_mountinfo(
      "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw,hidepid=invisible\n"
      "35 31 0:32 /docker/3f1c /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,memory_recursiveprot\n");
  ASSERT_TRUE(hybrid.memory_v1 && hybrid.unified);
  EXPECT_EQ(hybrid.memory_v1->root, "/docker/3f1c");
  EXPECT_EQ(hybrid.memory_v1->point, "/sys/fs/cgroup/memory");
  EXPECT_TRUE(hybrid.unified->recursive_protection);
  EXPECT_EQ(hybrid.hidepid, "invisible");
  EXPECT_EQ(layout_of(hybrid, false), CgroupLayout::hybrid);

  const Mounts unified = parse_mountinfo(
      "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:2 - cgroup2 cgroup2 rw\n"
      "90 24 0:26 / /var/lib/box/root/sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(unified.unified.has_value());
  EXPECT_EQ(unified.unified->point, "/sys/fs/cgroup");
  EXPECT_EQ(layout_of(unified, true), CgroupLayout::v2);
  EXPECT_FALSE(layout_of(unified, false).has_value());
  EXPECT_FALSE(layout_of(parse_mountinfo("nonsense\n\n- - -\n"), true).has_value());
}

}  // namespace
}  // namespace oomkit
