#include "sim/rss_counts.h"

#include <gtest/gtest.h>

namespace oomkit::sim {
namespace {

RssCounts anon(std::int64_t pages) {
  return {.anon = Pages(pages)};
}

// Of 66 calls the last adds up what the 65 before it have brought, and what it brings itself waits.
TEST(ThreadCounts, AddsUpWithEach66thCall) {
  ThreadCounts thread;
  thread.fault(anon(1), 65);
  EXPECT_EQ(thread.counted(anon(65)), anon(0));
  thread.fault(anon(1), 1);
  EXPECT_EQ(thread.counted(anon(66)), anon(65));
  thread.fault(anon(1), 65);
  EXPECT_EQ(thread.counted(anon(131)), anon(65));
  thread.calls(1);
  EXPECT_EQ(thread.counted(anon(131)), anon(131));
}

TEST(ThreadCounts, ManyPagesAreAsManyTimesOne) {
  for (const std::int64_t calls : {1, 2, 3}) {
    for (std::int64_t before = 0; before < 70; ++before) {
      for (std::int64_t pages = 0; pages < 140; ++pages) {
        ThreadCounts at_once;
        at_once.fault({.shmem = Pages(1)}, before);
        ThreadCounts one_by_one = at_once;
        at_once.fault(anon(1), pages, calls);
        for (std::int64_t i = 0; i < pages; ++i) {
          one_by_one.fault(anon(1), 1);
          one_by_one.calls(calls - 1);
        }
        const RssCounts all = {.anon = Pages(pages), .shmem = Pages(before)};
        EXPECT_EQ(at_once.counted(all), one_by_one.counted(all));
      }
    }
  }
}

TEST(ThreadCounts, WhatOthersTakeIsCountedAtOnceAndNeverLessThanNothing) {
  ThreadCounts thread;
  thread.fault(anon(1), 40);
  EXPECT_EQ(thread.counted(anon(50)), anon(10));
  EXPECT_EQ(thread.counted(anon(30)), anon(0));
  thread.add_up();
  EXPECT_EQ(thread.counted(anon(30)), anon(30));
}

TEST(ProcessorCounts, KeepsLessThanABatchInBothDirections) {
  constexpr std::int64_t kBatch = 32;
  ProcessorCounts processor;
  processor.begin(anon(120));
  processor.follow(anon(151), kBatch);
  EXPECT_EQ(processor.counted(anon(151), kBatch), anon(120));
  processor.follow(anon(152), kBatch);
  EXPECT_EQ(processor.counted(anon(152), kBatch), anon(152));
  // What was not counted yet and goes again was never seen.
  processor.follow(anon(183), kBatch);
  processor.follow(anon(121), kBatch);
  EXPECT_EQ(processor.counted(anon(121), kBatch), anon(152));
  EXPECT_EQ(processor.counted(anon(120), kBatch), anon(120));
}

}  // namespace
}  // namespace oomkit::sim
