// Pages, as many at once as are alike.
//
// The model keeps no page structs. An Extent is a run of neighbouring pages of one object (a
// private mapping, a shared one, a file) that agree in everything that reclaim and the counters
// ask: where they are, who is charged, whether they were used lately. A process that fills 4 GiB
// has one extent; what cost grows with is how often something comes between. An extent is split
// where only a part of it is taken, and grows where its neighbour is like it.
//
// In memory it stands on one of the lists of its cgroup and node, newest first, as the kernel's
// LRU lists do; the oldest pages of an extent are those with the lowest numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/units.h"
#include "sim/table_marks.h"

namespace oomkit::sim {

struct Memcg;
struct Object;
struct SwapWrite;

enum class ListKind { inactive_anon, active_anon, inactive_file, active_file, unevictable };
constexpr std::size_t kListKinds = 5;
constexpr bool is_active(ListKind kind) {
  return kind == ListKind::active_anon || kind == ListKind::active_file;
}

constexpr bool is_file(ListKind kind) {
  return kind == ListKind::inactive_file || kind == ListKind::active_file;
}

struct Extent {
  Object* object = nullptr;
  std::int64_t first = 0;  // Page number in the object.
  Pages count;
  bool swapped = false;
  bool young = false;       // Used through a mapping since reclaim looked last: the tables' bit.
  bool referenced = false;  // PG_referenced: seen used once, or used without any mapping.
  bool workingset = false;  // PG_workingset: it was active once. Kept while in swap.
  bool dirty = false;       // Of a file.
  // In the swap cache: both in swap and in memory, where nobody maps it.
  bool cached = false;
  std::shared_ptr<SwapWrite> write = {};
  std::size_t zone = 0;
  Memcg* memcg = nullptr;  // Who is charged.
  ListKind list = ListKind::inactive_anon;
  // With generations `list` says only what kind of pages they are: which generation they belong to,
  // and in whose list they stand.
  std::size_t generation = 0, stands_in = 0;
  bool isolated = false;  // Taken by reclaim, which has not yet said what becomes of it.
  // On Memcg::writing, by age, while it is written.
  Extent* written_later = nullptr;
  Extent* written_before = nullptr;
  // Of what is in swap: at whose limit it went, and how many others had gone or become active there
  // before its first page; of each further page one more. mm/workingset.c
  Memcg* evicted_by = nullptr;
  std::int64_t eviction = 0;
  Extent* newer = nullptr;
  Extent* older = nullptr;

  bool is_in_memory() const { return !swapped || cached || write != nullptr; }
};

// Linked through the extents themselves.
struct PageList {
  Extent* newest = nullptr;
  Extent* oldest = nullptr;
  Pages pages;

  void push(Extent& extent) {
    extent.newer = nullptr;
    extent.older = newest;
    (newest != nullptr ? newest->newer : oldest) = &extent;
    newest = &extent;
    pages += extent.count;
  }
  void push_oldest(Extent& extent) {
    extent.older = nullptr;
    extent.newer = oldest;
    (oldest != nullptr ? oldest->older : newest) = &extent;
    oldest = &extent;
    pages += extent.count;
  }
  void remove(Extent& extent) {
    (extent.newer != nullptr ? extent.newer->older : newest) = extent.older;
    (extent.older != nullptr ? extent.older->newer : oldest) = extent.newer;
    pages -= extent.count;
  }
  // Right behind (as old as) an extent that stands here.
  void insert_older(Extent& extent, Extent& than) {
    extent.newer = &than;
    extent.older = than.older;
    (than.older != nullptr ? than.older->newer : oldest) = &extent;
    than.older = &extent;
    pages += extent.count;
  }
};

// What is being written to swap, in the order of its writing. It stands on its list as well.
struct WriteList {
  Extent* newest = nullptr;
  Extent* oldest = nullptr;

  void push(Extent& extent) {
    extent.written_later = nullptr;
    extent.written_before = newest;
    (newest != nullptr ? newest->written_later : oldest) = &extent;
    newest = &extent;
  }
  void remove(Extent& extent) {
    (extent.written_later != nullptr ? extent.written_later->written_before : newest) =
        extent.written_before;
    (extent.written_before != nullptr ? extent.written_before->written_later : oldest) =
        extent.written_later;
  }
  // Right behind one that stands here.
  void insert_later(Extent& extent, Extent& than) {
    extent.written_before = &than;
    extent.written_later = than.written_later;
    (than.written_later != nullptr ? than.written_later->written_before : newest) = &extent;
    than.written_later = &extent;
  }
};

using PageLists = std::array<PageList, kListKinds>;

// What pages belong to: a range of a process's own memory, shared memory, a file.
struct Object {
  enum class Kind { anon, shmem, file };
  Kind kind = Kind::anon;
  std::string name;                        // Of a file.
  std::map<std::int64_t, Extent> extents;  // By first page; those pages that exist.
  Pages resident, swapped;
  int users = 0;       // Mappings of it; a file lives without any.
  int givers = 0;      // Threads that give it back: its process's exit, the oom_reaper.
  bool dense = false;  // Its pages cannot be compressed.
  TableMarks tables;   // Of those that map it.
  // Pages that are all in memory and young, however many runs they are in: touching them again
  // changes nothing. Forgotten whenever one of the object's pages goes, or is young no more.
  std::int64_t young_first = 0, young_end = 0;

  // The extent that holds that page, or nullptr. Who touches page after page asks for the same one
  // again, or for the next.
  Extent* at(std::int64_t page) {
    for (int tries = 0; asked_last_ && tries < 2; ++tries) {
      const Extent& extent = (*asked_last_)->second;
      if (page < extent.first) break;
      if (page < extent.first + extent.count.count()) return &(*asked_last_)->second;
      if (++*asked_last_ == extents.end()) asked_last_.reset();
    }
    auto after = extents.upper_bound(page);
    if (after == extents.begin()) return nullptr;
    --after;
    asked_last_ = after;
    Extent& extent = after->second;
    return page < extent.first + extent.count.count() ? &extent : nullptr;
  }
  void forget_young() { young_first = young_end = 0; }
  void erase(const Extent& extent) {
    asked_last_.reset();
    extents.erase(extent.first);
  }
  // The first page from `page` on that exists, or `end`.
  std::int64_t next_existing(std::int64_t page, std::int64_t end) {
    if (at(page) != nullptr) return page;
    const auto after = extents.upper_bound(page);
    return after == extents.end() || after->first > end ? end : after->first;
  }

 private:
  std::optional<std::map<std::int64_t, Extent>::iterator> asked_last_;
};

}  // namespace oomkit::sim
