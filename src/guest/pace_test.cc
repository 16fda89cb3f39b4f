#include "guest/pace.h"

#include <gtest/gtest.h>

namespace oomkit::guest {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(PaceTest, WithoutARateAllIsDueAtOnce) {
  const Pace pace(std::nullopt, 5);
  EXPECT_EQ(pace.due_ns(INT64_MAX), 5);
}

TEST(PaceTest, EachPieceIsDueWhenTheOnesBeforeItHaveHadTheirTime) {
  const Pace pace(1 << 20, kSecond);
  EXPECT_EQ(pace.due_ns(0), kSecond);
  EXPECT_EQ(pace.due_ns(1 << 19), kSecond + kSecond / 2);
  EXPECT_EQ(pace.due_ns(3 << 20), 4 * kSecond);
}

TEST(PaceTest, PiecesAreWholePagesAndSmoothAtAnyRate) {
  EXPECT_EQ(Pace(1, 0).piece_bytes(), 4096);
  EXPECT_EQ(Pace(std::int64_t{10} << 20, 0).piece_bytes() % 4096, 0);
  EXPECT_EQ(Pace(std::int64_t{1} << 40, 0).piece_bytes(), 256 << 10);
}

TEST(PaceTest, NoRateAndNoSizeOverflow) {
  EXPECT_GT(Pace(1, 0).due_ns(INT64_MAX), 0);
  EXPECT_GE(Pace(INT64_MAX, 0).due_ns(INT64_MAX), 0);
}

}  // namespace
}  // namespace oomkit::guest
