// A memory cgroup's files as values, of both versions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "model/memcg_tree.h"

namespace oomkit {

// "max" or bytes; in v1 the largest number that the kernel can hold means none.
std::optional<MemcgLimit> parse_limit(std::string_view text);

// memory.min and memory.low: bytes, or "max".
std::optional<Bytes> parse_protection(std::string_view text);

std::optional<Bytes> parse_bytes(std::string_view text);

// "oom_kill_disable 0", "under_oom 0", "oom_kill 3" (4.13) of v1's memory.oom_control.
bool parse_oom_control(std::string_view text, MemcgNode& memcg);

// memory.stat, amounts and counts as they stand. v1's totals of the subtree take the place
// of the group's own, which only they can be compared with v2's.
bool parse_memcg_stat(std::string_view text, MemcgStat& stat);

// cgroup.procs. A process outside of our pid namespace is a 0 and counted in `foreign`.
bool parse_processes(std::string_view text, std::vector<std::int64_t>& pids,
                     std::uint64_t& foreign);

}  // namespace oomkit
