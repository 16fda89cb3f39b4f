// A host as a Snapshot: this machine, or a tree of its /proc and /sys that was captured.
//
// One pass, cheap and close together: settings and counters, then the cgroups with their
// members, then the processes. It cannot be one instant, for the kernel offers none; what
// moves between the reads is what moves in a moment, and `gaps` says what got lost.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "io/file_tree.h"
#include "model/snapshot.h"
#include "sources/host_source.h"
#include "sources/memcg_source.h"
#include "sources/task_source.h"

namespace oomkit {

struct HostQuery {
  TaskQuery tasks;
  bool memcgs = true;
  MemcgDetail memcg_detail = MemcgDetail::full;
  bool setup = false;  // What is to become of a crash, and how the kernel was booted.

  // Everything there is: for a snapshot.
  static HostQuery everything() {
    return {{std::nullopt, true, true}, true, MemcgDetail::full, true};
  }
  // Who is next, and how near is it: no more than that takes.
  static HostQuery next_victims(std::size_t leaders) {
    return {{leaders, false, false}, true, MemcgDetail::limits, false};
  }
};

class LiveHost {
 public:
  // `tree` must live longer. Refused where there is no /proc.
  static Result<LiveHost> create(const FileTree& tree);

  Result<Snapshot> read(const HostQuery& query);
  // Counters and cgroups alone, without the processes: a later sample for what grows.
  Result<Snapshot> read_amounts();

  tl::expected<SmapsText, ErrorCode> read_smaps(std::int64_t pid) { return tasks_.read_smaps(pid); }
  bool read_task_again(Snapshot& snapshot, std::size_t index) {
    return tasks_.read_again(snapshot, index);
  }

 private:
  LiveHost(const FileTree& tree, HostSource host, TaskSource tasks)
      : tree_(tree), host_(std::move(host)), tasks_(std::move(tasks)) {}

  const FileTree& tree_;
  HostSource host_;
  TaskSource tasks_;
};

}  // namespace oomkit
