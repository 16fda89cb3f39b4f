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
  std::size_t zone;  // DMA 0, DMA32 1, Normal 2.
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
    {"5.10", 128, 1, 248, 310, 372, 21186},
    {"5.10", 256, 0, 33, 41, 49, 3977},
    {"5.10", 256, 1, 434, 542, 650, 53394},
    {"5.10", 512, 1, 667, 833, 999, 117810},
    {"6.1", 256, 1, 427, 533, 639, 52069},
    {"6.1", 384, 1, 557, 696, 835, 84229},
    {"6.12", 256, 1, 423, 528, 633, 50709},
    {"6.12", 384, 1, 553, 691, 829, 82869},
    {"7.2", 144, 1, 245, 306, 367, 21162},
    {"7.2", 256, 1, 415, 518, 621, 49786},
    {"5.10", 160, 1, 302, 377, 452, 28818},
    {"5.10", 288, 1, 468, 585, 702, 60978},
    {"5.10", 1280, 1, 11120, 13900, 16680, 310770},
    {"5.10", 3072, 0, 58, 72, 86, 3977},
    {"5.10", 3072, 1, 11205, 14006, 16807, 761586},
    {"5.10", 4096, 1, 12725, 15906, 19087, 759144},
    {"5.10", 4096, 2, 4103, 5128, 6153, 244008},
    {"5.10", 8192, 0, 33, 41, 49, 3977},
    {"5.10", 8192, 1, 6281, 7851, 9421, 759144},
    {"6.1", 160, 1, 292, 365, 438, 27493},
    {"6.1", 288, 1, 461, 576, 691, 59653},
    {"6.1", 1280, 1, 11124, 13905, 16686, 309445},
    {"6.1", 3072, 0, 56, 70, 84, 3840},
    {"6.1", 3072, 1, 11207, 14008, 16809, 760261},
    {"6.1", 4096, 1, 12722, 15902, 19082, 757818},
    {"6.1", 4096, 2, 4109, 5136, 6163, 243913},
    {"6.1", 8192, 0, 31, 38, 45, 3840},
    {"6.1", 8192, 1, 6274, 7842, 9410, 757818},
    {"6.12", 160, 1, 285, 356, 427, 26181},
    {"6.12", 288, 1, 457, 571, 685, 58389},
    {"6.12", 1280, 1, 11124, 13905, 16686, 308085},
    {"6.12", 3072, 0, 56, 70, 84, 3840},
    {"6.12", 3072, 1, 11207, 14008, 16809, 758901},
    {"6.12", 4096, 1, 12717, 15896, 19075, 756462},
    {"6.12", 4096, 2, 4113, 5141, 6169, 243909},
    {"6.12", 8192, 0, 31, 38, 45, 3840},
    {"6.12", 8192, 1, 6268, 7835, 9402, 756462},
    {"7.2", 160, 1, 275, 343, 411, 25258},
    {"7.2", 288, 1, 451, 563, 675, 57466},
    {"7.2", 1280, 1, 11123, 13903, 16683, 307162},
    {"7.2", 3072, 0, 56, 70, 84, 3840},
    {"7.2", 3072, 1, 11207, 14008, 16809, 757978},
    {"7.2", 4096, 1, 12711, 15888, 19065, 755535},
    {"7.2", 4096, 2, 4119, 5148, 6177, 243912},
    {"7.2", 8192, 0, 31, 38, 45, 3840},
    {"7.2", 8192, 1, 6260, 7825, 9390, 755535},
    {"5.10", 768, 1, 8920, 11150, 13380, 182130},
    {"6.12", 576, 1, 6370, 7962, 9554, 130805},
    {"6.12", 768, 1, 8793, 10991, 13189, 179445},
    {"7.2", 640, 1, 7110, 8887, 10664, 146266},
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
