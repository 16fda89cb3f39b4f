// What a plug collects, and when it goes.
#include "sim/swap_cache.h"

#include <gtest/gtest.h>

namespace oomkit::sim {
namespace {

// Fills requests of the plug with what is written, and says before which of them it went.
int requests_until_it_goes(SwapPlug& plug) {
  constexpr int kEnough = 100;
  for (int request = 1; request < kEnough; ++request) {
    std::shared_ptr<SwapWrite> sent;
    const auto before = plug.open();
    if (plug.add(plug.room(), sent)) {
      EXPECT_EQ(sent, before) << "what was collected before";
      EXPECT_NE(plug.open(), before);
      return request;
    }
    EXPECT_EQ(sent, nullptr);
  }
  return kEnough;
}

constexpr KernelVersion kOld{6, 1}, kNew{6, 12};

TEST(SwapPlug, GoesWhenItsFirstRequestIsLarge) {
  for (const KernelVersion version : {kOld, kNew}) {
    SwapPlug plug(version);
    EXPECT_EQ(requests_until_it_goes(plug), 2);
  }
}

TEST(SwapPlug, BehindAReadItGoesOnlyWhenThereAreManyRequests) {
  SwapPlug plug(kNew);
  plug.begin_with_read();
  EXPECT_EQ(requests_until_it_goes(plug), 32);
}

TEST(SwapPlug, UpTo611ItGoesBehindAReadAsWell) {
  SwapPlug plug(kOld);
  plug.begin_with_read();
  EXPECT_EQ(requests_until_it_goes(plug), 2);
  EXPECT_EQ(requests_until_it_goes(plug), 1);
}

TEST(SwapPlug, WhoeverSleepsSendsWhatItHas) {
  SwapPlug plug(kNew);
  plug.begin_with_read();
  std::shared_ptr<SwapWrite> sent;
  EXPECT_FALSE(plug.add(Pages(8), sent));
  EXPECT_EQ(plug.take()->pages, Pages(8));
  EXPECT_EQ(plug.open()->pages, Pages(0));
  EXPECT_EQ(requests_until_it_goes(plug), 2) << "nothing of it is left";
}

TEST(SwapPlug, AReadBehindAWriteChangesNothing) {
  SwapPlug plug(kNew);
  std::shared_ptr<SwapWrite> sent;
  EXPECT_FALSE(plug.add(Pages(64), sent));
  const Pages room = plug.room();
  plug.begin_with_read();
  EXPECT_EQ(plug.room(), room);
  EXPECT_FALSE(plug.add(room, sent));
  EXPECT_TRUE(plug.add(Pages(1), sent));
}

}  // namespace
}  // namespace oomkit::sim
