// When the next look is, and what it holds.
#include "policy/pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy_testing.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kGi = std::int64_t{1} << 30;

class PaceTest : public ::testing::Test {
 protected:
  // Of a host with `total` and `left` in GiB, `after` the one before.
  TickWish look(HostTime after, double total, double left, std::int64_t stalled_us = 0) {
    now_ += after;
    Tick tick;
    tick.now = now_;
    tick.host.mem_total = gib(total);
    tick.host.mem_available = gib(left);
    tick.host.swap_free = Bytes(0);
    tick.host.memory.full.total = Microseconds(stalled_us);
    tick.host.memory.some.total = Microseconds(stalled_us);
    tick.has_cgroups = wished_.cgroups;
    wished_ = pace_.next(tick, ledger_, false);
    return wished_;
  }

  // How long, at such looks, until cgroups are wished for again.
  HostTime until_cgroups(double total, double left) {
    HostTime waited{0};
    do {
      const HostTime pause = wished_.within;
      waited += pause;
      look(pause, total, left);
    } while (!wished_.cgroups);
    return waited + wished_.within;
  }

  static Bytes gib(double size) {
    return Bytes(static_cast<std::int64_t>(size * static_cast<double>(kGi)));
  }

  Policy policy_ = policy_testing::policy_of(R"(
schema = 1
[[rule]]
name = "short"
when = "mem.available < 10%"
pick = "process by culprit"
do = ["kill"]
)");
  Pace pace_{policy_};
  GrowthLedger ledger_{4, {4, 4}, 4, HostTime(0)};
  HostTime now_ = seconds(1000);
  TickWish wished_;
};

TEST_F(PaceTest, AVerdictIsInAHurryButNotWithoutEnd) {
  for (int i = 0; i < 4; ++i) {
    const TickWish wish = pace_.hurry(7, false);
    EXPECT_TRUE(wish.verdict);
    EXPECT_EQ(wish.within, HostTime(0));
    EXPECT_THAT(wish.processes_of, ::testing::ElementsAre(7));
  }
  EXPECT_EQ(pace_.hurry(7, false).within, policy_.settings.tick_min);
  EXPECT_FALSE(look(seconds(1), 64, 60).verdict);
  EXPECT_EQ(pace_.hurry(7, false).within, HostTime(0));
}

TEST_F(PaceTest, OnASmallHostALookIsAsFarAwayAsMemoryCouldLast) {
  look(seconds(0), 1, 0.54);
  EXPECT_EQ(std::chrono::round<milliseconds>(look(seconds(1), 1, 0.54).within), milliseconds(500))
      << "4 % of it are a reserve";
  EXPECT_EQ(look(seconds(1), 1, 0.05).within, milliseconds(100));
}

TEST_F(PaceTest, RarerThanOnceASecondOnlyWhereSixTimesTheRateWouldNotUseItUp) {
  look(seconds(0), 8, 5);
  EXPECT_EQ(look(seconds(1), 8, 5).within, seconds(1)) << "1 GiB/s takes 4.7 s, 6 GiB/s 0.8 s";
  EXPECT_EQ(look(seconds(1), 25, 19).within, seconds(3));
  EXPECT_EQ(look(seconds(1), 1000, 900).within, seconds(4));
}

TEST_F(PaceTest, AStallOrAnUnknownHostIsLookedAtSoon) {
  look(seconds(0), 1000, 900);
  EXPECT_EQ(look(seconds(1), 1000, 900, 100).within, milliseconds(100));
  EXPECT_EQ(look(seconds(1), 1000, 900, 100).within, seconds(4)) << "it is over";
  Tick unknown;
  unknown.now = now_ + seconds(1);
  EXPECT_EQ(pace_.next(unknown, ledger_, false).within, milliseconds(200));
}

TEST_F(PaceTest, WhileThereIsPlentyCgroupsAreReadEveryTwentySeconds) {
  look(seconds(0), 1000, 900);
  look(seconds(4), 1000, 900);
  EXPECT_EQ(until_cgroups(1000, 900), seconds(20));
  EXPECT_FALSE(look(seconds(4), 1000, 900).cgroups) << "it has them";
  EXPECT_FALSE(look(seconds(1), 1000, 890).cgroups) << "what may be anything";
  EXPECT_TRUE(look(seconds(1), 1000, 400).cgroups) << "it moved";
  EXPECT_FALSE(look(seconds(4), 1000, 400).cgroups);
  EXPECT_TRUE(look(seconds(4), 1000, 400).cgroups) << "after 5 s, by looks of 4 s";
  EXPECT_FALSE(look(seconds(1), 1000, 400).cgroups);
  EXPECT_TRUE(look(seconds(1), 1000, 390).cgroups) << "it moved";
}

TEST(PaceOfCgroups, WhoWatchesCgroupsThatMayFillWithoutAStallLooksOften) {
  const auto looks_within = [](const std::string& scope, const std::string& when) {
    const Policy policy = policy_testing::policy_of(
        "schema = 1\n[[rule]]\nname = \"r\"\nscope = \"" + scope + "\"\nwhen = \"" + when +
        "\"\npick = \"process by culprit\"\ndo = [\"kill\"]\n");
    Pace pace(policy);
    const GrowthLedger ledger(4, {4, 4}, 4, HostTime(0));
    Tick tick;
    tick.now = seconds(1000);
    tick.host.mem_total = tick.host.mem_available = Bytes(1000 * kGi);
    tick.host.swap_free = Bytes(0);
    tick.host.memory.full.total = tick.host.memory.some.total = Microseconds(0);
    return pace.next(tick, ledger, false).within;
  };
  EXPECT_EQ(looks_within("limited cgroups", "scope.available < 5%"), seconds(1));
  EXPECT_EQ(looks_within("host", "growth(2s) > 100M"), seconds(1));
  EXPECT_EQ(looks_within("limited cgroups", "cg.usage > 1G or psi(memory, full, 2s) > 5%"),
            seconds(1));
  EXPECT_EQ(looks_within("limited cgroups", "cg.usage > 1G and psi(memory, full, 2s) > 5%"),
            seconds(4));
  EXPECT_EQ(
      looks_within("host", "accumulate(psi(memory, full, tick) - 5%, while growth(2s) >= 1M) > 3s"),
      seconds(4));
  EXPECT_EQ(looks_within("host", "mem.available < 5%"), seconds(4));
}

}  // namespace
}  // namespace oomkit
