#include "klog/repair_width.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

struct Lines final : WholeLineSink {
  void on_whole_line(std::string_view text, std::uint64_t number) override {
    texts.emplace_back(text);
    numbers.push_back(number);
  }
  std::vector<std::string> texts;
  std::vector<std::uint64_t> numbers;
};

struct Repaired {
  Lines lines;
  std::uint64_t rejoined = 0;
};

Repaired repair(const std::vector<std::string>& input) {
  Repaired repaired;
  WidthRepair width(repaired.lines);
  std::uint64_t number = 0;
  for (const std::string& line : input)
    width.line(line, ++number);
  width.flush();
  repaired.rejoined = width.rejoined();
  return repaired;
}

const std::vector<std::string> kLog = {
    "[  100.000001] java invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0",
    "[  100.000002] java cpuset=/ mems_allowed=0",
    "[  100.000003] Node 0 DMA free:15904kB min:128kB low:160kB high:192kB active_anon:0kB",
    "[  100.000004] Node 0 Normal free:44128kB min:44700kB low:55872kB high:67048kB",
    "[  100.000005] Killed process 1234 (java) total-vm:1234567kB, anon-rss:987654kB",
};

std::vector<std::string> broken(std::size_t width, std::string_view end = "") {
  std::vector<std::string> lines;
  for (std::string line : kLog) {
    for (; line.size() > width; line.erase(0, width))
      lines.push_back(line.substr(0, width) + std::string(end));
    lines.push_back(line + std::string(end));
  }
  return lines;
}

TEST(WidthRepair, BreaksOfOneWidthGoTogetherByteForByte) {
  for (std::size_t width = 44; width <= 70; ++width) {
    const Repaired repaired = repair(broken(width));
    EXPECT_EQ(repaired.lines.texts, kLog) << width;
    EXPECT_GE(repaired.rejoined, 4U) << width;
  }
}

TEST(WidthRepair, ALineKeepsTheNumberOfItsFirstPiece) {
  const Repaired repaired = repair(broken(60));
  EXPECT_EQ(repaired.lines.numbers, (std::vector<std::uint64_t>{1, 3, 4, 6, 8}));
}

TEST(WidthRepair, CarriageReturnsAreNoColumns) {
  EXPECT_EQ(repair(broken(60, "\r")).lines.texts, kLog);
}

TEST(WidthRepair, ALogThatNobodyBrokeStaysAsItIs) {
  std::vector<std::string> log = kLog;
  log.insert(log.begin() + 3, "what is this line of my own doing here?");
  const Repaired repaired = repair(log);
  EXPECT_EQ(repaired.lines.texts, log);
  EXPECT_EQ(repaired.rejoined, 0U);
}

// A mailer swallows the blank at a break: byte for byte, "low:55872kB" and "high:" would be one.
TEST(WidthRepair, BreaksAtBlanksThatAreGoneAreNotForThisStep) {
  const std::vector<std::string> log = {
      "[  100.000001] Node 0 DMA free:15904kB min:128kB low:160kB",
      "high:192kB active_anon:0kB",
      "[  100.000002] Node 0 DMA32 free:1594kB min:12kB low:1600k",
      "[  100.000003] Node 0 Normal free:4128kB min:447kB low:5kB",
      "high:67048kB active_anon:12kB",
      "[  100.000004] Free swap  = 0kB",
  };
  const Repaired repaired = repair(log);
  EXPECT_EQ(repaired.lines.texts, log);
}

TEST(WidthRepair, WhatAPersonTypesBehindAShortLineIsNoContinuation) {
  std::vector<std::string> log = broken(60);
  log.push_back("[  100.000006] oom_reaper: reaped process 1234 (java)");
  log.push_back("And that was it. Any ideas?");
  const Repaired repaired = repair(log);
  ASSERT_EQ(repaired.lines.texts.size(), kLog.size() + 2);
  EXPECT_EQ(repaired.lines.texts.back(), log.back());
}

TEST(WidthRepair, AWiderLineEndsTheBrokenPart) {
  std::vector<std::string> log = broken(60);
  log.insert(log.end(), kLog.begin(), kLog.end());
  std::vector<std::string> expected = kLog;
  expected.insert(expected.end(), kLog.begin(), kLog.end());
  EXPECT_EQ(repair(log).lines.texts, expected);
}

// The frame must see an entry's lines in time: it says how many bytes of a field follow.
TEST(WidthRepair, AJournalsEntryIsNotHeldBack) {
  Lines lines;
  WidthRepair width(lines);
  width.line("[  100.000001] Node 0 DMA free:15904kB min:128kB low:160kB high:192kB", 1);
  width.line("not broken, but it might be", 2);
  width.line("__CURSOR=s=1;i=2", 3);
  EXPECT_EQ(lines.texts.size(), 3U);
  width.line("MESSAGE", 4);
  EXPECT_EQ(lines.texts.size(), 4U);
}

TEST(WidthRepair, HoldsNoMoreThanItSays) {
  Lines lines;
  WidthRepair width(lines);
  width.line("[  100.000001] Node 0 DMA free:15904kB min:128kB low:160kB high:192kB", 1);
  std::uint64_t number = 1;
  std::size_t held_max = 0;
  for (int i = 0; i < 5000; ++i) {
    width.line(i % 3 == 0 ? "[  100.000001] short" : "a line without a frame", ++number);
    held_max = std::max<std::size_t>(held_max, number - lines.texts.size());
  }
  width.flush();
  EXPECT_EQ(lines.texts.size(), number);
  EXPECT_LE(held_max, 512U);
}

}  // namespace
}  // namespace oomkit
