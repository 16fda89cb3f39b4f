// The pages of a cgroup on a node by age, as 6.12 and 7.2 keep them. struct lru_gen_folio and
// struct lru_gen_mm_state of include/linux/mmzone.h, under CONFIG_LRU_GEN.
//
// There are two to four generations of anonymous pages and of files, numbered by `seq`. Pages are
// taken from the oldest of them (min_seq). When it comes to its end the next one is; before there
// are too few, page tables are walked and a new, youngest one begins (max_seq). A page that such a
// walk found used belongs to another generation from then on, and stands where it stood until
// somebody meets it there.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/units.h"
#include "model/kernel_version.h"
#include "sim/extent.h"

namespace oomkit::sim {

constexpr std::int64_t kLeastGenerations = 2;  // MIN_NR_GENS
constexpr std::int64_t kMostGenerations = 4;   // MAX_NR_GENS
constexpr Pages kLeastBatch(64);               // MIN_LRU_BATCH

// From here on what was used is told by the page's flags ("mm/mglru: rework workingset
// protection"), and a scan has a budget and isolates what is being written ("mm/mglru: improve
// reclaim loop").
constexpr KernelVersion kUsesAreFlags{6, 14};
constexpr KernelVersion kScanBudget{7, 2};

constexpr std::size_t generation_at(std::int64_t seq) {
  return static_cast<std::size_t>(seq % kMostGenerations);
}

// How often pages came back, of all that went or could have: struct ctrl_pos, with its average.
struct RefaultRate {
  std::int64_t refaulted = 0, total = 0;
  std::int64_t earlier_refaulted = 0, earlier_total = 0;

  std::int64_t all_refaulted() const { return earlier_refaulted + refaulted; }
  std::int64_t all() const { return earlier_total + total; }
  // reset_ctrl_pos(): what was before counts for half.
  void carry_over() {
    earlier_refaulted = all_refaulted() / 2;
    earlier_total = all() / 2;
    refaulted = total = 0;
  }
  RefaultRate& operator+=(const RefaultRate& other) {
    refaulted += other.refaulted;
    total += other.total;
    earlier_refaulted += other.earlier_refaulted;
    earlier_total += other.earlier_total;
    return *this;
  }
};

// Of anonymous pages, or of files.
struct GenerationsOfKind {
  std::int64_t min_seq = 0;
  std::array<PageList, kMostGenerations> lists;  // Where pages stand, and ...
  std::array<Pages, kMostGenerations> pages;     // ... how many belong to each.
  RefaultRate first_tier, last_tier;             // The last: PG_workingset (from 6.14 on).
};

struct Generations {
  std::array<GenerationsOfKind, 2> kinds;  // Anonymous, files.
  std::int64_t max_seq = kLeastGenerations + 1;
  std::int64_t walked_seq = kLeastGenerations;  // lru_gen_mm_state::seq
  std::int64_t last_joined = -1;                // Of those that a walk has seen: the newest.
  // Page tables that are worth a walk, for the generation of that parity; 0: all of them. What a
  // table is marked with (TableMark) to be in it.
  std::array<std::int64_t, 2> filters{};

  GenerationsOfKind& of(bool file) { return kinds[file ? 1 : 0]; }
  const GenerationsOfKind& of(bool file) const { return kinds[file ? 1 : 0]; }
  std::int64_t count(bool file) const { return max_seq - of(file).min_seq + 1; }
  // lru_gen_is_active(): the two youngest.
  Pages listed(bool file, bool active) const {
    Pages sum;
    for (std::int64_t seq = of(file).min_seq; seq <= max_seq; ++seq) {
      if ((seq >= max_seq - 1) == active) sum += of(file).pages[generation_at(seq)];
    }
    return sum;
  }
  Pages all(bool file) const { return listed(file, false) + listed(file, true); }
};

}  // namespace oomkit::sim
