#include "guest/holdings.h"

#include <cerrno>

#include <gtest/gtest.h>
#include <unistd.h>

#include "guest/clock.h"

namespace oomkit::guest {
namespace {

const Pace kAtOnce(std::nullopt, 0);

class HoldingsTest : public testing::Test {
 protected:
  const std::int64_t page_ = sysconf(_SC_PAGESIZE);
  std::atomic<std::int64_t> held_{0};
  Holdings holdings_{7, false, &held_};

  void hold(std::int64_t pages, Holdings::Sort sort = Holdings::Sort::anonymous) {
    ASSERT_EQ(holdings_.reserve(pages * page_, sort), 0);
    holdings_.fill_newest(kAtOnce);
  }
};

TEST_F(HoldingsTest, WhatIsTouchedIsCounted) {
  ASSERT_EQ(holdings_.reserve(10 * page_, Holdings::Sort::anonymous), 0);
  EXPECT_EQ(held_, 0);
  holdings_.fill_newest(kAtOnce);
  EXPECT_EQ(held_, 10 * page_);
  hold(3, Holdings::Sort::shared);
  EXPECT_EQ(held_, 13 * page_);
}

TEST_F(HoldingsTest, ASizeIsRoundedUpToPages) {
  ASSERT_EQ(holdings_.reserve(1, Holdings::Sort::anonymous), 0);
  holdings_.fill_newest(kAtOnce);
  EXPECT_EQ(held_, page_);
}

TEST_F(HoldingsTest, TheNewestIsGivenBackFirst) {
  hold(4);
  hold(4);
  holdings_.release(6 * page_);
  EXPECT_EQ(held_, 2 * page_);
  holdings_.release(100 * page_);
  EXPECT_EQ(held_, 0);
  holdings_.touch(page_, kAtOnce);  // Nothing is left to touch.
}

TEST_F(HoldingsTest, WhatIsGivenBackWithoutHavingBeenTouchedCountsNothing) {
  hold(4);
  ASSERT_EQ(holdings_.reserve(8 * page_, Holdings::Sort::anonymous), 0);
  holdings_.release(8 * page_);
  EXPECT_EQ(held_, 4 * page_);
}

TEST_F(HoldingsTest, WhatWasOnlyReservedIsTouchedForTheFirstTime) {
  hold(2);
  ASSERT_EQ(holdings_.reserve(4 * page_, Holdings::Sort::anonymous), 0);
  EXPECT_EQ(holdings_.held_bytes(), 6 * page_);
  holdings_.touch(3 * page_, kAtOnce);
  EXPECT_EQ(held_, 3 * page_);
  holdings_.touch(6 * page_, kAtOnce);
  EXPECT_EQ(held_, 6 * page_);
}

TEST_F(HoldingsTest, ManyRegionsFit) {
  for (int i = 0; i < 1000; ++i)
    hold(1);
  EXPECT_EQ(held_, 1000 * page_);
  holdings_.touch(1000 * page_, kAtOnce);
  holdings_.release(1000 * page_);
  EXPECT_EQ(held_, 0);
}

TEST_F(HoldingsTest, WhatTheKernelRefusesChangesNothing) {
  hold(1);
  EXPECT_EQ(holdings_.reserve(std::int64_t{1} << 60, Holdings::Sort::anonymous), ENOMEM);
  EXPECT_EQ(holdings_.reserve(INT64_MAX, Holdings::Sort::huge), ENOMEM);
  EXPECT_EQ(held_, page_);
}

TEST_F(HoldingsTest, ARateTakesItsTime) {
  ASSERT_EQ(holdings_.reserve(50 * page_, Holdings::Sort::anonymous), 0);
  const std::int64_t begin = now_ns();
  holdings_.fill_newest(Pace(500 * page_, begin));
  EXPECT_GE(now_ns() - begin, 70 * kNanosecondsPerMillisecond);
}

TEST_F(HoldingsTest, AChildCountsInASlotOfItsOwn) {
  hold(5);
  std::atomic<std::int64_t> other{0};
  holdings_.count_in(&other);
  hold(1);
  EXPECT_EQ(other, 6 * page_);
  EXPECT_EQ(held_, 5 * page_);
}

}  // namespace
}  // namespace oomkit::guest
