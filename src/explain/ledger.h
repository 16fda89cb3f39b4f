// The ledger: where every byte of a limit, or of RAM, was.
//
// Rows never overlap, so they add up; what they leave of the whole is stated as
// unaccounted, and when the kernel's own statistics add up to more than the whole (they
// are gathered per cpu and lag behind) that is stated as well.
#pragma once

#include <optional>
#include <string_view>

#include "explain/explanation.h"
#include "explain/memcg_amounts.h"

namespace oomkit {

// Nothing without the usage line or without any statistics.
std::optional<Ledger> memcg_ledger(const MemcgReport& memcg,
                                   const std::optional<MemcgAmounts>& amounts);

// Nothing without the totals ("pages RAM") or the counters.
std::optional<Ledger> host_ledger(const HostMemory& memory, std::optional<PageSize> page_size);

// An amount of the whole host by the kernel's word for it. The same word has stood in
// the global counters (pages), in node lines and in zone lines (kB), by version.
std::optional<Bytes> host_amount(const HostMemory& memory, std::string_view name,
                                 std::optional<PageSize> page_size);

// RAM that the page allocator has: "pages RAM" less "pages reserved", or, without those
// lines, the zones' "managed".
std::optional<Bytes> host_ram(const HostMemory& memory, std::optional<PageSize> page_size);

// The row of that key; nothing if there is none (rows of 0 are left out).
std::optional<Bytes> row_amount(const Ledger& ledger, std::string_view key);

// Sum of the rows whose memory is in no process's rss.
Bytes outside_processes(const Ledger& ledger);

// A row in the making. Most of what a ledger could have is 0: its words are copied only after that
// is known.
struct NewRow {
  std::string_view key, label;  // Of static duration.
  Bytes amount;
  bool in_no_process = false;
  std::string_view note;
};

// Used by both kinds: a row unless it is 0; then the order and the remainder.
void add_row(Ledger& ledger, const NewRow& row);
void close_ledger(Ledger& ledger);

}  // namespace oomkit
