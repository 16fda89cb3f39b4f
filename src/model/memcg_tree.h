// The memory cgroups of a live host: limits, use, protection, events, members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "model/host_memory.h"
#include "model/memcg.h"
#include "model/pressure.h"

namespace oomkit {

// A limit that was read: a size, or none ("max", or v1's largest number).
struct MemcgLimit {
  std::optional<Bytes> size;

  friend bool operator==(const MemcgLimit&, const MemcgLimit&) = default;
};

struct MemcgNode {
  std::string path;                   // As the kernel names it: "/", "/system.slice/db.service".
  std::optional<std::size_t> parent;  // Index in the tree, always smaller than the own.

  std::optional<Bytes> usage;            // memory.current, v1 memory.usage_in_bytes.
  std::optional<Bytes> peak;             // memory.peak, v1 memory.max_usage_in_bytes.
  std::optional<MemcgLimit> limit;       // memory.max, v1 memory.limit_in_bytes.
  std::optional<MemcgLimit> high;        // v2.
  std::optional<Bytes> min, low;         // v2; "max" is the largest number.
  std::optional<MemcgLimit> soft_limit;  // v1.

  std::optional<Bytes> swap_usage;        // v2 memory.swap.current.
  std::optional<MemcgLimit> swap_limit;   // v2 memory.swap.max.
  std::optional<Bytes> memsw_usage;       // v1 memory and swap together ...
  std::optional<MemcgLimit> memsw_limit;  // ... if swap is accounted.
  std::optional<Bytes> kmem_usage;        // v1.

  std::optional<std::int64_t> swappiness;   // v1; v2 has the host's.
  std::optional<bool> use_hierarchy;        // v1 up to 5.10.
  std::optional<bool> oom_group;            // v2: all in it die together.
  std::optional<bool> children_controlled;  // v2: those below it are memcgs as well.
  std::optional<bool> oom_kill_disable;     // v1: tasks wait instead of dying.
  std::optional<bool> under_oom;            // v1: and are waiting now.

  NamedAmounts<std::int64_t> events;        // memory.events; v1 "failcnt", "oom_kill".
  NamedAmounts<std::int64_t> events_local;  // memory.events.local (5.2).
  MemcgStat stat;                           // memory.stat, the subtree included.
  std::optional<Pressure> pressure;         // v2 memory.pressure.

  // Of cgroup.procs, in the order read; without those of other pid namespaces.
  std::vector<std::int64_t> processes;

  friend bool operator==(const MemcgNode&, const MemcgNode&) = default;
};

struct MemcgTree {
  int version = 2;  // Whose files these are.
  // Each after its parent, children in the order of their making where it is known: the
  // order in which the kernel walks them.
  std::vector<MemcgNode> nodes;
  // The path above the root that we see: not "/" in a container's view.
  std::string mount_root = "/";
  std::optional<bool> recursive_protection;  // v2 mounted with memory_recursiveprot.

  std::optional<std::size_t> find(std::string_view path) const;
  // That it is `root` or below it.
  bool is_within(std::size_t node, std::size_t root) const;

  friend bool operator==(const MemcgTree&, const MemcgTree&) = default;
};

}  // namespace oomkit
