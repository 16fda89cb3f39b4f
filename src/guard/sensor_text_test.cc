// What is taken out of the kernel's files, and what is left alone.
#include "guard/sensor_text.h"

#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr std::int64_t kKb = 1024;

TEST(SensorText, MeminfoInBytes) {
  TickHost host;
  read_meminfo(
      "MemTotal:       1000 kB\nMemFree:         200 kB\nMemAvailable:    500 kB\n"
      "SwapCached:        1 kB\nActive(file):     30 kB\nInactive(file):   40 kB\n"
      "SwapTotal:         0 kB\nSwapFree:          0 kB\nSUnreclaim:       11 kB\nOdd\nHuge:\n",
      host);
  EXPECT_EQ(*host.mem_total, Bytes(1000 * kKb));
  EXPECT_EQ(*host.mem_available, Bytes(500 * kKb));
  EXPECT_EQ(*host.file, Bytes(70 * kKb));
  EXPECT_EQ(*host.swap_total, Bytes(0)) << "none, which is known";
  EXPECT_EQ(*host.slab_unreclaimable, Bytes(11 * kKb));
  EXPECT_FALSE(host.shmem.has_value()) << "what is not said is not known";
}

TEST(SensorText, AKernelWithoutMemAvailableLeavesItUnknown) {
  TickHost host;
  read_meminfo("MemTotal: 1000 kB\nMemFree: 200 kB\n", host);
  EXPECT_FALSE(host.mem_available.has_value());
  EXPECT_FALSE(host.file.has_value());
}

TEST(SensorText, PressureOfBothLines) {
  const TickPressure pressure = read_pressure(
      "some avg10=1.50 avg60=0.07 avg300=100.00 total=123456\n"
      "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n");
  EXPECT_EQ(*pressure.some.avg10_centipercent, 150);
  EXPECT_EQ(*pressure.some.avg60_centipercent, 7);
  EXPECT_EQ(*pressure.some.avg300_centipercent, 10000);
  EXPECT_EQ((*pressure.some.total).count(), 123456);
  EXPECT_EQ((*pressure.full.total).count(), 99);
}

TEST(SensorText, AHalfPressureLineGivesItsHalf) {
  const TickPressure pressure = read_pressure("some avg10=1.5 avg60=0.07 total=x");
  EXPECT_FALSE(pressure.some.avg10_centipercent.has_value());
  EXPECT_FALSE(pressure.some.total.has_value());
  EXPECT_FALSE(pressure.full.total.has_value());
}

TEST(SensorText, WatermarksAreSummedOverZones) {
  TickHost host;
  host.page_size = PageSize::k4K;
  read_zoneinfo(
      "Node 0, zone      DMA\n  pages free     3840\n        min      11\n        low      14\n"
      "        high     17\n  min_unmapped_pages 5\nNode 0, zone    DMA32\n        min      100\n"
      "        low      120\n        high     140\n",
      host);
  EXPECT_EQ(*host.watermark_min, Bytes(111 * 4096));
  EXPECT_EQ(*host.watermark_low, Bytes(134 * 4096));
  EXPECT_EQ(*host.watermark_high, Bytes(157 * 4096));
}

TEST(SensorText, ZramDevicesAddUp) {
  TickHost host;
  add_zram("100 50 60 0 70 0 0 0 0", "1000\n", host);
  add_zram("1 2 3 4 5 6 7 8 9", "10\n", host);
  add_zram("broken", "10\n", host);
  EXPECT_EQ(*host.zram_original, Bytes(101));
  EXPECT_EQ(*host.zram_memory, Bytes(63));
  EXPECT_EQ(*host.zram_limit, Bytes(4));
  EXPECT_EQ(*host.zram_disksize, Bytes(1010));
}

TEST(SensorText, TheCacheOfZfs) {
  TickHost host;
  read_arcstats(
      "13 1 0x01 96 26112 8 9\nname                            type data\n"
      "c_min                           4    33554432\nsize                            4    5000\n"
      "anon_size                       4    77\n",
      host);
  EXPECT_EQ(*host.arc_min, Bytes(33554432));
  EXPECT_EQ(*host.arc_size, Bytes(5000));
}

TEST(SensorText, AProcessesNameMayHoldAnything) {
  TickProcess row;
  ASSERT_TRUE(
      read_process_stat("42 (a) S 1 (b) R 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 5000 1000 25 "
                        "18446744073709551615 1 1",
                        PageSize::k4K, row));
  EXPECT_EQ(row.comm, "a) S 1 (b");
  EXPECT_EQ(row.state, 'R');
  EXPECT_EQ(*row.ppid, 7);
  EXPECT_EQ(*row.pgid, 8);
  EXPECT_EQ(*row.session, 9);
  EXPECT_EQ(*row.threads, 3);
  EXPECT_EQ((*row.start).count(), 50'000'000'000);
  EXPECT_EQ(*row.rss, Bytes(25 * 4096));
  EXPECT_EQ(row.kernel_thread, Fact::no);
}

TEST(SensorText, EveryPrefixOfAProcessesFilesIsSurvived) {
  const std::string stat = "42 (x) S 7 8 9 0 -1 2097216 1 2 3 4 5 6 7 8 20 0 3 0 5000 1000 25 9";
  for (std::size_t length = 0; length < stat.size(); ++length) {
    TickProcess row;
    static_cast<void>(read_process_stat(stat.substr(0, length), PageSize::k4K, row));
  }
  TickProcess row;
  ASSERT_TRUE(read_process_stat(stat, PageSize::k4K, row));
  EXPECT_EQ(row.kernel_thread, Fact::yes);
  const std::string status = "Name:\tx\nUid:\t1000\t1001\t0\t0\nVmRSS:\t 12 kB\nVmSwap:\t 3 kB\n";
  for (std::size_t length = 0; length < status.size(); ++length) {
    TickProcess cut;
    read_process_status(status.substr(0, length), cut);
  }
  read_process_status(status, row);
  EXPECT_EQ(*row.uid, 1001) << "the effective one";
  EXPECT_EQ(*row.rss, Bytes(12 * kKb));
  EXPECT_EQ(*row.swap, Bytes(3 * kKb));
  EXPECT_FALSE(row.rss_anon.has_value());
}

TEST(SensorText, CgroupFilesOfBothVersions) {
  TickCgroup v2;
  read_memory_stat("anon 100\nfile 5\ninactive_anon 60\nactive_anon 40\npgscan 7\nsock 3\n", v2);
  EXPECT_EQ(*v2.anon, Bytes(100));
  EXPECT_EQ(*v2.inactive_anon, Bytes(60));
  EXPECT_EQ(*v2.pgscan, 7);
  EXPECT_EQ(*v2.sock, Bytes(3));
  TickCgroup v1;
  read_memory_stat_v1("rss 1\ntotal_rss 100\ntotal_swap 9\ntotal_active_anon 40\n", v1);
  EXPECT_EQ(*v1.anon, Bytes(100));
  EXPECT_EQ(*v1.swap, Bytes(9));
  EXPECT_EQ(*v1.active_anon, Bytes(40));
  read_memory_events("low 0\nhigh 5\nmax 6\noom 7\noom_kill 8\n", v2);
  EXPECT_EQ(*v2.events_high, 5);
  EXPECT_EQ(*v2.events_oom_kill, 8);
  read_cgroup_events("populated 1\nfrozen 0\n", v2);
  EXPECT_EQ(v2.populated, Fact::yes);
  EXPECT_EQ(v2.frozen, Fact::no);
}

TEST(SensorText, LimitsThatAreNone) {
  EXPECT_EQ(*read_amount("max\n"), kUnlimited);
  EXPECT_EQ(*read_amount("9223372036854771712\n"), kUnlimited) << "version 1's";
  EXPECT_EQ(*read_amount("4096\n"), Bytes(4096));
  EXPECT_FALSE(read_amount("").has_value());
  EXPECT_FALSE(read_amount("4096 x").has_value());
}

}  // namespace
}  // namespace oomkit
