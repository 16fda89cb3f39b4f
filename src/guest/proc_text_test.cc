#include "guest/proc_text.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit::guest {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr const char* kStatus =
    "Name:\thog VmRSS: 7\nState:\tD (disk sleep)\nVmSize:\t 2048 kB\nVmRSS:\t   1040 kB\n"
    "VmSwap:\t       0 kB\nThreads:\t1\n";

TEST(ProcTextTest, NumbersOfAStatusAreInBytesWhereTheyHaveAUnit) {
  EXPECT_EQ(number_of(kStatus, "VmRSS:"), 1040 * 1024);
  EXPECT_EQ(number_of(kStatus, "VmSwap:"), 0);
  EXPECT_EQ(number_of(kStatus, "Threads:"), 1);
}

TEST(ProcTextTest, WhatIsNotThereIsUnknown) {
  EXPECT_EQ(number_of(kStatus, "VmLck:"), std::nullopt);
  EXPECT_EQ(number_of("", "VmRSS:"), std::nullopt);
  EXPECT_EQ(number_of("VmRSS:\tmuch kB\n", "VmRSS:"), std::nullopt);
  EXPECT_EQ(number_of("VmRSS: 9223372036854775807 kB\n", "VmRSS:"), std::nullopt);
}

TEST(ProcTextTest, AKeyIsAWholeWord) {
  EXPECT_EQ(number_of("oom_kill_disable 1\noom_kill 3\n", "oom_kill"), 3);
}

TEST(ProcTextTest, TheStateStandsAfterTheLastParenthesis) {
  EXPECT_EQ(state_of_stat("7 (hog) S 1 7"), 'S');
  EXPECT_EQ(state_of_stat("7 (a) R b) D 1 7"), 'D');
  EXPECT_EQ(state_of_stat("7 (hog"), std::nullopt);
  EXPECT_EQ(state_of_stat("7 (hog) "), std::nullopt);
  EXPECT_EQ(state_of_stat(""), std::nullopt);
}

TEST(ProcTextTest, PressureTotals) {
  const std::string text =
      "some avg10=1.00 avg60=0.50 avg300=0.00 total=8844\n"
      "full avg10=0.00 avg60=0.00 avg300=0.00 total=12\n";
  EXPECT_EQ(pressure_total(text, "some"), 8844);
  EXPECT_EQ(pressure_total(text, "full"), 12);
  EXPECT_EQ(pressure_total("some avg10=1.00", "some"), std::nullopt);
  EXPECT_EQ(pressure_total("", "full"), std::nullopt);
}

TEST(ProcTextTest, CountsAreLinesOfANameAndANumber) {
  std::vector<std::pair<std::string, std::int64_t>> counts;
  for_each_count(
      "anon 4096\nfile 12\nbad x\n\n lead 1\ncut",
      [&](std::string_view name, std::int64_t number) { counts.emplace_back(name, number); });
  EXPECT_THAT(counts, ElementsAre(Pair("anon", 4096), Pair("file", 12)));
}

TEST(ProcTextTest, ZonesWithMemory) {
  const std::string text =
      "Node 0, zone      DMA\n  per-node stats\n      nr_min 7\n  pages free     2\n"
      "        min      34\n        low      42\n        high     50\n        managed  3840\n"
      "        protection: (0, 200)\n"
      "Node 1, zone   Normal\n        min      0\n        managed  0\n"
      "Node 1, zone  Movable\n        min      9\n        low      10\n        high     11\n"
      "        managed  77\n";
  std::vector<std::pair<std::string, std::int64_t>> zones;
  for_each_zone(text, [&](const ZoneText& zone) {
    zones.emplace_back(std::to_string(zone.node) + std::string(zone.name), zone.min + zone.managed);
  });
  EXPECT_THAT(zones, ElementsAre(Pair("0DMA", 3874), Pair("1Movable", 86)));
}

TEST(ProcTextTest, OneMessageTellsOfAVictim) {
  EXPECT_EQ(victim_of("3,1,2,-;Out of memory: Killed process 7 (hog) total-vm:1kB"), 7);
  EXPECT_EQ(victim_of("3,1,2,-;Memory cgroup out of memory: Killed process 81 (hog)"), 81);
  EXPECT_EQ(victim_of("3,1,2,-;Out of memory: Kill process 7 (hog) score 9"), std::nullopt);
  EXPECT_EQ(victim_of("6,1,2,-;oom_reaper: reaped process 7 (hog)"), std::nullopt);
  EXPECT_EQ(victim_of("3,1,2,-;Out of memory: Killed process "), std::nullopt);
}

TEST(ProcTextTest, EveryPrefixIsHarmless) {
  const std::string text = std::string(kStatus) + "Node 0, zone DMA\n  min 1\n  managed 2\n";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string_view prefix = std::string_view(text).substr(0, length);
    number_of(prefix, "VmRSS:");
    state_of_stat(prefix);
    pressure_total(prefix, "some");
    for_each_zone(prefix, [](const ZoneText& zone) { EXPECT_LE(zone.managed, 2); });
  }
}

}  // namespace
}  // namespace oomkit::guest
