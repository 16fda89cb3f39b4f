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
     .splits_rss = true,
     .counter_batch = 0,
     .first_pid = 69,
     .costs = {.fault = 13'000ns, .shared_fault = 23'900ns, .retouch = 490ns, .zap = 1'200ns, .free_page = 3'800ns, .free_cached = 9'000ns, .write_new = 17'800ns, .rewrite = 8'700ns, .write_new_disk = 37'000ns, .rewrite_disk = 8'700ns, .read = 4'200ns, .scan = 400ns, .reclaim = 15'700ns, .reclaim_group = 2'000ns, .compress = 118'000ns, .decompress = 8'000ns, .forget_compressed = 11'600ns, .swap_out = 48'000ns, .read_cluster = 700'000ns, .forget_swapped = 5'000ns, .fork = 1'500'000ns, .report = 2'400'000ns, .report_task = 110'000ns}},
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
     .splits_rss = true,
     .counter_batch = 0,
     .first_pid = 79,
     .costs = {.fault = 15'000ns, .shared_fault = 23'300ns, .retouch = 490ns, .zap = 1'300ns, .free_page = 4'000ns, .free_cached = 9'200ns, .write_new = 17'900ns, .rewrite = 8'500ns, .write_new_disk = 37'500ns, .rewrite_disk = 8'300ns, .read = 4'000ns, .scan = 400ns, .reclaim = 17'500ns, .reclaim_group = 500ns, .compress = 126'000ns, .decompress = 5'000ns, .forget_compressed = 11'600ns, .swap_out = 49'000ns, .read_cluster = 570'000ns, .forget_swapped = 5'400ns, .fork = 1'700'000ns, .report = 2'600'000ns, .report_task = 130'000ns}},
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
     .splits_rss = false,
     .counter_batch = 32,
     .first_pid = 119,
     .costs = {.fault = 17'000ns, .shared_fault = 25'000ns, .retouch = 550ns, .zap = 1'300ns, .free_page = 4'000ns, .free_cached = 8'200ns, .write_new = 20'200ns, .rewrite = 6'100ns, .write_new_disk = 36'700ns, .rewrite_disk = 8'000ns, .read = 4'000ns, .scan = 400ns, .reclaim = 11'200ns, .reclaim_group = 9'500ns, .compress = 171'000ns, .decompress = 6'000ns, .forget_compressed = 10'500ns, .swap_out = 45'000ns, .read_cluster = 600'000ns, .forget_swapped = 4'900ns, .fork = 1'800'000ns, .report = 5'500'000ns, .report_task = 190'000ns}},
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
     .splits_rss = false,
     .counter_batch = 0,
     .first_pid = 98,
     .costs = {.fault = 17'100ns, .shared_fault = 25'200ns, .retouch = 200ns, .zap = 1'400ns, .free_page = 4'400ns, .free_cached = 9'000ns, .write_new = 20'000ns, .rewrite = 5'100ns, .write_new_disk = 21'000ns, .rewrite_disk = 3'900ns, .read = 3'500ns, .scan = 400ns, .reclaim = 14'600ns, .reclaim_group = 3'750ns, .compress = 168'000ns, .decompress = 5'000ns, .forget_compressed = 8'000ns, .swap_out = 54'000ns, .read_cluster = 450'000ns, .forget_swapped = 1'900ns, .fork = 1'800'000ns, .report = 7'500'000ns, .report_task = 160'000ns}},
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
