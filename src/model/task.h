// One process as the kernel sees it when it looks for a victim.
//
// The same type is a row of a log's task table, an entry of a live snapshot and a
// process of the simulator. What an origin does not tell is absent, never zero.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/known.h"
#include "core/units.h"

namespace oomkit {

struct Task {
  std::int64_t pid = 0;
  Known<std::int64_t> tgid;
  Known<std::int64_t> uid;  // In the initial user namespace; -1 is printed if unmapped.
  std::string comm;         // As printed: up to 15 bytes, any bytes.

  Known<Pages> total_vm;
  Known<Pages> rss;
  Known<Pages> rss_anon;  // The three parts of rss: from 6.8 on.
  Known<Pages> rss_file;
  Known<Pages> rss_shmem;
  Known<Pages> swapents;
  Known<std::int64_t> nr_ptes;  // Pages of page tables, up to 4.14 ...
  Known<std::int64_t> nr_pmds;  // ... with these from 4.0 on ...
  Known<std::int64_t> nr_puds;  // ... and these in some vendor trees.
  Known<Bytes> pgtables;        // From 4.15 on.
  Known<std::int32_t> cpu;      // Up to 3.4.
  Known<std::int32_t> oom_adj;  // Up to 3.4: -17 to 15.
  Known<std::int32_t> oom_score_adj;

  std::uint64_t line = 0;  // Where the log says so; 0 if it is not from a log.

  friend bool operator==(const Task&, const Task&) = default;
};

// Page tables in bytes by whichever columns the table has; absent if it has none.
std::optional<Bytes> pgtables_bytes(const Task& task, PageSize page_size);

}  // namespace oomkit
