// What only the whole of a report proves.
#include "klog/evidence.h"

#include <string>

#include <gtest/gtest.h>

#include "klog/assembly_reading.h"

namespace oomkit {
namespace {

// A cgroup's limit with panic_on_oom=2: no kill line, no zones, nothing in pages and in kB.
std::string memcg_panic(const std::string& no_limit) {
  return "[  100.000001] app invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
         "oom_score_adj=0\n"
         "[  100.000002] memory: usage 65536kB, limit 65536kB, failcnt 31\n"
         "[  100.000003] swap: usage 0kB, limit " +
         no_limit +
         "kB, failcnt 0\n"
         "[  100.000004] Memory cgroup stats for /a:\n"
         "[  100.000005] anon 67108864\n"
         "[  100.000006] Tasks state (memory values in pages):\n"
         "[  100.000007] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents "
         "oom_score_adj name\n"
         "[  100.000008] [    777]     0   777     2000     1000   200000        0             0 "
         "app\n"
         "[  100.000009] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is "
         "enabled\n";
}

std::optional<PageSize> page_size_by(const std::string& no_limit) {
  const test::Reading reading = test::read_lines(memcg_panic(no_limit));
  EXPECT_EQ(reading.reports.size(), 1U);
  return reading.reports.empty() ? std::nullopt : reading.reports[0].at.page_size;
}

TEST(PageSizeOfNoLimit, IsThatOfTheLargestCounter) {
  EXPECT_EQ(page_size_by("9007199254740988"), PageSize::k4K);
  EXPECT_EQ(page_size_by("9007199254740976"), PageSize::k16K);
  EXPECT_EQ(page_size_by("9007199254740928"), PageSize::k64K);
}

TEST(PageSizeOfNoLimit, IsNotKnownFromOlderCountersOrRealLimits) {
  EXPECT_EQ(page_size_by("9007199254740991"), std::nullopt);
  EXPECT_EQ(page_size_by("18014398509481983"), std::nullopt);
  EXPECT_EQ(page_size_by("65536"), std::nullopt);
}

}  // namespace
}  // namespace oomkit
