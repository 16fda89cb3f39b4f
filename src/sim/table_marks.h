// What reclaim remembers of an object's page tables: whether the processor used one since it was
// asked last (its entry's accessed bit), and which Bloom filters it is in. By ranges of tables that
// agree, so that it costs what was seen and not what is mapped. mm/vmscan.c, walk_pmd_range()
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <map>

namespace oomkit::sim {

struct TableMark {
  bool untouched = false;                 // Since the entry was looked at last.
  std::array<std::int64_t, 2> filters{};  // By the parity of their seq.

  bool operator==(const TableMark&) const = default;
};

class TableMarks {
 public:
  bool empty() const { return marks_.empty(); }

  TableMark at(std::int64_t table) const {
    const auto after = marks_.upper_bound(table);
    return after == marks_.begin() ? TableMark{} : std::prev(after)->second;
  }
  // The first table from `table` on, up to `end`, that is marked in another way.
  std::int64_t next_change(std::int64_t table, std::int64_t end) const {
    const auto after = marks_.upper_bound(table);
    return after == marks_.end() || after->first > end ? end : after->first;
  }
  // `change` is called with the mark of each range from `first` up to `end`.
  template <class Change>
  void change(std::int64_t first, std::int64_t end, Change change) {
    if (first >= end) return;
    cut(end);
    const auto begin = cut(first);
    auto it = begin;
    for (; it != marks_.end() && it->first < end; ++it)
      change(it->second);
    // Neighbours that agree now are one again.
    if (it != marks_.end()) ++it;
    for (auto at = begin == marks_.begin() ? begin : std::prev(begin); at != it;) {
      const auto next = std::next(at);
      if (next == it || next == marks_.end()) break;
      if (next->second == at->second) {
        marks_.erase(next);
      } else {
        at = next;
      }
    }
  }

 private:
  std::map<std::int64_t, TableMark>::iterator cut(std::int64_t table) {
    return marks_.emplace(table, at(table)).first;
  }

  std::map<std::int64_t, TableMark> marks_;  // From that table on.
};

}  // namespace oomkit::sim
