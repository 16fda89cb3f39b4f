// The zones of a rehearsal's machine against what real kernels had in theirs.
#include "sim/machine.h"

#include <ostream>
#include <vector>

#include <gtest/gtest.h>

namespace oomkit::sim {
namespace {

struct MeasuredZone {
  const char* kernel;
  std::int64_t mib;
  std::size_t zone;  // DMA 0, DMA32 1.
  std::int64_t min, low, high, managed;
};

void PrintTo(const MeasuredZone& one, std::ostream* out) {
  *out << one.kernel << ", " << one.mib << " MiB, zone " << one.zone;
}

class MeasuredZones : public testing::TestWithParam<MeasuredZone> {};

TEST_P(MeasuredZones, AreThoseOfTheModel) {
  const MeasuredZone& measured = GetParam();
  HostSpec host;
  host.memory = Bytes(measured.mib << 20);
  const Machine machine(*find_profile(measured.kernel), host, 0);
  const SimZone& zone = machine.zones().at(measured.zone);
  EXPECT_EQ(zone.levels.min, Pages(measured.min));
  EXPECT_EQ(zone.levels.low, Pages(measured.low));
  EXPECT_EQ(zone.levels.high, Pages(measured.high));
  EXPECT_EQ(zone.managed, Pages(measured.managed));
}

// /proc/zoneinfo of the cloud kernels in a rehearsal.
// 6.12 is 6.12.117-1: one page more than 6.12.107 had.
constexpr MeasuredZone kMeasured[] = {
    {"5.10", 128, 1, 248, 310, 372, 21186}, {"5.10", 256, 0, 33, 41, 49, 3977},
    {"5.10", 256, 1, 434, 542, 650, 53394}, {"5.10", 512, 1, 667, 833, 999, 117810},
    {"6.1", 256, 1, 427, 533, 639, 52069},  {"6.1", 384, 1, 557, 696, 835, 84229},
    {"6.12", 256, 1, 423, 528, 633, 50709}, {"6.12", 384, 1, 553, 691, 829, 82869},
    {"7.2", 144, 1, 245, 306, 367, 21162},  {"7.2", 256, 1, 415, 518, 621, 49786},
};
INSTANTIATE_TEST_SUITE_P(Kernels, MeasuredZones, testing::ValuesIn(kMeasured));

TEST(MachineTest, KeepsWhatIsBelowTheMark) {
  HostSpec host;
  host.memory = Bytes(256 << 20);
  Machine machine(*find_profile("6.1"), host, 0);
  const Placement anywhere{{0}};
  while (machine.take(Pages(1000), anywhere, Mark::low).pages > Pages(0)) {
  }
  for (const SimZone& zone : machine.zones())
    EXPECT_EQ(zone.free, zone.levels.low + zone.reserve[2]) << zone.name;
  EXPECT_GT(machine.take(Pages(1), anywhere, Mark::min).pages, Pages(0));
}

TEST(MachineTest, HasNoBlockWhereEverySecondPageIsTaken) {
  HostSpec host;
  host.memory = Bytes(256 << 20);
  Machine machine(*find_profile("6.1"), host, 0);
  const Placement anywhere{{0}};
  Pages taken;
  while (true) {
    const Pages more = machine.take(Pages(1000), anywhere, Mark::min).pages;
    if (more <= Pages(0)) break;
    taken += more;
  }
  machine.give_scattered(1, taken / 2);
  while (machine.take_block(3, Mark::min)) {
  }
  EXPECT_TRUE(machine.take_block(0, Mark::min).has_value());
}

// MemTotal of rehearsals of 256 MiB: without a disk, with one, with one for swap and one for files.
TEST(MachineTest, EachDiskKeepsPages) {
  HostSpec host;
  host.memory = Bytes(256 << 20);
  const auto total = [&](int disks) {
    return to_bytes(Machine(*find_profile("5.10"), host, disks).managed(), PageSize::k4K);
  };
  EXPECT_EQ(total(0), Bytes(234'991'616));
  EXPECT_EQ(total(1), Bytes(234'979'328));
  EXPECT_EQ(total(2), Bytes(234'967'040));
}

TEST(MachineTest, AZoneThatIsShortGetsItsPagesBack) {
  HostSpec host;
  host.memory = Bytes(256 << 20);
  Machine machine(*find_profile("7.2"), host, 0);
  const Placement anywhere{{0}};
  while (machine.take(Pages(1000), anywhere, Mark::min).pages > Pages(0)) {
  }
  SimZone& zone = machine.zones().at(1);
  const Pages before = zone.free;
  zone.pcp = zone.levels.low;
  machine.give(1, Pages(100));
  EXPECT_EQ(zone.free, before + Pages(100));
  zone.free = zone.levels.high;
  machine.give(1, Pages(100));
  EXPECT_EQ(zone.free, zone.levels.high);
}

}  // namespace
}  // namespace oomkit::sim
