#include "sim/committed_memory.h"

#include <gtest/gtest.h>

namespace oomkit::sim {
namespace {

constexpr Pages kLimit(1000);
constexpr Pages kRam(256 * 100);  // Batches of 100 in mode 2.

CommittedMemory in_mode_2(Pages at_boot) {
  CommittedMemory committed(at_boot);
  committed.set_mode(OvercommitMode::never, kRam);
  return committed;
}

TEST(CommittedMemory, KeepsLessThanABatchToItself) {
  CommittedMemory committed = in_mode_2(Pages(500));
  committed.add(Pages(99));
  EXPECT_EQ(committed.read(), Pages(500));
  EXPECT_EQ(committed.sum(), Pages(599));
  committed.add(Pages(1));
  EXPECT_EQ(committed.read(), Pages(600));
}

TEST(CommittedMemory, IsAddedUpWhenMode2IsSet) {
  CommittedMemory committed(Pages(500));
  committed.set_mode(OvercommitMode::guess, kRam);
  committed.add(Pages(6'000));
  EXPECT_EQ(committed.read(), Pages(500));  // A batch is a quarter of the memory.
  committed.set_mode(OvercommitMode::never, kRam);
  EXPECT_EQ(committed.read(), Pages(6'500));
}

TEST(CommittedMemory, GrantsPagesUntilABatchShowsTheLimit) {
  CommittedMemory committed = in_mode_2(Pages(850));
  EXPECT_EQ(committed.fitting(Pages(500), kLimit), Pages(199));
  EXPECT_EQ(committed.add_each(Pages(500), kLimit), Pages(199));
  EXPECT_EQ(committed.sum(), Pages(1049));  // 950, and 99 more that nobody has seen.
  EXPECT_EQ(committed.read(), Pages(1050));
  EXPECT_EQ(committed.add_each(Pages(1), kLimit), Pages(0));
}

TEST(CommittedMemory, PageByPageIsTheSameAsAtOnce) {
  for (std::int64_t already = 0; already < 1'100; already += 37) {
    CommittedMemory at_once = in_mode_2(Pages(already));
    CommittedMemory one_by_one = at_once;
    Pages granted;
    for (int i = 0; i < 400; ++i)
      granted += one_by_one.add_each(Pages(1), kLimit);
    EXPECT_EQ(at_once.add_each(Pages(400), kLimit), granted) << already;
    EXPECT_EQ(at_once.sum(), one_by_one.sum()) << already;
    EXPECT_EQ(at_once.read(), one_by_one.read()) << already;
  }
}

// A request that is a batch is measured with what was kept back before it, and one that is none
// without itself (99204 on 7.2 was refused, and 128 pages of it had nobody seen).
TEST(CommittedMemory, WhatIsAskedForBringsWhatWasKept) {
  CommittedMemory committed = in_mode_2(Pages(500));
  committed.add(Pages(99));
  committed.add(Pages(300));
  EXPECT_EQ(committed.read(), Pages(899));
  committed.add(Pages(50));
  EXPECT_EQ(committed.read(), Pages(899));
}

}  // namespace
}  // namespace oomkit::sim
