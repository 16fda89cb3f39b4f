// What `oom top` shows, as values: who dies next in the host and in each memory cgroup, how
// far away that is, and whether our sums are the kernel's.
//
// Made from one snapshot, and from an earlier one where growth is wanted. Text, JSON and the
// live screen show the same report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "kernel/headroom.h"
#include "kernel/prediction.h"
#include "model/snapshot.h"

namespace oomkit {

// "host", "all", "nodes:0-1" (a cpuset's), "policy:1" (a memory policy's), or a cgroup's path.
struct TopQuery {
  std::string scope = "all";
  bool verify = false;
  bool manual = false;  // Of the host: what sysrq f would do, not a shortage.
};

struct TopScope {
  std::optional<std::size_t> memcg;  // Absent: the host.
  std::string name;                  // "host", "nodes:1" or the cgroup's path.
  std::optional<Bytes> limit, usage, headroom;
  std::optional<Bytes> droppable;
  std::optional<double> growth_bytes_per_s;
  std::optional<double> eta_s;
  std::optional<Prediction> prediction;  // Absent: the rule cannot be computed.
};

// The kernel's own score of a task and ours, where they differ.
struct ScoreDifference {
  std::size_t task = 0;
  std::int64_t ours = 0;
  std::int64_t kernels = 0;
};
struct Verification {
  std::size_t compared = 0;
  std::size_t equal = 0;
  std::vector<ScoreDifference> differences;  // Those of 1 first.
  std::size_t beyond_one = 0;
  std::size_t unknown = 0;  // Without a score, or without what the sum needs.
};

struct TopReport {
  Snapshot snapshot;
  KernelVersion version;
  std::optional<HostHeadroom> headroom;
  std::vector<TopScope> scopes;  // The host first if it is among them, then by time left.
  // The nearest cgroup with a limit, where the one asked for has none of its own.
  std::optional<std::string> asked_for;
  std::optional<Verification> verification;
};

struct EarlierAmounts {
  const Snapshot& snapshot;
  double seconds_before = 1;
};

Result<TopReport> make_top_report(Snapshot snapshot, const std::optional<EarlierAmounts>& earlier,
                                  const TopQuery& query);

// What our rule says /proc/PID/oom_score is; nothing if the rule lacks a term.
std::optional<std::int64_t> computed_score(const TopReport& report, std::size_t task);
// The same for a snapshot alone.
std::optional<std::int64_t> computed_score(const Snapshot& snapshot, const KernelVersion& version,
                                           std::size_t task);

// "oom_score_adj -1000", "init", "exiting" ...
std::string_view spared_text(Spared spared);

// The task's memory cgroup; "" if it is not known.
std::string_view cgroup_of(const Snapshot& snapshot, std::size_t task);

}  // namespace oomkit
