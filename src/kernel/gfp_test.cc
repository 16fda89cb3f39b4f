#include "kernel/gfp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::ElementsAre;

struct MaskRow {
  const char* name;
  KernelVersion version;
  std::uint64_t mask;
  const char* text;  // As such a kernel prints it, or would if it printed names.
};

class GfpMask : public testing::TestWithParam<MaskRow> {};

TEST_P(GfpMask, DecodesAsThatKernelPrintsIt) {
  const auto names = decode_gfp(GetParam().mask, gfp_layout(GetParam().version));
  EXPECT_EQ(names, split_gfp_text(GetParam().text));
}

constexpr MaskRow kMasks[] = {
    {"Kernel26", {2, 6, 32}, 0xd0, "GFP_KERNEL"},
    {"UserPage26", {2, 6, 32}, 0x200da, "GFP_HIGHUSER_MOVABLE"},
    {"AnonFault26", {3, 10, 0}, 0x280da, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO"},
    {"Readahead310", {3, 10, 0}, 0x201da, "GFP_HIGHUSER_MOVABLE|__GFP_COLD"},
    {"NotMovable", {3, 2, 0}, 0x201d2, "GFP_HIGHUSER|__GFP_COLD"},
    {"Inode", {3, 13, 0}, 0x800d0, "GFP_KERNEL|__GFP_RECLAIMABLE"},
    {"KernelStack313", {3, 13, 0}, 0x2000d0, "GFP_KERNEL|__GFP_NOTRACK"},
    {"Kernel44", {4, 4, 0}, 0x24000c0, "GFP_KERNEL"},
    {"UserPage44", {4, 9, 0}, 0x24200ca, "GFP_HIGHUSER_MOVABLE"},
    {"AnonFault49", {4, 9, 0}, 0x24280ca, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO"},
    {"Kernel415", {4, 15, 0}, 0x14000c0, "GFP_KERNEL"},
    {"AnonFault415", {4, 15, 0}, 0x14280ca, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO"},
    {"Kernel418", {4, 18, 0}, 0x6000c0, "GFP_KERNEL"},
    {"Compound418", {4, 19, 0}, 0x6040c0, "GFP_KERNEL|__GFP_COMP"},
    {"NoWarn418", {4, 18, 0}, 0x6202c2, "GFP_HIGHUSER|__GFP_NOWARN"},
    {"Kernel53", {5, 3, 0}, 0xcc0, "GFP_KERNEL"},
    {"Accounted", {5, 10, 0}, 0x400cc0, "GFP_KERNEL_ACCOUNT"},
    {"PageTable", {5, 10, 0}, 0x400dc0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO"},
    {"Folio", {6, 1, 0}, 0x140dca, "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO"},
    {"Write", {6, 12, 0}, 0x101cca, "GFP_HIGHUSER_MOVABLE|__GFP_WRITE"},
    {"WriteNoFs",
     {6, 12, 0},
     0x101c4a,
     "GFP_NOFS|__GFP_HIGHMEM|__GFP_HARDWALL|__GFP_MOVABLE|__GFP_WRITE"},
    {"PipeBuffer", {6, 12, 0}, 0x500cc2, "GFP_HIGHUSER|__GFP_ACCOUNT"},
    {"Atomic53", {5, 10, 0}, 0xa20, "GFP_ATOMIC"},
    {"Atomic65", {6, 5, 0}, 0x820, "GFP_ATOMIC"},
    {"Huge", {5, 10, 0}, 0x1c20ca, "GFP_TRANSHUGE_LIGHT"},
    {"ConfigDependentBit", {5, 15, 0}, 0x1100cca, "GFP_HIGHUSER_MOVABLE|0x1000000"},
    {"Nothing", {5, 15, 0}, 0, ""},
    {"UnknownHighBits", {6, 1, 0}, 0xffffffff00000000, "0xffffffff00000000"},
};
INSTANTIATE_TEST_SUITE_P(Gfp, GfpMask, testing::ValuesIn(kMasks),
                         [](const auto& test) { return test.param.name; });

GfpMeaning meaning_of(const char* text) {
  return explain_gfp(split_gfp_text(text));
}

TEST(ExplainGfpTest, SaysWhoCanUseThePageAndWhichZonesServe) {
  const GfpMeaning anon = meaning_of("GFP_HIGHUSER_MOVABLE|__GFP_ZERO");
  EXPECT_TRUE(anon.user && anon.movable && anon.highmem);
  EXPECT_EQ(anon.sentence, "a fresh page for a process (heap, stack)");

  const GfpMeaning table = meaning_of("GFP_KERNEL_ACCOUNT|__GFP_ZERO");
  EXPECT_TRUE(table.accounted);
  EXPECT_FALSE(table.highmem || table.movable || table.user);

  EXPECT_TRUE(meaning_of("GFP_KERNEL|GFP_DMA32").dma32);
  EXPECT_TRUE(meaning_of("GFP_ATOMIC|__GFP_COMP").atomic);
  EXPECT_TRUE(meaning_of("GFP_NOFS|__GFP_HIGHMEM|__GFP_MOVABLE|__GFP_WRITE").page_cache_write);
}

TEST(ExplainGfpTest, AMaskOfZeroTellsNothing) {
  EXPECT_TRUE(meaning_of("").empty);
  EXPECT_TRUE(explain_gfp({"0"}).empty);
  EXPECT_FALSE(meaning_of("GFP_KERNEL").empty);
}

TEST(SplitGfpTextTest, EmptyPartsVanishAndHostileLengthIsBounded) {
  EXPECT_THAT(split_gfp_text("GFP_KERNEL||__GFP_ZERO|"), ElementsAre("GFP_KERNEL", "__GFP_ZERO"));
  std::string bars;
  for (int i = 0; i < 1000; ++i)
    bars += "x|";
  EXPECT_EQ(split_gfp_text(bars).size(), 64U);
}

}  // namespace
}  // namespace oomkit
