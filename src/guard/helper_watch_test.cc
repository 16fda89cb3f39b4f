#include "guard/helper_watch.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// Seconds until it is found to hang, looked at once a second; 0 if not within a minute.
template <class Taken>
int hangs_after(HelperWatch& watch, std::int64_t& now_ns, bool waits, Taken taken) {
  for (int second = 1; second <= 60; ++second) {
    now_ns += kSecond;
    if (watch.hangs(now_ns, waits, taken(second))) return second;
  }
  return 0;
}

TEST(HelperWatch, OneThatTakesNothingOfWhatWaitsHangs) {
  HelperWatch watch;
  std::int64_t now_ns = 1000 * kSecond;
  const auto nothing = [](int) { return 7U; };
  EXPECT_EQ(hangs_after(watch, now_ns, false, nothing), 0) << "there is nothing to take";
  EXPECT_EQ(hangs_after(watch, now_ns, true, nothing), 16);
  // It is not said at every turn, and again if the next one hangs too.
  EXPECT_EQ(hangs_after(watch, now_ns, true, nothing), 15);
}

TEST(HelperWatch, OneThatIsSlowDoesNot) {
  HelperWatch watch;
  std::int64_t now_ns = 1000 * kSecond;
  const auto slow = [](int second) { return static_cast<std::uint64_t>(second / 10); };
  EXPECT_EQ(hangs_after(watch, now_ns, true, slow), 0);
}

TEST(HelperWatch, ASleepOfTheMachineIsNoHang) {
  HelperWatch watch;
  std::int64_t now_ns = 1000 * kSecond;
  EXPECT_FALSE(watch.hangs(now_ns, true, 7));
  now_ns += 3600 * kSecond;
  EXPECT_FALSE(watch.hangs(now_ns, true, 7));
  EXPECT_FALSE(watch.hangs(now_ns + kSecond, true, 8));
}

}  // namespace
}  // namespace oomkit
