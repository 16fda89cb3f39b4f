#include "sim/profile.h"

#include <array>

#include "scenario/scenario.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<KernelProfile, 4> kProfiles = {{
    {.label = "5.10",
     .release = "5.10.0-32-cloud-amd64",
     .version = {5, 10, 0},
     .charge_batch = Pages(32),
     .stocks = 1,
     .group_kill_event = false,
     .peak_file = false,
     .kernel_stat = false,
     .swap_full_checked_first = false,
     .has_v1 = true,
     .pcp_keeps = false,
     .dma_managed = Pages(3977),
     .late_freed = Pages(2447),
     .reserve_less = Pages(3303),
     .disk_pages = Pages(3),
     .slab_reclaimable = Pages(1753),
     .slab_unreclaimable = Pages(1054),
     .kernel_stack = Pages(156),
     .page_tables = Pages(24),
     .init_anon = Pages(450),
     .init_shmem = Pages(510),
     .other_use = Pages(1565),
     .base_pcp = Pages(40),
     .pcp_of_others = Pages(0),
     .last_node_use = Pages(1500),
     .base_anon = Pages(117),
     .base_file = Pages(1),
     .base_tables = Pages(11),
     .base_vm = Pages(631),
     .start_shmem = Pages(9),
     .base_shmem = Pages(217),
     .fork_shmem = Pages(9),
     .child_shmem = Pages(107),
     .node_kept = Pages(596),
     .node_less_hashes = Pages(149),
     .written_at_start = Pages(2),
     .written_after_fork = Pages(7),
     .file_slab = Bytes(926),
     .sock_percent = 125,
     .freed_at_once = Pages(9614),
     .unmapping_yields = false,
     .splits_rss = true,
     .counter_batch = 0,
     .first_pid = 69,
     .costs = {13'000ns, 490ns, 1'200ns, 3'800ns, 400ns, 15'000ns, 1'500us, 9ms}},
    {.label = "6.1",
     .release = "6.1.0-50-cloud-amd64",
     .version = {6, 1, 0},
     .charge_batch = Pages(64),
     .stocks = 1,
     .group_kill_event = true,
     .peak_file = true,
     .kernel_stat = true,
     .swap_full_checked_first = false,
     .has_v1 = true,
     .pcp_keeps = false,
     .dma_managed = Pages(3840),
     .late_freed = Pages(2649),
     .reserve_less = Pages(4161),
     .disk_pages = Pages(3),
     .slab_reclaimable = Pages(2241),
     .slab_unreclaimable = Pages(1480),
     .kernel_stack = Pages(192),
     .page_tables = Pages(29),
     .init_anon = Pages(448),
     .init_shmem = Pages(512),
     .other_use = Pages(2120),
     .base_pcp = Pages(146),
     .pcp_of_others = Pages(0),
     .last_node_use = Pages(1000),
     .base_anon = Pages(117),
     .base_file = Pages(1),
     .base_tables = Pages(12),
     .base_vm = Pages(631),
     .start_shmem = Pages(9),
     .base_shmem = Pages(217),
     .fork_shmem = Pages(9),
     .child_shmem = Pages(107),
     .node_kept = Pages(597),
     .node_less_hashes = Pages(148),
     .written_at_start = Pages(2),
     .written_after_fork = Pages(7),
     .file_slab = Bytes(992),
     .sock_percent = 116,
     .freed_at_once = Pages(512),
     .unmapping_yields = false,
     .splits_rss = true,
     .counter_batch = 0,
     .first_pid = 79,
     .costs = {15'000ns, 490ns, 1'300ns, 4'000ns, 400ns, 18'000ns, 1'700us, 10ms}},
    {.label = "6.12",
     .release = "6.12.107+deb13-cloud-amd64",
     .version = {6, 12, 107},
     .charge_batch = Pages(64),
     .stocks = 1,
     .group_kill_event = true,
     .peak_file = true,
     .kernel_stat = true,
     .swap_full_checked_first = true,
     .has_v1 = false,
     .pcp_keeps = false,
     .dma_managed = Pages(3840),
     .late_freed = Pages(2330),
     .reserve_less = Pages(4120),
     .disk_pages = Pages(4),
     .slab_reclaimable = Pages(134),
     .slab_unreclaimable = Pages(1668),
     .kernel_stack = Pages(216),
     .page_tables = Pages(99),
     .init_anon = Pages(450),
     .init_shmem = Pages(512),
     .other_use = Pages(2090),
     .base_pcp = Pages(1442),
     .pcp_of_others = Pages(431),
     .last_node_use = Pages(1300),
     .base_anon = Pages(119),
     .base_file = Pages(1),
     .base_tables = Pages(11),
     .base_vm = Pages(631),
     .start_shmem = Pages(187),
     .base_shmem = Pages(217),
     .fork_shmem = Pages(74),
     .child_shmem = Pages(150),
     .node_kept = Pages(597),
     .node_less_hashes = Pages(148),
     .written_at_start = Pages(2),
     .written_after_fork = Pages(7),
     .file_slab = Bytes(970),
     .sock_percent = 119,
     .freed_at_once = Pages(512),
     .unmapping_yields = false,
     .splits_rss = false,
     .counter_batch = 32,
     .first_pid = 119,
     .costs = {17'000ns, 550ns, 1'300ns, 3'300ns, 400ns, 29'000ns, 1'800us, 12ms}},
    {.label = "7.2",
     .release = "7.2.13+deb14-cloud-amd64",
     .version = {7, 2, 13},
     .charge_batch = Pages(64),
     .stocks = 7,
     .group_kill_event = true,
     .peak_file = true,
     .kernel_stat = true,
     .swap_full_checked_first = true,
     .has_v1 = false,
     .pcp_keeps = true,
     .dma_managed = Pages(3840),
     .late_freed = Pages(2933),
     .reserve_less = Pages(5486),
     .disk_pages = Pages(3),
     .slab_reclaimable = Pages(163),
     .slab_unreclaimable = Pages(1895),
     .kernel_stack = Pages(228),
     .page_tables = Pages(117),
     .init_anon = Pages(450),
     .init_shmem = Pages(512),
     .other_use = Pages(3050),
     .base_pcp = Pages(1835),
     .pcp_of_others = Pages(1515),
     .last_node_use = Pages(100),
     .base_anon = Pages(119),
     .base_file = Pages(2),
     .base_tables = Pages(12),
     .base_vm = Pages(633),
     .start_shmem = Pages(187),
     .base_shmem = Pages(217),
     .fork_shmem = Pages(74),
     .child_shmem = Pages(150),
     .node_kept = Pages(598),
     .node_less_hashes = Pages(146),
     .written_at_start = Pages(2),
     .written_after_fork = Pages(7),
     .file_slab = Bytes(904),
     .sock_percent = 119,
     .freed_at_once = Pages(512),
     .unmapping_yields = true,
     .splits_rss = false,
     .counter_batch = 0,
     .first_pid = 98,
     .costs = {17'100ns, 200ns, 1'400ns, 3'600ns, 400ns, 14'000ns, 1'800us, 12ms}},
}};

// What the allocator got above DMA of so much RAM, in the order of kProfiles. In between, RAM less
// a struct page for each page: the tables of hashes grow in steps.
struct ManagedPoint {
  std::int64_t mib;
  std::array<std::int64_t, 4> pages;
};
constexpr std::array<ManagedPoint, 8> kManaged = {{
    {128, {21186, 19861, 18500, 17578}},
    {144, {24722, 23397, 22084, 21162}},
    {256, {53394, 52069, 50708, 49786}},
    {384, {85554, 84229, 82868, 81946}},
    {512, {117810, 116485, 115124, 114202}},
    {1024, {246642, 245317, 243956, 243034}},
    {2048, {504306, 502981, 501620, 500698}},
    {4096, {1003152, 1001731, 1000370, 999447}},
}};

}  // namespace

std::span<const KernelProfile> kernel_profiles() {
  return kProfiles;
}

const KernelProfile* find_profile(std::string_view kernel) {
  for (const KernelProfile& profile : kProfiles) {
    if (is_kernel(profile.label, kernel)) return &profile;
  }
  return nullptr;
}

Pages managed_above_dma(const KernelProfile& profile, Bytes memory) {
  const auto kernel = static_cast<std::size_t>(&profile - kProfiles.data());
  const std::int64_t pages = floor_pages(memory, PageSize::k4K).count();
  const ManagedPoint* below = &kManaged.front();
  const ManagedPoint* above = nullptr;
  for (const ManagedPoint& point : kManaged) {
    if (point.mib * 256 <= pages) {
      below = &point;
    } else if (above == nullptr) {
      above = &point;
    }
  }
  const std::int64_t at = below->mib * 256;
  if (above != nullptr && pages > at) {
    const std::int64_t span = above->mib * 256 - at;
    const std::int64_t gain = above->pages[kernel] - below->pages[kernel];
    return Pages(below->pages[kernel] + gain * (pages - at) / span);
  }
  return Pages(below->pages[kernel] + (pages - at) - (pages - at) / 60);
}

}  // namespace oomkit::sim
