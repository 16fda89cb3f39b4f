#include "sim/attach_lock.h"

#include <gtest/gtest.h>

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;
using Time = AttachLock::Time;

// As 6.1 and 6.12 were seen to do it, with ticks of 4 ms.
TEST(AttachLockTest, AGracePeriodIsThreeTicks) {
  for (const auto& [comes, is_in] : {std::pair<Time, Time>(101'750us, 112ms),
                                     {402'900us, 412ms},
                                     {604'300us, 616ms},
                                     {1'208'100us, 1'220ms}}) {
    AttachLock lock(4ms);
    EXPECT_EQ(lock.come(comes), is_in);
  }
}

TEST(AttachLockTest, WhoComesMeanwhileIsNextAndWhoComesSoonIsInAtOnce) {
  AttachLock lock(4ms);
  EXPECT_EQ(lock.come(101ms), Time(112ms));
  EXPECT_EQ(lock.come(103ms), Time(112ms));
  EXPECT_EQ(lock.come(119ms), Time(119ms));
  EXPECT_EQ(lock.come(130ms), Time(130ms));
  EXPECT_EQ(lock.come(141ms), Time(141ms));
  EXPECT_EQ(lock.come(200ms), Time(212ms));
}

TEST(AttachLockTest, WithNobodyElseItIsIdleAfterOneMore) {
  AttachLock lock(4ms);
  EXPECT_EQ(lock.come(101ms), Time(112ms));
  EXPECT_EQ(lock.come(124ms), Time(136ms));
}

}  // namespace
}  // namespace oomkit::sim
