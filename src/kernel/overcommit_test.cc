// CommitLimit and refusals, with numbers worked out by hand from the kernel's formulas.
#include "kernel/overcommit.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr KernelVersion kOld{2, 6, 32};
constexpr KernelVersion kMiddle{4, 19};
constexpr KernelVersion kNew{6, 12};

// 1 GiB of RAM, 256 MiB of swap, reserves as a small machine has them.
OvercommitHost small_host(OvercommitMode mode) {
  OvercommitHost host;
  host.mode = mode;
  host.ram = Pages(262'144);
  host.swap = Pages(65'536);
  host.admin_reserve = KiB(8192);
  host.user_reserve = KiB(32'768);
  host.committed = Pages(100'000);
  return host;
}

TEST(Overcommit, CommitLimitIsHalfTheRamAndAllSwapByDefault) {
  EXPECT_EQ(commit_limit(small_host(OvercommitMode::guess)), Pages(131'072 + 65'536));
}

TEST(Overcommit, HugePagesSetAsideCannotBePromised) {
  OvercommitHost host = small_host(OvercommitMode::never);
  host.hugetlb = Pages(512 * 100);
  EXPECT_EQ(commit_limit(host), Pages((262'144 - 51'200) / 2 + 65'536));
}

TEST(Overcommit, KbytesReplaceTheRatio) {
  OvercommitHost host = small_host(OvercommitMode::never);
  host.ratio = 99;
  host.overcommit = KiB(40'001);  // A page is granted whole or not at all.
  EXPECT_EQ(commit_limit(host), Pages(10'000 + 65'536));
}

TEST(Overcommit, AlwaysGrantsWhatNoMachineHas) {
  const auto verdict = overcommit(small_host(OvercommitMode::always),
                                  {.pages = Pages(INT64_MAX / 8192), .total_vm = {}}, kNew);
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->granted);
  EXPECT_FALSE(verdict->allowed);
}

TEST(Overcommit, GuessRefusesOnlyMoreThanRamAndSwapSince5_2) {
  const OvercommitHost host = small_host(OvercommitMode::guess);
  EXPECT_TRUE(overcommit(host, {.pages = Pages(327'680), .total_vm = {}}, kNew)->granted);
  EXPECT_FALSE(overcommit(host, {.pages = Pages(327'681), .total_vm = {}}, kNew)->granted);
}

TEST(Overcommit, GuessBefore5_2NeedsToKnowWhatIsFree) {
  const OvercommitHost host = small_host(OvercommitMode::guess);
  EXPECT_FALSE(overcommit(host, {.pages = Pages(1), .total_vm = {}}, kMiddle));
  OvercommitFree free;
  free.free = Pages(10'000);
  free.file = Pages(5'000);
  free.shmem = Pages(1'000);
  free.swap_free = Pages(2'000);
  free.slab_reclaimable = Pages(500);
  free.totalreserve = Pages(4'000);
  // 12,500 pages in all, less 2,048 of admin_reserve_kbytes.
  EXPECT_TRUE(overcommit(host, {.pages = Pages(10'451), .total_vm = {}}, kMiddle, free)->granted);
  EXPECT_FALSE(overcommit(host, {.pages = Pages(10'452), .total_vm = {}}, kMiddle, free)->granted);
  EXPECT_TRUE(overcommit(host, {.pages = Pages(12'499), .total_vm = {}, .cap_sys_admin = true},
                         kMiddle, free)
                  ->granted);
}

TEST(Overcommit, NeverKeepsAReserveForTheAdministratorAndForTheUsersWayOut) {
  const OvercommitHost host = small_host(OvercommitMode::never);
  OvercommitRequest request{.pages = Pages(1), .total_vm = Pages(32'000)};
  const auto verdict = overcommit(host, request, kNew);
  ASSERT_TRUE(verdict && verdict->allowed);
  EXPECT_EQ(*verdict->allowed, Pages(196'608 - 2'048 - 1'000));
  request.pages = *verdict->allowed - host.committed - Pages(1);
  EXPECT_TRUE(overcommit(host, request, kNew)->granted);
  request.pages += Pages(1);
  EXPECT_FALSE(overcommit(host, request, kNew)->granted) << "reaching the limit is too much";
  request.cap_sys_admin = true;
  EXPECT_TRUE(overcommit(host, request, kNew)->granted);
}

TEST(Overcommit, AHugeProcessKeepsNoMoreBackThanUserReserve) {
  const OvercommitHost host = small_host(OvercommitMode::never);
  const OvercommitRequest request{.pages = Pages(1), .total_vm = Pages(10'000'000)};
  EXPECT_EQ(overcommit(host, request, kNew)->allowed, Pages(196'608 - 2'048 - 8'192));
}

TEST(Overcommit, NeverBefore3_10TookOneIn32OfRamForRootAndOfTheProcess) {
  const OvercommitHost host = small_host(OvercommitMode::never);
  const OvercommitRequest request{.pages = Pages(1), .total_vm = Pages(3'200)};
  EXPECT_EQ(overcommit(host, request, kOld)->allowed, Pages(131'072 - 131'072 / 32 + 65'536 - 100));
}

}  // namespace
}  // namespace oomkit
