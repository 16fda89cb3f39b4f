#include "lab/vm_command.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

VmSpec plain() {
  VmSpec spec;
  spec.kernel = "/k/vmlinuz";
  spec.initramfs = "/proc/self/fd/5";
  spec.console = "/proc/self/fd/6";
  spec.protocol = "/proc/self/fd/7";
  spec.memory = Bytes(384 * kMiB);
  spec.boot_parameters = {"console=ttyS0", "quiet"};
  return spec;
}

// The word after an option; "" if the option is not there.
std::string value_of(const std::vector<std::string>& words, const std::string& option,
                     std::size_t which = 0) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == option && which-- == 0) return words[i + 1];
  }
  return "";
}

TEST(QemuArguments, OfAPlainMachine) {
  const auto words = qemu_arguments(plain());
  EXPECT_EQ(value_of(words, "-m"), "384M");
  EXPECT_EQ(value_of(words, "-smp"), "1");
  EXPECT_EQ(value_of(words, "-kernel"), "/k/vmlinuz");
  EXPECT_EQ(value_of(words, "-append"), "console=ttyS0 quiet");
  EXPECT_EQ(value_of(words, "-chardev"), "file,id=console,path=/proc/self/fd/6");
  EXPECT_EQ(value_of(words, "-chardev", 1), "file,id=protocol,path=/proc/self/fd/7");
  EXPECT_EQ(value_of(words, "-serial"), "chardev:console");
  EXPECT_EQ(value_of(words, "-serial", 1), "chardev:protocol");
  EXPECT_THAT(words, Contains("-no-reboot"));
  EXPECT_THAT(words, Not(Contains("-drive")));
  EXPECT_THAT(words, Not(Contains("-numa")));
}

TEST(QemuArguments, EmulationAvoidsTheBrokenCompareAndSwap) {
  VmSpec spec = plain();
  EXPECT_EQ(value_of(qemu_arguments(spec), "-accel"), "tcg,thread=single");
  EXPECT_THAT(value_of(qemu_arguments(spec), "-cpu"), HasSubstr("cx16=off"));
  spec.accelerator = Accelerator::kvm;
  EXPECT_EQ(value_of(qemu_arguments(spec), "-accel"), "kvm");
  EXPECT_EQ(value_of(qemu_arguments(spec), "-cpu"), "host");
}

TEST(QemuArguments, AnEmulatedClockCountsInstructionsAndHasOneSeed) {
  VmSpec spec = plain();
  spec.seed = 42;
  EXPECT_TRUE(has_counted_clock(spec));
  const auto words = qemu_arguments(spec);
  EXPECT_THAT(value_of(words, "-icount"), HasSubstr("sleep=off"));
  EXPECT_THAT(value_of(words, "-rtc"), HasSubstr("clock=vm"));
  EXPECT_EQ(value_of(words, "-seed"), "42");
}

TEST(QemuArguments, APacedClockSleepsWhileADiskIsAwaited) {
  VmSpec spec = plain();
  spec.clock = MachineClock::paced;
  EXPECT_TRUE(has_counted_clock(spec));
  EXPECT_THAT(value_of(qemu_arguments(spec), "-icount"), HasSubstr("sleep=on"));
}

TEST(QemuArguments, TheHostsClockIsThatOfKvmAndOfWhoAsksForIt) {
  VmSpec emulated = plain();
  emulated.clock = MachineClock::host;
  VmSpec kvm = plain();
  kvm.accelerator = Accelerator::kvm;
  for (const VmSpec& spec : {emulated, kvm}) {
    EXPECT_FALSE(has_counted_clock(spec));
    EXPECT_THAT(qemu_arguments(spec), Not(Contains("-icount")));
    EXPECT_THAT(qemu_arguments(spec), Not(Contains("-rtc")));
  }
}

TEST(QemuArguments, MemoryIsNeverLessThanAskedFor) {
  VmSpec spec = plain();
  spec.memory = Bytes(100 * kMiB + 1);
  EXPECT_EQ(value_of(qemu_arguments(spec), "-m"), "101M");
}

TEST(QemuArguments, NodesShareTheProcessorsAndMakeUpTheMemory) {
  VmSpec spec = plain();
  spec.cpus = 3;
  spec.nodes = {Bytes(128 * kMiB), Bytes(256 * kMiB)};
  const auto words = qemu_arguments(spec);
  EXPECT_EQ(value_of(words, "-m"), "384M");
  EXPECT_EQ(value_of(words, "-object"), "memory-backend-ram,id=node0,size=128M");
  EXPECT_EQ(value_of(words, "-object", 1), "memory-backend-ram,id=node1,size=256M");
  EXPECT_EQ(value_of(words, "-numa"), "node,nodeid=0,memdev=node0,cpus=0,cpus=2");
  EXPECT_EQ(value_of(words, "-numa", 1), "node,nodeid=1,memdev=node1,cpus=1");
}

TEST(QemuArguments, ADiskIsKnownByItsSerialAndMayBeSlow) {
  VmSpec spec = plain();
  spec.disks = {{"swap", "/proc/self/fd/8", Bytes(10 * kMiB)}, {"data", "/var/a,b", std::nullopt}};
  const auto words = qemu_arguments(spec);
  EXPECT_THAT(value_of(words, "-drive"), HasSubstr("throttling.bps-total=10485760"));
  EXPECT_EQ(value_of(words, "-device"), "virtio-blk-pci,drive=swap,serial=swap");
  EXPECT_THAT(value_of(words, "-drive", 1), HasSubstr("file=/var/a,,b"));
  EXPECT_THAT(value_of(words, "-drive", 1), Not(HasSubstr("throttling")));
}

}  // namespace
}  // namespace oomkit
