// Memory cgroups of the model: the tree, its counters, and the charges that processors keep.
//
// mm/memcontrol.c and mm/page_counter.c. One type for both versions: a v1 group has memsw and
// kmem, a v2 group high, swap and the protections.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "sim/generations.h"
#include "sim/pressure.h"

namespace oomkit::sim {

struct Process;

// PAGE_COUNTER_MAX: no limit.
constexpr Pages kNoLimit(std::numeric_limits<std::int64_t>::max() / 4096);

struct PageCounter {
  Pages usage;
  Pages max = kNoLimit;
  Pages watermark;  // The most that it was.
  std::int64_t failcnt = 0;

  void add(Pages pages) {
    usage += pages;
    if (usage > watermark) watermark = usage;
  }
};

enum class MemcgEvent { low, high, max, oom, oom_kill, oom_group_kill, sock_throttled };
constexpr std::array<std::string_view, 7> kMemcgEventNames = {
    "low", "high", "max", "oom", "oom_kill", "oom_group_kill", "sock_throttled"};
enum class SwapEvent { high, max, fail };
constexpr std::array<std::string_view, 3> kSwapEventNames = {"high", "max", "fail"};

// What its charges are for: memory.stat.
struct MemcgStats {
  Pages anon, file, shmem, sock, kernel_stack, page_tables;
  Bytes slab_reclaimable, slab_unreclaimable;
  Pages file_dirty;
  std::int64_t pgfault = 0, pgmajfault = 0, pgscan = 0, pgsteal = 0, pgactivate = 0;
  std::int64_t refault_anon = 0, refault_file = 0, activate_anon = 0;
  std::int64_t pswpin = 0, pswpout = 0;
};

struct Memcg;

// What a lruvec knows beside its lists. include/linux/mmzone.h
struct LruBalance {
  std::int64_t anon_cost = 0, file_cost = 0;  // What it cost to take pages, lately.
  std::int64_t nonresident_age = 0;           // Pages that went or became active.
  // Refaulted pages that became active at once (anon, file): so far, with its children, and when
  // reclaim from here ended last.
  std::array<std::int64_t, 2> activated{}, activated_before{};
};

// struct mem_cgroup_reclaim_iter: where walks through the groups below stopped.
struct GroupWalk {
  Memcg* at = nullptr;
  std::int64_t cycle = 0;
};

struct Memcg {
  std::string path;  // "/" is the root, which has no limits and counts for nothing here.
  Memcg* parent = nullptr;
  std::vector<Memcg*> children;   // In the order of their creation.
  std::vector<Process*> members;  // In the order in which they joined.

  PageCounter memory, swap, memsw, kmem;
  Pages high = kNoLimit, min, low;
  Pages soft_limit = kNoLimit;
  bool oom_group = false;
  bool frozen = false;
  bool oom_kill_disable = false;  // v1
  int under_oom = 0;
  bool oom_lock = false;
  std::int64_t v1_oom_kill = 0;
  std::optional<int> swappiness;  // v1: of its own.
  std::array<std::int64_t, kMemcgEventNames.size()> events{}, events_local{};
  std::array<std::int64_t, kSwapEventNames.size()> swap_events{};
  MemcgStats own;                        // Without its children.
  std::vector<PageLists> lists;          // By node.
  std::vector<Generations> generations;  // By node, in their place on 6.12 and 7.2.
  std::vector<WriteList> writing;        // By node: what is written to swap, and its charge stays.
  std::vector<LruBalance> balance;
  std::vector<GroupWalk> walks;  // By node.
  PressureGroup pressure;
  std::vector<Process*> waiting;  // v1: tasks in mem_cgroup_oom_synchronize().
  // Effective protections of the reclaim that goes on.
  Pages effective_min, effective_low;
  // vmpressure (mm/vmpressure.c): of the window that is being filled.
  Pages scanned, reclaimed;

  bool is_root() const { return parent == nullptr; }
  bool is_within(const Memcg& top) const {
    for (const Memcg* group = this; group != nullptr; group = group->parent) {
      if (group == &top) return true;
    }
    return false;
  }
};

class MemcgTree {
 public:
  // `is_flat`: v1 without memory.use_hierarchy, where a group counts only for itself (up to 5.10,
  // mem_cgroup_css_alloc()).
  MemcgTree(std::size_t nodes, Pages batch, std::size_t stocks, bool is_flat);

  Memcg& root() { return *groups_.front(); }
  const std::vector<std::unique_ptr<Memcg>>& groups() const { return groups_; }
  Memcg& create(std::string_view path);
  Memcg* find(std::string_view path);
  bool is_flat() const { return is_flat_; }

  // Takes up to `pages` charges without any wait, and says how many: from what the processor
  // keeps, then by batches. `memsw`: that counter is charged beside. Stops behind the first batch
  // with which a group passes its `high`, which is then in over_high.
  struct Charge {
    Pages pages;
    Memcg* failed = nullptr;  // The first group without room, if nothing was had.
    bool failed_memsw = false;
    Pages over_high;  // What was charged by the batch that ended above a high.
  };
  Charge try_charge(Memcg& group, Pages pages, bool memsw);
  // How many pages try_charge() gives at once, at least one whether it gives that or not.
  Pages charges_at_hand(Memcg& group, bool memsw);
  // One page, and no more than that: how it is tried again.
  Charge try_charge_one(Memcg& group, bool memsw);
  void uncharge(Memcg& group, Pages pages, bool memsw);
  // Gives back what the processor keeps, of that subtree or of everybody.
  void drain(const Memcg& top);

  // Pages that may be charged before a group is at its limit.
  static Pages margin(const Memcg& group, bool memsw);
  // The groups of a subtree, the top first, children in their order.
  static std::vector<Memcg*> subtree(Memcg& top);
  static MemcgStats total_of(Memcg& top);
  static Pages own_listed(const Memcg& group, int node, ListKind kind);
  static bool has_listed(const Memcg& group, int node);
  static Pages listed(Memcg& top, ListKind kind);
  // On one node: what lruvec_page_state() says of a list.
  static Pages listed(const Memcg& top, int node, ListKind kind);

 private:
  struct Stock {
    Memcg* group = nullptr;
    Pages pages;
  };
  Stock* stock_of(Memcg& group);
  void keep(Memcg& group, Pages pages, bool memsw);
  Memcg* first_without_room(Memcg& group, Pages pages, bool memsw, bool& by_memsw);
  void add(Memcg& group, Pages pages, bool memsw);

  std::vector<std::unique_ptr<Memcg>> groups_;
  std::size_t nodes_;
  Pages batch_;
  std::size_t stocks_max_;
  bool is_flat_;
  std::vector<Stock> stocks_;  // Of the processor; the longest unused first.
};

}  // namespace oomkit::sim
