#include "klog/framing.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "klog/framing_testing.h"

namespace oomkit {
namespace {

FramedLine only_line(std::string_view input) {
  const std::vector<FramedLine> lines = frame_all(input);
  EXPECT_EQ(lines.size(), 1U) << input;
  return lines.empty() ? FramedLine{} : lines.front();
}

TEST(FramingTest, TellsAllThatTheHeadSays) {
  const FramedLine line =
      only_line("<12>Dec  4 00:01:23 db.example kernel: [15180285.537297][ T3106] Mem-Info:");
  EXPECT_EQ(line.text, "Mem-Info:");
  EXPECT_EQ(line.stamp, "Dec  4 00:01:23");
  EXPECT_EQ(line.host, "db.example");
  EXPECT_EQ(line.ident, "kernel");
  EXPECT_EQ(line.caller, "T3106");
  EXPECT_EQ(line.level, 4);
  EXPECT_EQ(line.uptime, HostTime(15'180'285'537'297'000));
}

TEST(FramingTest, KeepsTheWeekdayOfAStamp) {
  EXPECT_EQ(only_line("kern  :warn  : [Thu Aug 17 17:29:27 2023] Mem-Info:").stamp,
            "Thu Aug 17 17:29:27 2023");
  EXPECT_EQ(only_line("[Di Aug 12 03:54:03 2025] Mem-Info:").stamp, "Di Aug 12 03:54:03 2025");
}

TEST(FramingTest, ReadsLevelsInEveryNotation) {
  EXPECT_EQ(only_line("kern  :err   : [    1.000000] x").level, 3);
  EXPECT_EQ(only_line("<6>[    1.000000] x").level, 6);
  EXPECT_EQ(only_line("30,5,1000000,-;x").level, 6);
  EXPECT_EQ(only_line("Sat Nov 21 12:22:51 2026 daemon.notice earlyoom[7]: x").level, 5);
  EXPECT_EQ(only_line("{\"PRIORITY\":\"2\",\"MESSAGE\":\"x\"}").level, 2);
  EXPECT_EQ(only_line("{\"level\":\"Warning\",\"msg\":\"x\"}").level, 4);
  EXPECT_FALSE(only_line("[    1.000000] x").level.has_value());
}

TEST(FramingTest, NamesTheDaemonThatSpoke) {
  const FramedLine killer =
      only_line("Nov 21 12:22:51 web-1 systemd-oomd[771]: Killed /user.slice due to pressure");
  EXPECT_EQ(killer.ident, "systemd-oomd");
  EXPECT_EQ(killer.host, "web-1");
  EXPECT_EQ(killer.text, "Killed /user.slice due to pressure");
  EXPECT_EQ(only_line("earlyoom[454]: low memory! at or below SIGTERM limits").ident, "earlyoom");
  EXPECT_EQ(only_line("[   12.000000] systemd[1]: Started x.").ident, "systemd");
  EXPECT_EQ(only_line("11-21 12:22:51.572   457   460 I lowmemorykiller: Kill 'a' (7)").ident,
            "lowmemorykiller");
}

TEST(FramingTest, ANameWithAColonIsNoIdent) {
  const FramedLine line = only_line("kubelet: page allocation failure: order:1, mode:0x20");
  EXPECT_EQ(line.ident, "");
  EXPECT_EQ(line.text, "kubelet: page allocation failure: order:1, mode:0x20");
}

TEST(FramingTest, WrappedAndIndentedLinesContinue) {
  const auto lines = frame_all(
      "> [    1.000000] dd invoked oom-killer:\n"
      "> gfp_mask=0x101c4a(GFP_NOFS),\n"
      "                 active_file:253 inactive_file:117\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(lines[0].framed);
  EXPECT_FALSE(lines[1].framed);
  EXPECT_EQ(lines[1].text, "gfp_mask=0x101c4a(GFP_NOFS),");
  EXPECT_FALSE(lines[2].framed);
  EXPECT_EQ(lines[2].text, "                 active_file:253 inactive_file:117");
}

TEST(FramingTest, ABareTaskRowKeepsItsBrackets) {
  for (const char* row : {"[  1234]     0  1234     4594", "[ pid ]   uid  tgid total_vm",
                          "  [  77]  1000    77  1577128   259389"}) {
    EXPECT_EQ(only_line(row).text, row);
    EXPECT_FALSE(only_line(row).framed);
  }
}

TEST(FramingTest, OneMessageOfSeveralLines) {
  const char* const forms[] = {
      "6,7,8000000,-;active_anon:1\\x0a active_file:2\\x0a free:3\n SUBSYSTEM=x\n DEVICE=y",
      "Nov 21 12:22:51 web-1 kernel: active_anon:1#012 active_file:2#012 free:3",
      "Nov 21 12:22:51 web-1 kernel: active_anon:1\\x0a active_file:2\\x0a free:3",
      "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"active_anon:1\\n active_file:2\\n free:3\"}",
      "{\"log\":\"<6>active_anon:1\\n<6> active_file:2\\n<6> free:3\\n\",\"stream\":\"stdout\"}",
  };
  for (const char* form : forms) {
    SCOPED_TRACE(form);
    const auto lines = frame_all(form);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].text, "active_anon:1");
    EXPECT_EQ(lines[1].text, " active_file:2");
    EXPECT_EQ(lines[2].text, " free:3");
    for (const FramedLine& line : lines) {
      EXPECT_TRUE(line.embedded);
      EXPECT_TRUE(line.framed);
      EXPECT_EQ(line.line, 1U);
    }
  }
}

// What a web page has in every line, a thread may have in its name.
TEST(FramingTest, EntitiesAreDecodedOnlyInAWebPage) {
  const std::string name = "[    1.000000] Killed process 7 (a&lt;b&amp;c)";
  EXPECT_EQ(only_line(name).text, "Killed process 7 (a&lt;b&amp;c)");
  const auto page = frame_all("[    1.000000]  &lt;TASK&gt;\n" + name + "\n");
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].text, " <TASK>");
  EXPECT_EQ(page[1].text, "Killed process 7 (a<b&c)");
}

TEST(FramingTest, AUnitNamesEscapesAreNotTheLogs) {
  const std::string text = "task_memcg=/system.slice/dev\\x2ddisk.mount,task=a\\nb,pid=1";
  EXPECT_EQ(only_line("[    1.000000] " + text).text, text);
  EXPECT_EQ(only_line("Nov 21 12:22:51 web-1 kernel: " + text).text, text);
}

TEST(FramingTest, GapsInTheKernelsNumbersAreLostRecords) {
  const auto lines = frame_all(
      "6,10,1000000,-;a\n"
      "6,11,1000000,-;b\n"
      "6,15,1000000,-;c\n"
      "6,16,1000000,c;d\n"
      "6,2,1000000,-;another boot\n");
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_FALSE(lines[0].lost_before);
  EXPECT_FALSE(lines[1].lost_before);
  EXPECT_TRUE(lines[2].lost_before);
  EXPECT_FALSE(lines[3].lost_before);
  EXPECT_TRUE(lines[3].continues);
  EXPECT_FALSE(lines[4].lost_before);
}

TEST(FramingTest, OldKernelsBeginFragmentsWithC) {
  const auto lines = frame_all(
      "6,1,1000000,c;Node 0 \n"
      "6,2,1000000,+;DMA: 1*4kB\n"
      "6,3,1000000,c;Node 1 \n"
      "6,4,1000000,+;DMA: 2*4kB\n");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_TRUE(lines[1].continues);
  EXPECT_FALSE(lines[2].continues);
  EXPECT_TRUE(lines[3].continues);
}

TEST(FramingTest, DroppedMessagesOnALineOfTheirOwnAndBeforeAnother) {
  const auto lines = frame_all(
      "** 12 printk messages dropped **\n"
      "** 7 printk messages dropped ** [    1.500000] Mem-Info:\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].text, "** 12 printk messages dropped **");
  EXPECT_EQ(lines[1].text, "** 7 printk messages dropped **");
  EXPECT_EQ(lines[2].text, "Mem-Info:");
  EXPECT_TRUE(lines[2].lost_before);
  EXPECT_EQ(lines[2].uptime, HostTime(1'500'000'000));
}

TEST(FramingTest, TwoLinesThatRanTogetherAreTwo) {
  const auto lines = frame_all(
      "[    1.000000] active_anon:1 inact[    1.000005] usb 1-1: new device\n"
      "[    2.000000] a [    2.000001] b <4>[    2.000002] c\n"
      " free:12 free_pcp:[    3.000000] d\n");
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_EQ(lines[0].text, "active_anon:1 inact");
  EXPECT_EQ(lines[1].text, "usb 1-1: new device");
  EXPECT_EQ(lines[1].uptime, HostTime(1'000'005'000));
  EXPECT_EQ(lines[3].text, "b");
  EXPECT_EQ(lines[4].text, "c");
  EXPECT_EQ(lines[5].text, " free:12 free_pcp:");
  EXPECT_EQ(lines[6].text, "d");
}

TEST(FramingTest, FencesAreNoRecords) {
  const auto lines =
      frame_all("```console\n[    1.000000] a\n```\n~~~\nb\n~~~\n{code}\nc\n{code}\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].text, "a");
  EXPECT_EQ(lines[1].text, "b");
  EXPECT_EQ(lines[2].text, "c");
}

TEST(FramingTest, PlainWordsStayWhole) {
  for (const char* text :
       {"The crash kernel only has 256M memory", "1. First, look at the log.", "...", "[...]", "--",
        "12 monkeys", ">>=== STARTING implement_corrective_action() ====>>", "{ not json",
        "admin@host:~$ sudo echo f > /proc/sysrq-trigger", "KEY=value", "a | b | c"}) {
    EXPECT_EQ(only_line(text).text, text);
    EXPECT_FALSE(only_line(text).framed);
  }
}

TEST(FramingTest, AnExportEntryEndsWithTheInput) {
  const auto lines = frame_all(
      "__REALTIME_TIMESTAMP=1763727771572035\n_TRANSPORT=kernel\nPRIORITY=6\n"
      "_SOURCE_MONOTONIC_TIMESTAMP=12345678\nMESSAGE=Mem-Info:\n_HOSTNAME=web-1\n");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text, "Mem-Info:");
  EXPECT_EQ(lines[0].line, 5U);
  EXPECT_EQ(lines[0].stamp, "1763727771572035");
  EXPECT_EQ(lines[0].uptime, HostTime(12'345'678'000));
  EXPECT_EQ(lines[0].level, 6);
}

TEST(FramingTest, CountedBytesOfAnExportMayHoldLines) {
  const std::string message = "active_anon:1\n active_file:2";
  std::string input = "_HOSTNAME=a\nMESSAGE\n";
  input += static_cast<char>(message.size());
  input += std::string(7, '\0') + message + "\n_TRANSPORT=kernel\n\nafter";
  const auto lines = frame_all(input);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].text, "active_anon:1");
  EXPECT_EQ(lines[1].text, " active_file:2");
  EXPECT_EQ(lines[1].ident, "kernel");
  EXPECT_EQ(lines[2].text, "after");
}

TEST(FramingTest, DmesgJson) {
  const auto lines = frame_all(
      "{\n   \"dmesg\": [\n      {\n         \"pri\": 4,\n         \"time\":   12.000345,\n"
      "         \"msg\": \"Mem-Info:\"\n      },{\n         \"pri\": 6,\n         \"time\": 13.5,\n"
      "         \"msg\": \"x\"\n      }\n   ]\n}\n");
  std::vector<FramedLine> framed;
  for (const FramedLine& line : lines) {
    if (line.framed) framed.push_back(line);
  }
  ASSERT_EQ(framed.size(), 2U);
  EXPECT_EQ(framed[0].text, "Mem-Info:");
  EXPECT_EQ(framed[0].level, 4);
  EXPECT_EQ(framed[0].uptime, HostTime(12'000'345'000));
  EXPECT_EQ(framed[1].uptime, HostTime(13'500'000'000));
}

TEST(FramingTest, JsonInJsonAndCutJson) {
  EXPECT_EQ(
      only_line("{\"log\":\"{\\\"MESSAGE\\\":\\\"Mem-Info:\\\",\\\"_HOSTNAME\\\":\\\"a\\\"}\"}")
          .text,
      "Mem-Info:");
  const FramedLine cut = only_line("{\"time\":\"2026-11-21T12:22:51Z\",\"log\":\"Out of mem");
  EXPECT_EQ(cut.text, "Out of mem");
  EXPECT_TRUE(cut.framed);
  EXPECT_EQ(only_line("{\"jsonPayload\":{\"message\":\"x\"},\"insertId\":\"1\"}").text, "x");
}

TEST(FramingTest, APartialContainerLineGoesOn) {
  const auto lines = frame_all(
      "2026-11-21T12:22:51.572035123Z stdout P oom-kill:constr\n"
      "2026-11-21T12:22:51.572035123Z stdout F aint=X\n"
      "2026-11-21T12:22:51.572035123Z stdout F y\n");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_FALSE(lines[0].continues);
  EXPECT_TRUE(lines[1].continues);
  EXPECT_EQ(lines[1].text, "aint=X");
  EXPECT_FALSE(lines[2].continues);
}

TEST(FramingTest, DamageIsCounted) {
  CollectingSink sink;
  Framer framer(sink);
  framer.line(std::string_view("[    1.000000] a\0b\0", 19), 1);
  framer.line("[    1.000000] \xff", 2);
  framer.line("{\"MESSAGE\":null}", 3);
  ASSERT_EQ(sink.lines.size(), 2U);
  EXPECT_EQ(sink.lines[0].text, "ab");
  EXPECT_EQ(framer.damage().of(Damage::nul_bytes), 2U);
  EXPECT_EQ(framer.damage().of(Damage::invalid_utf8), 1U);
  EXPECT_EQ(framer.damage().of(Damage::journal_binary_field), 1U);
}

TEST(FramingTest, RepeatedMessagesAndNotices) {
  EXPECT_EQ(
      only_line("Nov 21 12:22:51 a kernel: message repeated 3 times: [ [    1.000000] x]").text,
      "x");
  EXPECT_TRUE(only_line("-- Boot 0123456789abcdef --").framed);
}

}  // namespace
}  // namespace oomkit
