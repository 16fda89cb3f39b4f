// Limits as the files of a cgroup, of both versions, and what is refused.
#include "act/limit_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CommandLimits all_limits() {
  CommandLimits limits;
  limits.memory = Bytes(80 << 20);
  limits.swap = Bytes(16 << 20);
  limits.high = Bytes(64 << 20);
  limits.oom_group = true;
  return limits;
}

TEST(LimitPlan, OfVersionTwoIsOneFileEach) {
  EXPECT_THAT(
      *plan_limits(all_limits(), {.version = 2}),
      ElementsAre(LimitWrite{"memory.max", "83886080"}, LimitWrite{"memory.high", "67108864"},
                  LimitWrite{"memory.swap.max", "16777216"}, LimitWrite{"memory.oom.group", "1"}));
}

TEST(LimitPlan, OfVersionOneLimitsMemoryFirstAndThenMemoryWithSwap) {
  CommandLimits limits;
  limits.memory = Bytes(80 << 20);
  limits.swap = Bytes(0);
  EXPECT_THAT(*plan_limits(limits, {.version = 1}),
              ElementsAre(LimitWrite{"memory.limit_in_bytes", "83886080"},
                          LimitWrite{"memory.memsw.limit_in_bytes", "83886080"}));
  limits.swap = Bytes(INT64_MAX);
  EXPECT_EQ(plan_limits(limits, {.version = 1})->back().value, std::to_string(INT64_MAX));
}

TEST(LimitPlan, WithoutLimitsNothingIsWritten) {
  EXPECT_THAT(*plan_limits({}, {.version = 1}), IsEmpty());
  EXPECT_THAT(*plan_limits({}, {.version = 2}), IsEmpty());
}

struct Refusal {
  const char* name;
  CommandLimits limits;
  LimitSupport support;
  ErrorCode code;
  const char* says;
};

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.name;
}

CommandLimits swap_alone() {
  CommandLimits limits;
  limits.swap = Bytes(1);
  return limits;
}
CommandLimits high_alone() {
  CommandLimits limits;
  limits.high = Bytes(1);
  return limits;
}
CommandLimits group_alone() {
  CommandLimits limits;
  limits.oom_group = true;
  return limits;
}

const Refusal kRefusals[] = {
    {"SwapWithoutMemoryInV1", swap_alone(), {.version = 1}, ErrorCode::usage, "--memory"},
    {"SwapThatIsNotAccountedInV1",
     swap_alone(),
     {.version = 1, .swap = false},
     ErrorCode::unsupported,
     "swapaccount=1"},
    {"SwapThatIsNotAccountedInV2",
     swap_alone(),
     {.version = 2, .swap = false},
     ErrorCode::unsupported,
     "memory.swap.max"},
    {"HighInV1", high_alone(), {.version = 1}, ErrorCode::unsupported, "memory.high"},
    {"GroupInV1", group_alone(), {.version = 1}, ErrorCode::unsupported, "memory.oom.group"},
    {"GroupBeforeIt",
     group_alone(),
     {.version = 2, .oom_group = false},
     ErrorCode::unsupported,
     "4.19"},
};

class LimitRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(LimitRefusal, SaysWhatIsMissing) {
  const auto plan = plan_limits(GetParam().limits, GetParam().support);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, GetParam().code);
  EXPECT_THAT(plan.error().what, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(LimitPlan, LimitRefusal, testing::ValuesIn(kRefusals),
                         [](const auto& test) { return test.param.name; });

TEST(LimitPlan, WhereThereIsNoSwapAtAllItNeedsNoLimit) {
  EXPECT_THAT(*plan_limits(swap_alone(), {.version = 2, .swap = false, .host_swap = false}),
              IsEmpty());
  EXPECT_THAT(*plan_limits(swap_alone(), {.version = 1, .swap = false, .host_swap = false}),
              IsEmpty());
}

}  // namespace
}  // namespace oomkit
