// The swap cache of the kernels with generations: pages that are written to a disk for swap, until
// reclaim comes for them a second time or they are used again. mm/swap_state.c, mm/memory.c
#include "sim/swap_cache.h"

#include <algorithm>
#include <utility>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

// From the sending of a batch to its completion, where the host has a processor for its disk:
// before reclaim comes to its next step. (It was up to 1.1 ms where there was none.)
constexpr SimTime kWriteTime = 0us;
constexpr SimTime kLookAgain = 4ms;  // Where it is not known when a write will be sent.

}  // namespace

// A new request makes the plug go where it has as many as it may, or where its first is larger than
// BLK_PLUG_FLUSH_SIZE (128 KiB): a full one of writes is, a cluster's read is not. (Up to 6.11 the
// last one was looked at.)
bool SwapPlug::add(Pages pages, std::shared_ptr<SwapWrite>& sent) {
  bool goes = false;
  if (in_request_ >= kRequest) {
    goes = requests_ >= kMostRequests || (requests_ > 0 && !reads_first_);
    if (goes) {
      sent = std::exchange(open_, std::make_shared<SwapWrite>());
      requests_ = 0;
      reads_first_ = false;
    }
    ++requests_;
    in_request_ = Pages(0);
  }
  in_request_ += pages;
  return goes;
}

// blk_finish_plug()
void Kernel::send_writes(const SwapPlug& plug) const {
  plug.open()->done = now() + kWriteTime;
}

// add_to_swap(), try_to_unmap() and pageout(): a place in swap is taken, nobody maps the page any
// more, and its write is collected. It stays charged.
void Kernel::write_to_swap(Extent& extent, SwapPlug& plug) {
  std::shared_ptr<SwapWrite> sent;
  if (plug.add(extent.count, sent)) sent->done = now() + kWriteTime;
  list_out(extent);
  count_mapped(extent, -1);
  take_swap(extent);
  swap_cached_ += extent.count;
  extent.swapped = true;
  extent.young = extent.referenced = false;
  extent.write = plug.open();
  list_in(extent, ListKind::inactive_anon);
}

// folio_end_writeback(), folio_rotate_reclaimable(): what is written is the next that goes.
void Kernel::finish_writes(Memcg& group, int node) {
  PageList& writing = group.writing[static_cast<std::size_t>(node)];
  PageList& oldest =
      group
          .lists[static_cast<std::size_t>(node)][static_cast<std::size_t>(ListKind::inactive_anon)];
  for (Extent* extent = writing.oldest; extent != nullptr;) {
    Extent* next = extent->newer;
    if (extent->write->done && *extent->write->done <= now()) {
      writing.remove(*extent);
      extent->write = nullptr;
      extent->cached = true;
      oldest.push_oldest(*extent);
    }
    extent = next;
  }
}

// __remove_mapping(): only swap has it from now on.
void Kernel::leave_swap_cache(Extent& extent) {
  list_out(extent);
  extent.cached = false;
  swap_cached_ -= extent.count;
  machine_.give(extent.zone, extent.count);
  for (Memcg* group = extent.memcg; !group->is_root(); group = group->parent)
    group->memory.usage -= extent.count;
  join(extent);
}

// do_swap_page() of what is in memory still: it is mapped again, and as it is written to its place
// in swap is given back (should_try_to_free_swap()). Shared memory waits for its write first
// (shmem_swapin_folio()).
Co<bool> Kernel::map_again(Process& process, Extent& extent, Pages count) {
  const Object& object = *extent.object;
  if (extent.write != nullptr && object.kind == Object::Kind::shmem) {
    const std::optional<SimTime> done = extent.write->done;
    if (!done || *done > now()) {
      begin_stall(process);
      process.uninterruptible = true;
      co_await scheduler_.pause_for(*process.thread, done ? *done - now() : kLookAgain);
      process.uninterruptible = false;
      end_stall(process);
      co_return true;
    }
  }
  const SimTime each = profile_.costs.fault;
  const Pages part = std::min({extent.count, count, Pages(pages_at_once(*process.thread, each))});
  Extent& mapped = extent.count > part ? split(extent, part) : extent;
  list_out(mapped);
  count_mapped(mapped, 1);
  give_swap(mapped);
  swap_cached_ -= part;
  mapped.swapped = mapped.cached = false;
  mapped.write = nullptr;
  mapped.young = object.name.empty();
  list_in(mapped, ListKind::active_anon);
  process.memcg->own.pgfault += part.count();
  vmstat_.pgfault += part.count();
  co_await spend(*process.thread, each * part.count());
  co_return true;
}

}  // namespace oomkit::sim
