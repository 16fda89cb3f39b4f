// What show_mem() and a memcg's block print, by release. See format_table.h.
#include "klog/format_table_memory.h"

#include "klog/format_table_since.h"

namespace oomkit {
namespace {

constexpr KernelVersion kOldest{2, 6, 0};

// 3.9 gave a memcg's report its own statistics in place of the host's.
constexpr Since<bool> kInMemcgReport[] = {{kOldest, true}, {{3, 9, 0}, false}};
constexpr Since<std::string_view> kTitle[] = {
    {kOldest, "Mem-info:"}, {{2, 6, 28}, "Mem-Info:"},  // About; with the common show_mem().
};

constexpr Since<std::string_view> kCounters[] = {
    {kOldest,
     "Active inactive dirty writeback unstable free slab mapped-file mapped-anon pagetables"},
    {{2, 6, 20},  // About.
     "Active inactive dirty writeback unstable\n"
     "free slab mapped pagetables bounce"},
    {{2, 6, 28},
     "Active_anon active_file inactive_anon\n"
     "inactive_file unevictable dirty writeback unstable\n"
     "free slab mapped pagetables bounce"},
    {{2, 6, 32},
     "active_anon inactive_anon isolated_anon\n"
     "active_file inactive_file isolated_file\n"
     "unevictable dirty writeback unstable\n"
     "free slab_reclaimable slab_unreclaimable\n"
     "mapped shmem pagetables bounce"},
    {{3, 7, 0},  // About.
     "active_anon inactive_anon isolated_anon\n"
     "active_file inactive_file isolated_file\n"
     "unevictable dirty writeback unstable\n"
     "free slab_reclaimable slab_unreclaimable\n"
     "mapped shmem pagetables bounce\n"
     "free_cma"},
    {{4, 1, 0},
     "active_anon inactive_anon isolated_anon\n"
     "active_file inactive_file isolated_file\n"
     "unevictable dirty writeback unstable\n"
     "slab_reclaimable slab_unreclaimable\n"
     "mapped shmem pagetables bounce\n"
     "free free_pcp free_cma"},
    {{5, 8, 0},
     "active_anon inactive_anon isolated_anon\n"
     "active_file inactive_file isolated_file\n"
     "unevictable dirty writeback\n"
     "slab_reclaimable slab_unreclaimable\n"
     "mapped shmem pagetables bounce\n"
     "free free_pcp free_cma"},
    {{5, 11, 0},
     "active_anon inactive_anon isolated_anon\n"
     "active_file inactive_file isolated_file\n"
     "unevictable dirty writeback\n"
     "slab_reclaimable slab_unreclaimable\n"
     "mapped shmem pagetables bounce\n"
     "kernel_misc_reclaimable\n"
     "free free_pcp free_cma"},
    {{6, 1, 0},
     "active_anon inactive_anon isolated_anon\n"
     "active_file inactive_file isolated_file\n"
     "unevictable dirty writeback\n"
     "slab_reclaimable slab_unreclaimable\n"
     "mapped shmem pagetables\n"
     "sec_pagetables bounce\n"
     "kernel_misc_reclaimable\n"
     "free free_pcp free_cma"},
};

// "all_unreclaimable?" and "pages_scanned" are words of their own kind: yes or no, and pages.
constexpr Since<std::string_view> kNode[] = {
    {kOldest, ""},
    {{4, 8, 0},
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "writeback_tmp unstable pages_scanned all_unreclaimable?"},
    {{4, 12, 0},
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "writeback_tmp unstable all_unreclaimable?"},
    {{5, 8, 0},
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "writeback_tmp all_unreclaimable?"},
    {{5, 9, 0},
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "writeback_tmp kernel_stack shadow_call_stack all_unreclaimable?"},
    {{5, 11, 0},
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "writeback_tmp kernel_stack shadow_call_stack pagetables all_unreclaimable?"},
    {{6, 1, 0},
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "writeback_tmp kernel_stack shadow_call_stack pagetables sec_pagetables "
     "all_unreclaimable?"},
    {{6, 16, 0},  // About.
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "writeback_tmp kernel_stack shadow_call_stack pagetables sec_pagetables "
     "all_unreclaimable? Balloon"},
    {{6, 17, 0},  // About.
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "kernel_stack shadow_call_stack pagetables sec_pagetables all_unreclaimable? Balloon"},
    {{7, 0, 0},  // About.
     "active_anon inactive_anon active_file inactive_file unevictable isolated(anon) "
     "isolated(file) mapped dirty writeback shmem shmem_thp shmem_pmdmapped anon_thp "
     "kernel_stack shadow_call_stack pagetables sec_pagetables all_unreclaimable? Balloon "
     "gpu_active gpu_reclaim"},
};
constexpr Since<bool> kNodeThpBlank[] = {{kOldest, true}, {{6, 8, 0}, false}};
constexpr Since<bool> kNodeShmemRotated[] = {
    {kOldest, false}, {{4, 9, 0}, true}, {{4, 10, 0}, false}};

constexpr Since<std::string_view> kZone[] = {
    {kOldest, "free min low high active inactive present pages_scanned all_unreclaimable?"},
    {{2, 6, 28},
     "free min low high active_anon inactive_anon active_file inactive_file unevictable present "
     "pages_scanned all_unreclaimable?"},
    {{2, 6, 32},
     "free min low high active_anon inactive_anon active_file inactive_file unevictable "
     "isolated(anon) isolated(file) present mlocked dirty writeback mapped shmem "
     "slab_reclaimable slab_unreclaimable kernel_stack pagetables unstable bounce writeback_tmp "
     "pages_scanned all_unreclaimable?"},
    {{3, 7, 0},  // About.
     "free min low high active_anon inactive_anon active_file inactive_file unevictable "
     "isolated(anon) isolated(file) present mlocked dirty writeback mapped shmem "
     "slab_reclaimable slab_unreclaimable kernel_stack pagetables unstable bounce free_cma "
     "writeback_tmp pages_scanned all_unreclaimable?"},
    {{3, 9, 0},
     "free min low high active_anon inactive_anon active_file inactive_file unevictable "
     "isolated(anon) isolated(file) present managed mlocked dirty writeback mapped shmem "
     "slab_reclaimable slab_unreclaimable kernel_stack pagetables unstable bounce free_cma "
     "writeback_tmp pages_scanned all_unreclaimable?"},
    {{4, 1, 0},
     "free min low high active_anon inactive_anon active_file inactive_file unevictable "
     "isolated(anon) isolated(file) present managed mlocked dirty writeback mapped shmem "
     "slab_reclaimable slab_unreclaimable kernel_stack pagetables unstable bounce free_pcp "
     "local_pcp free_cma writeback_tmp pages_scanned all_unreclaimable?"},
    {{4, 8, 0},
     "free min low high active_anon inactive_anon active_file inactive_file unevictable "
     "writepending present managed mlocked slab_reclaimable slab_unreclaimable kernel_stack "
     "pagetables bounce free_pcp local_pcp free_cma"},
    {{4, 13, 0},  // About.
     "free min low high active_anon inactive_anon active_file inactive_file unevictable "
     "writepending present managed mlocked kernel_stack pagetables bounce free_pcp local_pcp "
     "free_cma"},
    {{5, 6, 0},  // About.
     "free min low high reserved_highatomic active_anon inactive_anon active_file "
     "inactive_file unevictable writepending present managed mlocked kernel_stack pagetables "
     "bounce free_pcp local_pcp free_cma"},
    {{5, 9, 0},
     "free min low high reserved_highatomic active_anon inactive_anon active_file "
     "inactive_file unevictable writepending present managed mlocked pagetables bounce free_pcp "
     "local_pcp free_cma"},
    {{5, 11, 0},
     "free min low high reserved_highatomic active_anon inactive_anon active_file "
     "inactive_file unevictable writepending present managed mlocked bounce free_pcp local_pcp "
     "free_cma"},
    {{5, 18, 0},  // About.
     "free boost min low high reserved_highatomic active_anon inactive_anon active_file "
     "inactive_file unevictable writepending present managed mlocked bounce free_pcp local_pcp "
     "free_cma"},
    {{6, 13, 0},  // About.
     "free boost min low high reserved_highatomic free_highatomic active_anon inactive_anon "
     "active_file inactive_file unevictable writepending present managed mlocked bounce "
     "free_pcp local_pcp free_cma"},
    {{6, 18, 0},  // About.
     "free boost min low high reserved_highatomic free_highatomic active_anon inactive_anon "
     "active_file inactive_file unevictable writepending zspages present managed mlocked bounce "
     "free_pcp local_pcp free_cma"},
};
constexpr Since<std::string_view> kHighatomicUnit[] = {{kOldest, "KB"}, {{7, 3, 0}, "kB"}};

constexpr Since<bool> kMigratetypes[] = {{kOldest, false}, {{3, 8, 0}, true}};  // About.
constexpr Since<bool> kHugepages[] = {{kOldest, false}, {{3, 10, 0}, true}};
constexpr Since<bool> kPagecache[] = {{kOldest, false}, {{2, 6, 26}, true}};
constexpr Since<bool> kSwapcache[] = {{kOldest, false}, {{2, 6, 28}, true}};
constexpr Since<bool> kFreeSwapAgain[] = {{kOldest, true}, {{2, 6, 28}, false}};
constexpr Since<RamForm> kRam[] = {
    {kOldest, RamForm::of_ram},
    {{2, 6, 28}, RamForm::ram},          // About.
    {{3, 11, 0}, RamForm::ram_highmem},  // About.
};
constexpr Since<bool> kCmaReserved[] = {{kOldest, false}, {{3, 19, 0}, true}};
constexpr Since<bool> kHwpoisoned[] = {{kOldest, false}, {{3, 18, 0}, true}};  // About.
constexpr Since<bool> kSlabList[] = {{kOldest, false}, {{4, 15, 0}, true}};

// A memcg's block.
constexpr Since<bool> kTaskLine[] = {{kOldest, false}, {{2, 6, 30}, true}, {{5, 0, 0}, false}};
// "Memory limit reached of cgroup /a" in place of the task line.
constexpr Since<bool> kBlockWithoutVictim[] = {{kOldest, false}, {{4, 0, 0}, true}};
constexpr Since<bool> kMemcgCounters[] = {{kOldest, false}, {{2, 6, 30}, true}};
constexpr Since<bool> kKmem[] = {{kOldest, false}, {{3, 8, 0}, true}};
constexpr Since<bool> kSwapCounter[] = {{kOldest, false}, {{5, 3, 0}, true}};
constexpr Since<std::int64_t> kNoLimit[] = {
    {kOldest, 9007199254740991},      // LLONG_MAX bytes.
    {{3, 13, 0}, 18014398509481983},  // ULLONG_MAX bytes; about.
    {{3, 19, 0}, 9007199254740991},   // LONG_MAX bytes in pages.
};
constexpr Since<bool> kNoLimitInPages[] = {{kOldest, false}, {{3, 19, 0}, true}};
constexpr Since<MemcgStatForm> kMemcgStat[] = {
    {kOldest, MemcgStatForm::absent},
    {{3, 9, 0}, MemcgStatForm::line_each},
    {{5, 3, 0}, MemcgStatForm::list_v2_names},
    {{6, 5, 0}, MemcgStatForm::list_own_names},
};
constexpr Since<std::string_view> kLineNames[] = {
    {kOldest,
     "cache rss rss_huge mapped_file swap inactive_anon active_anon inactive_file active_file "
     "unevictable"},
    {{3, 13, 0},  // About.
     "cache rss rss_huge mapped_file writeback swap inactive_anon active_anon inactive_file "
     "active_file unevictable"},
    {{4, 2, 0},  // About.
     "cache rss rss_huge mapped_file dirty writeback swap inactive_anon active_anon "
     "inactive_file active_file unevictable"},
    {{4, 14, 0},  // About.
     "cache rss rss_huge shmem mapped_file dirty writeback swap inactive_anon active_anon "
     "inactive_file active_file unevictable"},
};
// 6.4 gave each line its own record.
constexpr Since<bool> kOneRecord[] = {{kOldest, true}, {{6, 4, 0}, false}};
constexpr Since<bool> kProtection[] = {{kOldest, false}, {{7, 0, 0}, true}};  // About.

struct StatSince {
  std::string_view name;
  KernelVersion release;
};
constexpr StatSince kStatSince[] = {
    {"percpu", {5, 9, 0}},
    {"workingset_refault_anon", {5, 9, 0}},
    {"workingset_refault_file", {5, 9, 0}},
    {"workingset_activate_anon", {5, 9, 0}},
    {"workingset_activate_file", {5, 9, 0}},
    {"workingset_restore_anon", {5, 9, 0}},
    {"workingset_restore_file", {5, 9, 0}},
    {"pagetables", {5, 11, 0}},
    {"file_thp", {5, 11, 0}},
    {"shmem_thp", {5, 11, 0}},
    {"swapcached", {5, 11, 0}},
    {"kernel", {5, 18, 0}},
    {"vmalloc", {5, 18, 0}},
    {"pgscan_kswapd", {5, 19, 0}},
    {"pgscan_direct", {5, 19, 0}},
    {"pgsteal_kswapd", {5, 19, 0}},
    {"pgsteal_direct", {5, 19, 0}},
    {"zswap", {5, 19, 0}},
    {"zswapped", {5, 19, 0}},
    {"zswpin", {5, 19, 0}},
    {"zswpout", {5, 19, 0}},
    {"sec_pagetables", {6, 1, 0}},
    {"pgscan_khugepaged", {6, 2, 0}},
    {"pgsteal_khugepaged", {6, 2, 0}},
    {"zswpwb", {6, 8, 0}},
    {"thp_swpout", {6, 8, 0}},
    {"thp_swpout_fallback", {6, 8, 0}},
    {"pgdemote_kswapd", {6, 12, 0}},
    {"pgdemote_direct", {6, 12, 0}},
    {"pgdemote_khugepaged", {6, 12, 0}},
    {"pgpromote_success", {6, 12, 0}},
    {"hugetlb", {6, 13, 0}},
    {"zswap_incomp", {7, 0, 0}},
};

// v1's word, v2's word.
struct StatWords {
  std::string_view v1;
  std::string_view v2;
};
constexpr StatWords kStatWords[] = {
    {"cache", "file"},        {"rss", "anon"},
    {"rss_huge", "anon_thp"}, {"mapped_file", "file_mapped"},
    {"dirty", "file_dirty"},  {"writeback", "file_writeback"},
};

}  // namespace

MemoryFormat memory_format(const KernelVersion& version) {
  MemoryFormat format;
  format.in_memcg_report = value_at(kInMemcgReport, version);
  format.title = value_at(kTitle, version);
  format.counters = value_at(kCounters, version);
  format.node = value_at(kNode, version);
  format.node_thp_blank = value_at(kNodeThpBlank, version);
  format.node_shmem_rotated = value_at(kNodeShmemRotated, version);
  format.zone = value_at(kZone, version);
  format.highatomic_unit = value_at(kHighatomicUnit, version);
  format.migratetypes = value_at(kMigratetypes, version);
  format.hugepages = value_at(kHugepages, version);
  format.pagecache = value_at(kPagecache, version);
  format.swapcache = value_at(kSwapcache, version);
  format.free_swap_again = value_at(kFreeSwapAgain, version);
  format.ram = value_at(kRam, version);
  format.cma_reserved = value_at(kCmaReserved, version);
  format.hwpoisoned = value_at(kHwpoisoned, version);
  format.slab_list = value_at(kSlabList, version);
  return format;
}

MemcgFormat memcg_format(const KernelVersion& version) {
  MemcgFormat format;
  format.task_line = value_at(kTaskLine, version);
  format.block_without_victim = value_at(kBlockWithoutVictim, version);
  format.counters = value_at(kMemcgCounters, version);
  format.kmem = value_at(kKmem, version);
  format.swap_counter = value_at(kSwapCounter, version);
  format.no_limit_kib = value_at(kNoLimit, version);
  format.no_limit_in_pages = value_at(kNoLimitInPages, version);
  format.stat = value_at(kMemcgStat, version);
  format.line_names = value_at(kLineNames, version);
  format.stat_in_one_record = value_at(kOneRecord, version);
  format.protection = value_at(kProtection, version);
  return format;
}

KernelVersion memcg_stat_since(std::string_view name) {
  for (const StatSince& row : kStatSince) {
    if (row.name == name) return row.release;
  }
  return {};
}

std::string_view memcg_stat_v1_name(std::string_view name) {
  for (const StatWords& words : kStatWords) {
    if (words.v2 == name) return words.v1;
  }
  return name;
}

std::string_view memcg_stat_v2_name(std::string_view name) {
  for (const StatWords& words : kStatWords) {
    if (words.v1 == name) return words.v2;
  }
  return name;
}

}  // namespace oomkit
