#include "lab/kernel_log.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

using namespace std::chrono_literals;

TEST(KernelLog, RecordsReadAsDmesgPrintsThem) {
  const KernelLog log = make_kernel_log(
      "6,1,0,-;Linux version 6.1.0\n"
      "12,2,2500000,-;oomkit: scenario begins\n"
      "4,3,12345678,-;caf\\xc3\\xa9 and a \\x5cbackslash\\x1b\n SUBSYSTEM=pci\n"
      "6,4,12345678,-;two\\x0alines\n",
      "");
  EXPECT_EQ(log.text,
            "[    0.000000] Linux version 6.1.0\n"
            "[    2.500000] oomkit: scenario begins\n"
            "[   12.345678] caf\xc3\xa9 and a \\backslash\\x1b\n"
            "[   12.345678] two\n"
            "[   12.345678] lines\n");
  EXPECT_EQ(log.begin, HostTime(2500ms));
  EXPECT_EQ(log.lost, 0U);
  EXPECT_FALSE(log.panic.has_value());
}

TEST(KernelLog, TheConsoleGoesOnWhereTheRecordsEnd) {
  const KernelLog log = make_kernel_log(
      "6,1,1000000,-;first\n6,2,2000000,-;second\n",
      "[    1.000000] first\r\n[    2.000000] second\r\n[    2.000000] third\r\n"
      "noise without a time\r\n"
      "[    3.500000] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom\r\n"
      "[    3.600000] ---[ end Kernel panic - not syncing: Out of memory ]---\r\n");
  EXPECT_EQ(log.text,
            "[    1.000000] first\n[    2.000000] second\n[    2.000000] third\n"
            "[    3.500000] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom\n"
            "[    3.600000] ---[ end Kernel panic - not syncing: Out of memory ]---\n");
  EXPECT_EQ(log.from_console, 3U);
  EXPECT_EQ(log.panic, "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom");
  EXPECT_EQ(log.panic_time, HostTime(3500ms));
}

TEST(KernelLog, LostAndUnreadableRecordsAreCounted) {
  const KernelLog log = make_kernel_log(
      "6,1,1,-;a\n6,5,2,-;b\nrubbish\n6,x,3,-;c\n6,6,99999999999999999999,-;d\n", "");
  EXPECT_EQ(log.lost, 3U);
  EXPECT_EQ(log.unreadable, 3U);
  EXPECT_EQ(log.text, "[    0.000001] a\n[    0.000002] b\n");
}

TEST(KernelLog, AConsoleAloneIsALogToo) {
  const KernelLog log = make_kernel_log("", "[    0.5] short\n[    0.500000] whole\n");
  EXPECT_EQ(log.text, "[    0.500000] whole\n");
}

}  // namespace
}  // namespace oomkit
