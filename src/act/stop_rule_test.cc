// Who is told a signal, and when asking is over.
#include "act/stop_rule.h"

#include <csignal>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

using namespace std::chrono_literals;

constexpr bool kTerminal = true;
constexpr bool kSent = false;
constexpr bool kCatches = true;
constexpr bool kIgnores = false;

TEST(StopRule, WhatTheTerminalSentHasReachedTheCommandAlready) {
  StopRule rule(10s);
  EXPECT_FALSE(rule.on_signal(SIGINT, kTerminal, kCatches, 0s).forward);
  EXPECT_TRUE(rule.on_signal(SIGINT, kSent, kCatches, 5s).forward);
  EXPECT_TRUE(rule.on_signal(SIGUSR1, kSent, kCatches, 5s).forward);
  EXPECT_FALSE(rule.deadline());
}

TEST(StopRule, TheSecondInterruptEndsACommandThatIgnoresIt) {
  StopRule rule(10s);
  EXPECT_EQ(rule.on_signal(SIGINT, kTerminal, kIgnores, 0s).stop, CommandStop::none);
  EXPECT_EQ(rule.on_signal(SIGINT, kTerminal, kIgnores, 1h).stop, CommandStop::second_interrupt);
}

TEST(StopRule, AShellMayBeInterruptedAllDayButNotThreeTimesInASecond) {
  StopRule rule(10s);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(rule.on_signal(SIGINT, kTerminal, kCatches, i * 600ms).stop, CommandStop::none) << i;
  }
  EXPECT_EQ(rule.on_signal(SIGINT, kTerminal, kCatches, 2h).stop, CommandStop::none);
  EXPECT_EQ(rule.on_signal(SIGINT, kTerminal, kCatches, 2h + 300ms).stop, CommandStop::none);
  EXPECT_EQ(rule.on_signal(SIGINT, kTerminal, kCatches, 2h + 600ms).stop,
            CommandStop::second_interrupt);
}

TEST(StopRule, TermGivesGraceAndTheSecondOneNone) {
  StopRule rule(10s);
  const StopRule::Answer first = rule.on_signal(SIGTERM, kSent, kCatches, 3s);
  EXPECT_TRUE(first.forward);
  EXPECT_EQ(first.stop, CommandStop::none);
  EXPECT_EQ(rule.deadline(), StopRule::Time(13s));
  EXPECT_EQ(rule.on_signal(SIGHUP, kSent, kCatches, 4s).stop, CommandStop::grace_over);
  EXPECT_EQ(rule.deadline(), StopRule::Time(13s)) << "asking again gives no more time";
}

TEST(StopRule, QuitIsHandedOnAndEndsNothing) {
  StopRule rule(10s);
  for (int i = 0; i < 5; ++i) {
    const StopRule::Answer answer = rule.on_signal(SIGQUIT, kSent, kIgnores, 0s);
    EXPECT_TRUE(answer.forward);
    EXPECT_EQ(answer.stop, CommandStop::none);
  }
}

}  // namespace
}  // namespace oomkit
