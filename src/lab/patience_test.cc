#include "lab/patience.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

using namespace std::chrono_literals;

TEST(Patience, OfAMachineOfItsOwnIsTheLimit) {
  Patience patience;
  patience.begin(60s, 5s);
  EXPECT_EQ(patience.deadline(5s), 65s);
  patience.on_effort(20s);
  EXPECT_EQ(patience.deadline(25s), 65s);
}

TEST(Patience, OnABusyMachineIsLongerByWhatTheGuestDidNotGet) {
  Patience patience;
  patience.begin(60s, 0s);
  patience.on_effort(10s);
  EXPECT_EQ(patience.deadline(100s), 150s);
}

TEST(Patience, IsOverWhenTheProcessorTimeIsUsedUp) {
  Patience patience;
  patience.begin(60s, 0s);
  patience.on_effort(61s);
  EXPECT_EQ(patience.deadline(80s), 80s);
}

TEST(Patience, OfWhatUsesNoProcessorEndsByTheWall) {
  Patience patience;
  patience.begin(60s, 0s);
  EXPECT_EQ(patience.deadline(590s), 600s);
  EXPECT_EQ(patience.deadline(700s), 600s);
}

TEST(Patience, BeginsAnewWithEachPhase) {
  Patience patience;
  patience.begin(60s, 0s);
  patience.on_effort(50s);
  patience.begin(30s, 55s);
  EXPECT_EQ(patience.deadline(55s), 85s);
  patience.on_effort(60s);
  EXPECT_EQ(patience.deadline(65s), 85s);
}

}  // namespace
}  // namespace oomkit
