// What the kernel has counted of a process's pages, which is not what it has. include/linux/mm.h,
// mm/memory.c
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/units.h"

namespace oomkit::sim {

// As mm_rss_stat has them.
struct RssCounts {
  Pages file = Pages(0), anon = Pages(0), swapped = Pages(0), shmem = Pages(0);

  Pages rss() const { return file + anon + shmem; }  // get_mm_rss()

  bool operator==(const RssCounts&) const = default;
};

// Up to 6.1 (SPLIT_RSS_COUNTING): what a thread's faults have brought is added to the counters with
// its 66th call of handle_mm_fault() since the last time, before that call maps anything. What
// others take away is counted at once.
class ThreadCounts {
 public:
  // So many pages of each kind, for each of which it was called so often, and mapped it by the
  // first.
  void fault(const RssCounts& each, std::int64_t pages, std::int64_t calls = 1) {
    const std::int64_t all = pages * calls;
    const std::int64_t first_sum = kCalls - calls_;
    if (all < first_sum) {
      calls_ += all;
    } else {
      const std::int64_t last_sum = first_sum + (all - first_sum) / kCalls * kCalls;
      calls_ = all - last_sum;
      pages -= (last_sum - 1 + calls - 1) / calls;
      missing_ = {};
    }
    missing_.file += each.file * pages;
    missing_.anon += each.anon * pages;
    missing_.swapped += each.swapped * pages;
    missing_.shmem += each.shmem * pages;
  }
  // Calls that map nothing: pages that are copied, and what is tried again.
  void calls(std::int64_t count) { fault({}, count); }
  void add_up() {  // sync_mm_rss()
    missing_ = {};
    calls_ = 0;
  }
  RssCounts counted(const RssCounts& all) const {
    const auto rest = [](Pages pages, Pages missing) {
      return std::max(pages - missing, Pages(0));
    };
    return {rest(all.file, missing_.file), rest(all.anon, missing_.anon),
            rest(all.swapped, missing_.swapped), rest(all.shmem, missing_.shmem)};
  }

 private:
  static constexpr std::int64_t kCalls = 66;  // TASK_RSS_EVENTS_THRESH, and two.
  std::int64_t calls_ = 0;
  RssCounts missing_;
};

// From 6.2 on: a processor keeps a change to itself until it is a batch (percpu_counter_add()).
class ProcessorCounts {
 public:
  void begin(const RssCounts& counted) { counted_ = counted; }
  // From what it was when it was last followed, page by page in one direction.
  void follow(const RssCounts& all, std::int64_t batch) {
    const auto step = [&](Pages& counted, Pages now) {
      counted += Pages((now - counted).count() / batch * batch);
    };
    step(counted_.file, all.file);
    step(counted_.anon, all.anon);
    step(counted_.swapped, all.swapped);
    step(counted_.shmem, all.shmem);
  }
  RssCounts counted(const RssCounts& all, std::int64_t batch) const {
    ProcessorCounts later = *this;
    later.follow(all, batch);
    return later.counted_;
  }

 private:
  RssCounts counted_;
};

}  // namespace oomkit::sim
