// Entries that journalctl -o verbose writes over several lines, and level bytes in texts.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "klog/framing.h"
#include "klog/framing_testing.h"

namespace oomkit {
namespace {

constexpr std::string_view kVerbose =
    R"(Sat 2026-11-21 12:22:51.572035 UTC [s=ad2b0c;i=1f;b=77aa;m=97c;t=62a;x=1]
    _BOOT_ID=77aa
    _HOSTNAME=web-17
    PRIORITY=4
    _TRANSPORT=kernel
    SYSLOG_IDENTIFIER=kernel
    _SOURCE_MONOTONIC_TIMESTAMP=2545572035
    MESSAGE=java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
Sat 2026-11-21 12:22:51.572099 UTC [s=ad2b0c;i=20;b=77aa;m=97d;t=62b;x=2]
    PRIORITY=6
    MESSAGE=Memory cgroup stats for /a:
            anon 4096
            file 0
    _HOSTNAME=web-17
    _TRANSPORT=kernel
)";

TEST(VerboseJournal, EachEntryIsARecordWithItsTimeAndHost) {
  CollectingSink sink;
  Framer framer(sink);
  feed(framer, kVerbose);
  framer.finish();
  ASSERT_EQ(sink.lines.size(), 4U);
  const FramedLine& first = sink.lines[0];
  EXPECT_EQ(first.text,
            "java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0");
  EXPECT_EQ(first.host, "web-17");
  EXPECT_EQ(first.ident, "kernel");
  EXPECT_EQ(first.level, 4);
  EXPECT_EQ(first.stamp, "2026-11-21 12:22:51.572035 UTC");
  EXPECT_EQ(first.line, 8U);
  EXPECT_TRUE(first.framed);
  ASSERT_TRUE(first.uptime.has_value());
}

TEST(VerboseJournal, AMessageOfSeveralLinesIsGivenLineByLine) {
  CollectingSink sink;
  Framer framer(sink);
  feed(framer, kVerbose);
  framer.finish();
  ASSERT_EQ(sink.lines.size(), 4U);
  EXPECT_EQ(sink.lines[1].text, "Memory cgroup stats for /a:");
  EXPECT_EQ(sink.lines[2].text, "anon 4096");
  EXPECT_EQ(sink.lines[3].text, "file 0");
  EXPECT_TRUE(sink.lines[3].embedded);
  EXPECT_EQ(sink.lines[3].stamp, "2026-11-21 12:22:51.572099 UTC");
}

TEST(VerboseJournal, MessagesAloneAreReadAsWell) {
  CollectingSink sink;
  Framer framer(sink);
  feed(framer, "    MESSAGE=Mem-Info:\n    MESSAGE=Free swap  = 0kB\n");
  framer.finish();
  ASSERT_EQ(sink.lines.size(), 2U);
  EXPECT_EQ(sink.lines[0].text, "Mem-Info:");
  EXPECT_EQ(sink.lines[1].text, "Free swap  = 0kB");
}

// The byte that KERN_SOH is, and the level behind it.
TEST(LevelBytes, AKernelsLevelBeforeTheTextIsTakenOff) {
  CollectingSink sink;
  Framer framer(sink);
  feed(framer,
       "[  100.000001] \0014java invoked oom-killer: gfp_mask=0xcc0, order=0\n"
       "\0016[  100.000002] Mem-Info:\n"
       "4,77,100000003,-;\\x014Free swap  = 0kB\n"
       "[  100.000004] \001cTotal swap = 0kB\n");
  framer.finish();
  ASSERT_EQ(sink.lines.size(), 4U);
  EXPECT_EQ(sink.lines[0].text, "java invoked oom-killer: gfp_mask=0xcc0, order=0");
  EXPECT_EQ(sink.lines[1].text, "Mem-Info:");
  EXPECT_TRUE(sink.lines[1].framed);
  EXPECT_EQ(sink.lines[2].text, "Free swap  = 0kB");
  EXPECT_EQ(sink.lines[3].text, "Total swap = 0kB");
}

}  // namespace
}  // namespace oomkit
