// What a memory cgroup held, by one set of names.
//
// The kernel has printed these numbers in three forms: a line in KB for every cgroup of
// the subtree (3.9 to 5.2), memory.stat of v2, also for v1 groups (5.3 to 6.4), and v1's
// own names with total_ for the subtree (6.5 on). Here they are one, so that a rule is
// written once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "model/memcg.h"

namespace oomkit {

struct KernelPart {
  std::string_view key;    // The kernel's word, "slab_unreclaimable".
  std::string_view label;  // "unreclaimable slab"
  Bytes amount;
};

struct MemcgAmounts {
  std::string_view anon_key, file_key;  // "anon" and "file", or "rss" and "cache" of v1.
  std::optional<Bytes> anon;
  std::optional<Bytes> file;  // Shared memory and tmpfs included.
  std::optional<Bytes> shmem;
  std::optional<Bytes> sock;
  std::optional<Bytes> hugetlb;

  // All memory that the kernel took for itself on behalf of the group, where one number
  // says so (`kernel`, or v1's kmem counter), and what is known of its parts.
  std::optional<Bytes> kernel;
  std::string_view kernel_key;
  std::vector<KernelPart> kernel_parts;
  bool kernel_expected = false;  // v2 before 5.18: parts are all there is.

  // Parts of the above, never to be added to them.
  std::optional<Bytes> dirty, writeback, unevictable, swapcached;
  std::optional<Bytes> active_file, inactive_file;
  std::optional<Bytes> swap;  // What is out in swap: not memory.

  Bytes kernel_parts_sum() const;
  std::optional<Bytes> kernel_part(std::string_view key) const;
  std::optional<Bytes> kernel_total() const;  // `kernel`, else the sum of the parts.
};

// Nothing if the report has no statistics.
std::optional<MemcgAmounts> memcg_amounts(const MemcgReport& memcg);

}  // namespace oomkit
