// Committed_AS of the model, and what the kernel compares with its limit.
// mm/util.c, mm/mm_init.c (mm_compute_batch()), lib/percpu_counter.c
//
// The two differ: a processor keeps changes to itself until they are a batch. /proc/meminfo adds
// them up, and __vm_enough_memory() does not. Batches are large, a quarter of the memory, until
// somebody sets mode 2, which makes all processors give theirs up (5.9).
#pragma once

#include <algorithm>

#include "core/units.h"
#include "kernel/overcommit.h"

namespace oomkit::sim {

// One processor's: who runs on another one would have a batch of his own.
class CommittedMemory {
 public:
  explicit CommittedMemory(Pages at_boot) : counted_(at_boot) {}

  // What a write to vm.overcommit_memory does.
  void set_mode(OvercommitMode mode, Pages totalram) {
    batch_ = batch_for(mode, totalram);
    if (mode == OvercommitMode::never) give_up();
  }
  // vm_acct_memory(), vm_unacct_memory(): one change, however large.
  void add(Pages pages) {
    kept_ += pages;
    if (kept_ >= batch_ || kept_ <= Pages(0) - batch_) give_up();
  }
  void subtract(Pages pages) { add(Pages(0) - pages); }
  // As many changes of a page as fit below `allowed`; a page that does not is taken back.
  Pages add_each(Pages pages, Pages allowed) {
    Pages granted;
    while (granted < pages) {
      const Pages now = std::min(pages - granted, std::max(batch_ - kept_, Pages(1)));
      if (counted_ >= allowed) break;
      add(now);
      granted += now;
      if (counted_ < allowed) continue;
      subtract(Pages(1));
      granted -= Pages(1);
    }
    return granted;
  }
  // How many it would grant.
  Pages fitting(Pages pages, Pages allowed) const {
    return CommittedMemory(*this).add_each(pages, allowed);
  }
  Pages sum() const { return std::max(counted_ + kept_, Pages(0)); }
  Pages read() const { return std::max(counted_, Pages(0)); }

 private:
  static Pages batch_for(OvercommitMode mode, Pages totalram) {
    const Pages of_memory = totalram / (mode == OvercommitMode::never ? 256 : 4);
    return std::max(of_memory, Pages(32));
  }
  void give_up() {
    counted_ += kept_;
    kept_ = Pages(0);
  }

  Pages counted_, kept_;
  Pages batch_{32};
};

}  // namespace oomkit::sim
