// Whose limit it was, which of several, and why usage and limit differ.
#include <gtest/gtest.h>

#include "explain/explain_testing.h"

namespace oomkit {
namespace {

using testing::explained;
using testing::find;
using testing::number;
using testing::ReportBuilder;

constexpr const char* kPod =
    "/kubepods.slice/kubepods-burstable.slice/"
    "kubepods-burstable-pod11111111_2222_3333_4444_555555555555.slice";
const std::string kContainer =
    std::string(kPod) +
    "/cri-containerd-"
    "aaaaaaaaaaaabbbbbbbbbbbbccccccccccccddddddddddddeeeeeeeeeeeeffff.scope";

bool says(const Finding* finding, std::string_view words) {
  return finding != nullptr && (finding->detail.find(words) != std::string::npos ||
                                finding->title.find(words) != std::string::npos);
}

TEST(MemcgLimitTest, NamesTheContainerItsLimitAndItsUsage) {
  ReportBuilder report;
  report.group(kContainer, kContainer, 102400, 102400).kill(7, "web", 90000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::memcg_limit);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::critical);
  EXPECT_TRUE(says(finding, "100.0 MiB memory limit of container aaaaaaaaaaaa (containerd)"))
      << finding->title;
  EXPECT_EQ(number(finding, "usage_bytes"), 102400LL * 1024);
  EXPECT_EQ(number(finding, "limit_bytes"), 102400LL * 1024);
  EXPECT_EQ(number(finding, "failcnt"), 7);
  EXPECT_EQ(finding->lines, (std::vector<std::uint64_t>{10, 97}));
  EXPECT_EQ(find(e, FindingId::parent_limit), nullptr);
  EXPECT_EQ(find(e, FindingId::host_exhausted), nullptr);
}

TEST(MemcgLimitTest, IsSilentForAHost) {
  ReportBuilder report;
  report.host(1'000'000, 0).kill(7, "web", 90000);
  EXPECT_EQ(find(explained(report), FindingId::memcg_limit), nullptr);
}

TEST(MemcgLimitTest, TheGroupDecidesWhereTheWordContradicts) {
  ReportBuilder report;
  report.group(102400, 102400).kill(7, "web", 90000);
  report.raw().selection->constraint_word = "CONSTRAINT_NONE";
  report.raw().constraint = Constraint::none;
  const Explanation e = explained(report);
  EXPECT_TRUE(says(find(e, FindingId::memcg_limit), "The kernel printed CONSTRAINT_NONE"));
  EXPECT_EQ(find(e, FindingId::host_exhausted), nullptr);
}

TEST(MemcgLimitTest, AGlobalKillOfATaskInAGroupIsTheHosts) {
  ReportBuilder report;
  report.host(1'000'000, 0).kill(7, "web", 90000);
  report.raw().at.memcg.emplace().task_path = kContainer;
  EXPECT_EQ(find(explained(report), FindingId::memcg_limit), nullptr);
  EXPECT_NE(find(explained(report), FindingId::host_exhausted), nullptr);
}

TEST(MemcgLimitTest, UsageAboveTheLimitIsExplainedBySockets) {
  ReportBuilder report;
  report.group(103424, 102400).stat("anon", 1000).stat("sock", 5000).kill(7, "web", 90000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::memcg_limit);
  EXPECT_TRUE(says(finding, "1.0 MiB above the limit: packets that arrive are charged"));
  EXPECT_EQ(number(finding, "over_limit_bytes"), 1024LL * 1024);
}

TEST(MemcgLimitTest, UsageAboveALimitThatWasJustLoweredIsThat) {
  ReportBuilder report;
  report.group(103424, 102400).stat("sock", 5000).kill(7, "web", 90000);
  report.raw().stack = {"out_of_memory", "mem_cgroup_out_of_memory", "memory_max_write"};
  EXPECT_TRUE(says(find(explained(report), FindingId::memcg_limit), "had just been set lower"));
}

TEST(MemcgLimitTest, ALargeRequestNeedNotFitBelowTheLimit) {
  ReportBuilder report;
  report.trigger("dd", 7, "GFP_KERNEL", 3).group(102380, 102400).kill(7, "dd", 90000);
  EXPECT_TRUE(says(find(explained(report), FindingId::memcg_limit),
                   "20.0 KiB were left below the limit, and the request was for 8 pages in a row "
                   "(32.0 KiB, order 3): it did not fit"));
}

TEST(MemcgLimitTest, AFewPagesBelowAreTheBatchesOfCpus) {
  ReportBuilder near;
  near.trigger("dd", 7).group(102200, 102400).kill(7, "dd", 90000);
  EXPECT_TRUE(says(find(explained(near), FindingId::memcg_limit), "charges in batches"));
  ReportBuilder far;
  far.trigger("dd", 7).group(92400, 102400).kill(7, "dd", 90000);
  EXPECT_TRUE(says(find(explained(far), FindingId::memcg_limit), "memory was freed, or the limit"));
}

TEST(MemcgLimitTest, WithoutUsageOnlyTheScopeIsSaid) {
  ReportBuilder report;
  report.group(1, 1).kill(7, "web", 90000);
  report.raw().at.memcg->memory.reset();
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::memcg_limit);
  EXPECT_TRUE(says(finding, "usage and limit are not in the log"));
  EXPECT_TRUE(finding->numbers.empty());
}

TEST(MemcgLimitTest, RaisingIsAdvisedOnlyWhereProcessesFilledIt) {
  const auto advised = [](const char* stat) {
    ReportBuilder report;
    report.group(102400, 102400).stat("anon", 1000).stat("file", 1000).stat(stat, 100'000'000);
    report.kill(7, "web", 90000);
    const Explanation e = explained(report);
    for (const std::string& advice : find(e, FindingId::memcg_limit)->advice) {
      if (advice.find("raise memory.max of /box from 100.0 MiB to about 120.0 MiB") !=
          std::string::npos) {
        return true;
      }
    }
    return false;
  };
  EXPECT_TRUE(advised("anon"));
  EXPECT_FALSE(advised("sock"));
}

TEST(ParentLimitTest, ThePodsLimitIsNotTheContainers) {
  ReportBuilder report;
  report.group(kPod, kContainer, 102400, 102400).kill(7, "web", 90000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::parent_limit);
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(says(finding, "The limit is that of pod 11111111-2222-3333-4444-555555555555"));
  EXPECT_TRUE(says(finding, "A higher limit for the victim's own container will not help"));
  ASSERT_EQ(finding->advice.size(), 1U);
  EXPECT_NE(finding->advice[0].find("now 100.0 MiB"), std::string::npos);
  EXPECT_NE(e.verdict.find("a group above it"), std::string::npos) << e.verdict;
}

TEST(ParentLimitTest, ALikeNamedSiblingIsNoAncestor) {
  ReportBuilder report;
  report.group("/box", "/boxes/a", 102400, 102400).kill(7, "web", 90000);
  EXPECT_EQ(find(explained(report), FindingId::parent_limit), nullptr);
}

TEST(MemswLimitTest, BindsWhereItsMarginIsTheSmaller) {
  ReportBuilder report;
  report.group("/box", "/box", 307112, 307200, 1).memsw_counter(614400, 614400);
  report.kill(7, "web", 90000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::memsw_limit);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "memsw_limit_bytes"), 614400LL * 1024);
  EXPECT_TRUE(says(find(e, FindingId::memcg_limit), "limit of memory and swap was"));
  EXPECT_NE(e.verdict.find("the 600.0 MiB limit of memory and swap of cgroup /box"),
            std::string::npos);
}

TEST(MemswLimitTest, IsSilentWhereMemoryItselfIsAtItsLimit) {
  ReportBuilder report;
  report.group("/box", "/box", 20480, 20480, 1).memsw_counter(40940, 40960);
  report.kill(7, "web", 90000);
  EXPECT_EQ(find(explained(report), FindingId::memsw_limit), nullptr);
  report.memsw_counter(40940, std::nullopt);
  EXPECT_EQ(find(explained(report), FindingId::memsw_limit), nullptr);
}

TEST(CgroupDeletedTest, IsSaidOfAPathThatIsGone) {
  ReportBuilder report;
  report.group("/box", "/box/a (deleted)", 20480, 20480).kill(7, "web", 9000);
  EXPECT_NE(find(explained(report), FindingId::cgroup_deleted), nullptr);
  report.raw().at.memcg->task_path = "/box/deleted";
  EXPECT_EQ(find(explained(report), FindingId::cgroup_deleted), nullptr);
  report.raw().at.memcg->oom_path = "(null)";
  EXPECT_TRUE(says(find(explained(report), FindingId::cgroup_deleted), "whose limit was reached"));
}

TEST(OwnersTest, TheRunningPodsNameIsFoundByItsUid) {
  ReportBuilder report;
  report.group(kContainer, kContainer, 20480, 20480).kill(7, "web", 9000);
  ExplainOptions options;
  options.pod_directories = {"kube-system_dns-7_99999999-0000-0000-0000-000000000000",
                             "shop_cart-5d4f_11111111-2222-3333-4444-555555555555", "broken"};
  EXPECT_EQ(explain(report.build(), options).pod_name, "shop/cart-5d4f");
  EXPECT_NE(explain(report.build(), options).verdict.find("(shop/cart-5d4f)"), std::string::npos);
  EXPECT_EQ(explain(report.build(), {}).pod_name, std::nullopt);
}

TEST(OwnersTest, CommandsHoldNothingThatAShellWouldRun) {
  ReportBuilder report;
  const std::string path = "/system.slice/$(reboot).service";
  report.group(path, path, 20480, 20480).kill(7, "web", 9000);
  for (const Finding& finding : explained(report).findings) {
    for (const std::string& advice : finding.advice) {
      EXPECT_EQ(advice.find("systemctl status $("), std::string::npos) << advice;
    }
  }
}

}  // namespace
}  // namespace oomkit
