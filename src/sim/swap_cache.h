// What lies in memory and in swap at the same time, because it is still being written or nobody
// came for it yet. mm/swap_state.c, block/blk-mq.c
//
// A task collects what it writes in a plug and sends it when it is done. Plugs do not nest: what
// reclaim writes while its task collects the reads of a cluster (swap_cluster_readahead()) stays
// with these, is not sent, and so does not come free, however long reclaim goes on.
#pragma once

#include <memory>
#include <optional>

#include "core/units.h"
#include "model/kernel_version.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

// What is written by one sending.
struct SwapWrite {
  std::optional<SimTime> done;  // Absent: not sent yet.
  Pages pages;
};

// struct blk_plug, with one disk for swap.
class SwapPlug {
 public:
  explicit SwapPlug(KernelVersion version) : looks_at_first_(version >= kLooksAtFirst) {}

  void begin_with_read() {
    if (requests_ > 0) return;
    requests_ = 1;
    reads_first_ = is_read_ = true;
    in_request_ = kRequest;  // Nothing that is written can be joined to it.
  }
  // How many pages the request that is open has room for; a new one begins then.
  Pages room() const { return in_request_ < kRequest ? kRequest - in_request_ : kRequest; }
  // Up to room() more. True: what was collected before goes now (blk_add_rq_to_plug()), as `sent`.
  bool add(Pages pages, std::shared_ptr<SwapWrite>& sent);
  const std::shared_ptr<SwapWrite>& open() const { return open_; }
  // All that was collected goes now.
  std::shared_ptr<SwapWrite> take();

 private:
  static constexpr Pages kRequest{254};     // Segments of a request of QEMU's virtio disk.
  static constexpr int kMostRequests = 32;  // BLK_MAX_REQUEST_COUNT
  static constexpr KernelVersion kLooksAtFirst{6, 12};

  std::shared_ptr<SwapWrite> open_ = std::make_shared<SwapWrite>();
  bool looks_at_first_;
  bool reads_first_ = false;
  bool is_read_ = false;  // The last of its requests.
  int requests_ = 0;
  Pages in_request_ = kRequest;
};

}  // namespace oomkit::sim
