// Conditions: what they mean, and what is wrong with them, to the column.
#include "policy/expression.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// One condition judged over time.
class Judged {
 public:
  explicit Judged(const std::string& source, bool cgroup_scope = false) {
    auto compiled = compile_expression(source, cgroup_scope);
    if (!compiled) {
      ADD_FAILURE() << source << ": " << compiled.error().offset << ": "
                    << compiled.error().message;
      return;
    }
    program_ = *std::move(compiled);
    rings_.resize(program_.rings());
    memos_.resize(program_.memos());
    values_.resize(program_.nodes().size());
    host.mem_total = Bytes(1000);
    host.mem_available = Bytes(500);
    host.swap_total = Bytes(0);
    host.swap_free = Bytes(0);
  }

  NodeValue value() {
    SignalView view;
    view.host = &host;
    view.cgroup = cgroup ? &*cgroup : nullptr;
    view.now = now;
    view.growth = growth;
    return program_.evaluate(view, {rings_, memos_}, values_);
  }
  bool holds() {
    const NodeValue found = value();
    return found.known && found.number != 0;
  }
  // With these numbers, nothing remembered.
  NodeValue peek() {
    SignalView view;
    view.host = &host;
    view.now = now;
    std::vector<NodeValue> values = values_;
    return program_.peek(view, values);
  }
  bool after(milliseconds time) {
    now += time;
    return holds();
  }
  std::vector<DecisionCondition> conditions() {
    std::vector<DecisionCondition> all(8);
    all.resize(program_.conditions(values_, memos_, now, all));
    return all;
  }
  void stall(milliseconds time) {
    const Microseconds before = host.memory.full.total.value_or(Microseconds(0));
    host.memory.full.total = before + Microseconds(time);
  }

  TickHost host;
  std::optional<TickCgroup> cgroup;
  std::array<Known<Bytes>, kWindowSteps> growth;
  HostTime now = seconds(1);

 private:
  Program program_;
  std::vector<WindowRing> rings_;
  std::vector<NodeMemo> memos_;
  std::vector<NodeValue> values_;
};

TEST(Condition, ShareOfASizesOwnWhole) {
  Judged judged("mem.available < 4% and (swap.total == 0 or swap.free < 5%)");
  EXPECT_FALSE(judged.holds());
  judged.host.mem_available = Bytes(39);
  EXPECT_TRUE(judged.holds());
  judged.host.swap_total = Bytes(100);
  judged.host.swap_free = Bytes(5);
  EXPECT_FALSE(judged.holds());
  judged.host.swap_free = Bytes(4);
  EXPECT_TRUE(judged.holds());
}

struct Arithmetic {
  const char* source;
  bool holds;
};
void PrintTo(const Arithmetic& row, std::ostream* out) {
  *out << row.source;
}
class ConditionOf : public testing::TestWithParam<Arithmetic> {};
TEST_P(ConditionOf, OneMoment) {
  EXPECT_EQ(Judged(GetParam().source).holds(), GetParam().holds) << GetParam().source;
}
INSTANTIATE_TEST_SUITE_P(
    Rows, ConditionOf,
    testing::Values(Arithmetic{"1 + 2 * 3 == 7", true}, Arithmetic{"(1 + 2) * 3 == 9", true},
                    Arithmetic{"-2 + 3 == 1", true}, Arithmetic{"10 - 3 - 2 == 5", true},
                    Arithmetic{"1K == 1024B", true}, Arithmetic{"1.5G == 1536M", true},
                    Arithmetic{"500ms + 1.5s == 2s", true}, Arithmetic{"2m == 120s", true},
                    Arithmetic{"10M/s * 2s == 20M", true}, Arithmetic{"20M / 10M/s == 2s", true},
                    Arithmetic{"mem.available / mem.total == 50%", true},
                    Arithmetic{"50% of mem.total == mem.available", true},
                    Arithmetic{"mem.available <= 4% + 400B", false},
                    Arithmetic{"mem.available <= 10% + 400B", true},
                    Arithmetic{"max(mem.available, 600B) == 600B", true},
                    Arithmetic{"min(mem.available, 60%) == 500B", true},
                    Arithmetic{"abs(100B - mem.available) == 400B", true},
                    Arithmetic{"not mem.available < 4%", true}, Arithmetic{"not not 1 == 1", true},
                    Arithmetic{"1 == 2 or 1 == 1 and 2 == 2", true},
                    Arithmetic{"known(mem.available) and not known(mem.shmem)", true},
                    Arithmetic{"mem.shmem > 0 or mem.available > 0", true},
                    Arithmetic{"mem.shmem > 0 and mem.available > 0", false},
                    Arithmetic{"mem.available / swap.total > 0%", false}));

TEST(Condition, UnknownIsNeitherTrueNorFalse) {
  EXPECT_FALSE(Judged("mem.shmem > 5%").value().known);
  EXPECT_FALSE(Judged("not mem.shmem > 5%").value().known);
  EXPECT_FALSE(Judged("mem.shmem > 5% and mem.available > 0").value().known);
  // What the known half settles is settled.
  EXPECT_TRUE(Judged("mem.shmem > 5% and mem.available < 0").value().known);
  EXPECT_TRUE(Judged("mem.shmem > 5% or mem.available > 0").holds());
  EXPECT_FALSE(Judged("psi(memory, full, avg10) > 1%").value().known);
}

TEST(Condition, ForLastsWithoutABreak) {
  Judged judged("mem.available < 10% for 2s");
  judged.host.mem_available = Bytes(50);
  EXPECT_FALSE(judged.holds());
  EXPECT_FALSE(judged.after(milliseconds(1000)));
  EXPECT_FALSE(judged.after(milliseconds(900)));
  EXPECT_TRUE(judged.after(milliseconds(100)));
  EXPECT_EQ(judged.conditions().at(0).held, seconds(2));
  judged.host.mem_available = Bytes(500);
  EXPECT_FALSE(judged.after(milliseconds(100)));
  judged.host.mem_available = Bytes(50);
  EXPECT_FALSE(judged.after(milliseconds(100)));
}

TEST(Condition, WithinRemembers) {
  Judged judged("mem.available < 10% within 5s");
  EXPECT_FALSE(judged.holds());
  judged.host.mem_available = Bytes(50);
  EXPECT_TRUE(judged.after(seconds(1)));
  judged.host.mem_available = Bytes(500);
  EXPECT_TRUE(judged.after(seconds(5)));
  EXPECT_FALSE(judged.after(milliseconds(1)));
}

TEST(Condition, UntilIsHysteresis) {
  Judged judged("mem.available < 10% until mem.available > 20%");
  judged.host.mem_available = Bytes(150);
  EXPECT_FALSE(judged.holds());
  judged.host.mem_available = Bytes(50);
  EXPECT_TRUE(judged.after(seconds(1)));
  judged.host.mem_available = Bytes(150);
  EXPECT_TRUE(judged.after(seconds(1)));
  judged.host.mem_available = Bytes(250);
  EXPECT_FALSE(judged.after(seconds(1)));
  judged.host.mem_available = Bytes(150);
  EXPECT_FALSE(judged.after(seconds(1)));
}

TEST(Condition, PressureOverAWindowOfTotals) {
  Judged judged("psi(memory, full, 2s) > 40%");
  judged.stall(milliseconds(0));
  EXPECT_FALSE(judged.holds());
  for (int i = 0; i < 40; ++i) {
    judged.stall(milliseconds(50));
    judged.after(milliseconds(100));
  }
  EXPECT_TRUE(judged.holds());
  EXPECT_NEAR(judged.conditions().at(0).value, 0.5, 0.01);
  for (int i = 0; i < 20; ++i)
    judged.after(milliseconds(100));
  EXPECT_FALSE(judged.holds());
}

TEST(Condition, PressureSinceTheLastTick) {
  Judged judged("psi(memory, full, tick) >= 30%");
  judged.stall(milliseconds(0));
  judged.holds();
  judged.stall(milliseconds(30));
  EXPECT_TRUE(judged.after(milliseconds(100)));
  judged.stall(milliseconds(29));
  EXPECT_FALSE(judged.after(milliseconds(100)));
}

TEST(Condition, SlopesAndExhaustion) {
  Judged judged("eta(mem.available, 2s) < 3s and falling(mem.available, 2s) > 50B/s");
  for (int i = 0; i < 30; ++i) {
    judged.host.mem_available = Bytes(500 - i * 10);
    judged.after(milliseconds(100));
  }
  EXPECT_TRUE(judged.holds()) << "210 left at 100 a second";
  const auto conditions = judged.conditions();
  EXPECT_NEAR(conditions.at(0).value, 2.1, 0.05);
  EXPECT_NEAR(conditions.at(1).value, 100, 1);
}

TEST(Condition, RateOfACounterThatBeginsAnew) {
  Judged judged("rate(pgscan.direct, 1s) > 900/s");
  for (int i = 0; i < 20; ++i) {
    judged.host.pgscan_direct = i * 100;
    judged.after(milliseconds(100));
  }
  EXPECT_TRUE(judged.holds());
  judged.host.pgscan_direct = 0;
  EXPECT_FALSE(judged.after(milliseconds(100)));
}

TEST(Condition, AccumulationCountsWhileAConditionHolds) {
  Judged judged("accumulate(psi(memory, full, tick) - 5%, while growth(2s) >= 1M) > 3s");
  judged.stall(milliseconds(0));
  judged.holds();
  const auto stall_for = [&](int ticks, std::int64_t growth) {
    for (int i = 0; i < ticks; ++i) {
      judged.growth.at(window_step(seconds(2))) = Bytes(growth);
      judged.stall(milliseconds(55));
      judged.after(milliseconds(100));
    }
  };
  stall_for(100, 0);
  EXPECT_FALSE(judged.holds()) << "nobody grew";
  stall_for(59, 1 << 20);
  EXPECT_FALSE(judged.holds());
  stall_for(3, 1 << 20);
  EXPECT_TRUE(judged.holds());
  for (int i = 0; i < 30; ++i)
    judged.after(milliseconds(100));
  EXPECT_FALSE(judged.holds()) << "what is below takes away, growth or not";
}

TEST(Condition, WhatIsNotKnownForAWhileDoesNotCountAndDoesNotBeginAnew) {
  Judged judged("mem.available < 10% for 2s");
  judged.host.mem_available = Bytes(50);
  EXPECT_FALSE(judged.holds());
  EXPECT_FALSE(judged.after(seconds(1)));
  judged.host.mem_available.reset();
  EXPECT_FALSE(judged.after(milliseconds(500))) << "1.5 s by then";
  EXPECT_FALSE(judged.after(seconds(30)));
  EXPECT_FALSE(judged.value().known);
  judged.host.mem_available = Bytes(50);
  EXPECT_FALSE(judged.after(seconds(30)));
  ASSERT_EQ(judged.conditions().size(), 1U);
  EXPECT_EQ(judged.conditions()[0].held, milliseconds(1500));
  EXPECT_FALSE(judged.after(milliseconds(400)));
  EXPECT_TRUE(judged.after(milliseconds(100)));
  judged.host.mem_available.reset();
  judged.after(milliseconds(100));
  judged.host.mem_available = Bytes(500);
  EXPECT_FALSE(judged.after(milliseconds(100)));
  judged.host.mem_available = Bytes(50);
  EXPECT_FALSE(judged.after(milliseconds(100))) << "in between it did not hold";
  EXPECT_FALSE(judged.after(milliseconds(900)));
}

TEST(Condition, OfATimeThatNobodySawHalfOfWhatIsAskedForCountsAtMost) {
  Judged judged("mem.available < 10% for 2s");
  judged.host.mem_available = Bytes(50);
  EXPECT_FALSE(judged.holds());
  EXPECT_FALSE(judged.after(std::chrono::minutes(10))) << "the guard was stopped, say";
  EXPECT_FALSE(judged.after(milliseconds(900)));
  EXPECT_TRUE(judged.after(milliseconds(100)));
  EXPECT_TRUE(judged.after(std::chrono::minutes(10)));
}

TEST(Condition, AnUnknownMomentNeitherConfirmsNorRefutesWhatLasted) {
  Judged judged("mem.available < 10% for 2s");
  judged.host.mem_available = Bytes(50);
  for (int look = 0; look < 4; ++look)
    judged.after(seconds(1));
  ASSERT_TRUE(judged.holds());
  judged.host.mem_available.reset();
  EXPECT_FALSE(judged.peek().known);
  judged.host.mem_available = Bytes(500);
  EXPECT_EQ(judged.peek().number, 0);
  EXPECT_TRUE(judged.peek().known);
}

TEST(Condition, ScopesOfCgroups) {
  Judged judged("scope.available <= 15% and cg.usage > 100B and host.psi(memory, some, avg10) < 1%",
                true);
  judged.cgroup.emplace();
  judged.cgroup->usage = Bytes(190);
  judged.cgroup->high = Bytes(200);
  judged.cgroup->max = kUnlimited;
  judged.cgroup->active_file = Bytes(5);
  judged.cgroup->inactive_file = Bytes(5);
  judged.host.memory.some.avg10_centipercent = 99;
  EXPECT_TRUE(judged.holds());
  judged.cgroup->active_file = Bytes(50);
  EXPECT_FALSE(judged.holds());
}

struct Wrong {
  const char* source;
  std::size_t offset;
  const char* message;
};
void PrintTo(const Wrong& row, std::ostream* out) {
  *out << row.source;
}
class WrongCondition : public testing::TestWithParam<Wrong> {};
TEST_P(WrongCondition, IsRefusedAtItsColumn) {
  const auto compiled = compile_expression(GetParam().source, false);
  ASSERT_FALSE(compiled) << GetParam().source;
  EXPECT_EQ(compiled.error().offset, GetParam().offset) << compiled.error().message;
  EXPECT_NE(compiled.error().message.find(GetParam().message), std::string::npos)
      << compiled.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    Rows, WrongCondition,
    testing::Values(
        Wrong{"", 0, "ends too early"}, Wrong{"mem.available", 0, "a condition is wanted"},
        Wrong{"mem.available <", 15, "ends too early"},
        Wrong{"mem.avail < 4%", 0, "unknown signal"},
        Wrong{"mem.available < 4", 16, "cannot compare a size and a number"},
        Wrong{"mem.available < 4s", 16, "cannot compare a size and a time"},
        Wrong{"mem.available = 4%", 14, "means nothing"},
        Wrong{"mem.available < 4% && swap.free < 1", 19, "means nothing"},
        Wrong{"mem.available < 4x", 17, "unknown unit"},
        Wrong{"mem.available < 4% swap.free < 1%", 19, "expected \"and\""},
        Wrong{"(mem.available < 4%", 19, "expected \")\""},
        Wrong{"1 < 2 < 3", 6, "two comparisons"}, Wrong{"pgscan.direct > 100", 0, "since boot"},
        Wrong{"psi(memory, all, 2s) > 1%", 12, "expected one of some, full"},
        Wrong{"psi(memory, full, 2) > 1%", 18, "expected a time"},
        Wrong{"psi(memory, full, avg20) > 1%", 18, "expected avg10"},
        Wrong{"psi(memory, full, 2s) > 40", 24, "cannot compare a share and a number"},
        Wrong{"growth(3s) > 1M", 7, "2, 4, 8"}, Wrong{"cg.usage > 1M", 0, "is of a cgroup"},
        Wrong{"mem.available < 4% for 4", 23, "expected a time"},
        Wrong{"flling(mem.free, 1s) > 0", 0, "unknown function"},
        Wrong{"mem.free + (1 < 2) > 0", 12, "a number is wanted"},
        Wrong{"rate(mem.free, 1s) > 0", 5, "no counter"},
        Wrong{"accumulate(mem.free, until 1 < 2) > 0", 21, "while"},
        Wrong{"5% of 5% of 5 < 4", 16, "cannot compare"},
        Wrong{"mem.free < 4% until", 19, "ends too early"}));

TEST(Condition, HostileTexts) {
  EXPECT_FALSE(compile_expression(std::string(100'000, '('), false));
  EXPECT_FALSE(compile_expression(std::string(4000, '('), false));
  EXPECT_FALSE(compile_expression(std::string(4000, '-') + "1 < 2", false));
  std::string nots;
  for (int i = 0; i < 1000; ++i)
    nots += "not ";
  EXPECT_FALSE(compile_expression(nots + "1<2", false));
  std::string sum = "1";
  for (int i = 0; i < 1000; ++i)
    sum += "+1";
  EXPECT_FALSE(compile_expression(sum + "<2", false));
  EXPECT_FALSE(compile_expression("1e309 < 2", false));
  EXPECT_FALSE(compile_expression(std::string("mem.free < 1\0", 13), false));
}

TEST(Condition, EveryPrefixAndEveryChangedByteIsAnswered) {
  const std::string source =
      "(psi(memory, full, 2s) > 40% for 3s or mem.free < 5% + 0.3s * falling(mem.left)) "
      "until accumulate(psi(io, some, tick), while known(mem.free)) >= 2s";
  ASSERT_TRUE(compile_expression(source, false));
  for (std::size_t i = 0; i < source.size(); ++i) {
    const auto cut = compile_expression(source.substr(0, i), false);
    if (!cut) {
      EXPECT_LE(cut.error().offset, i);
    }
    std::string changed = source;
    Random random(i);
    changed[i] = static_cast<char>(random.between(0, 255));
    const auto other = compile_expression(changed, false);
    if (!other) {
      EXPECT_LE(other.error().offset, changed.size());
    }
  }
}

}  // namespace
}  // namespace oomkit
