// The memory cgroups of a host, of either version, into a tree.
#pragma once

#include <optional>
#include <vector>

#include "io/file_tree.h"
#include "model/memcg_tree.h"
#include "model/source_gap.h"
#include "sources/mounts.h"

namespace oomkit {

enum class MemcgDetail {
  limits,  // Limits, use and members; the rest only of cgroups that have a limit.
  full,
};

struct MemcgReading {
  std::optional<MemcgTree> tree;  // Absent: no memory controller is to be seen.
  std::optional<CgroupLayout> layout;
};

MemcgReading read_memcgs(const FileTree& files, const Mounts& mounts, MemcgDetail detail,
                         SourceGaps& gaps);

// Which memcg each process is in, by the lists of members; sorted by pid.
struct Membership {
  std::int64_t pid = 0;
  std::size_t memcg = 0;
};
std::vector<Membership> memberships(const MemcgTree& tree);
std::optional<std::size_t> memcg_of(const std::vector<Membership>& members, std::int64_t pid);

}  // namespace oomkit
