// The swap cache: pages that are written to a disk for swap, until reclaim comes for them a second
// time or they are used again. mm/swap_state.c, mm/memory.c
#include "sim/swap_cache.h"

#include <algorithm>
#include <utility>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

// From the sending of a batch to its completion: medians of block_rq_issue to block_rq_complete in
// rehearsals of 7.2 on a busy host. What is large waits for the host's threads.
constexpr Pages kSmallWrite(64);
constexpr SimTime kSmallWriteTime = 0us;
constexpr SimTime kWriteTime = 13ms;
constexpr SimTime kLookAgain = 4ms;  // Where it is not known when a write will be sent.

SimTime write_time(const SwapWrite& write) {
  return write.pages > kSmallWrite ? kWriteTime : kSmallWriteTime;
}

}  // namespace

// A new request makes the plug go where it has as many as it may, or where its first (up to 6.11:
// its last) is larger than BLK_PLUG_FLUSH_SIZE (128 KiB): a full one of writes is, a cluster's read
// is not.
bool SwapPlug::add(Pages pages, std::shared_ptr<SwapWrite>& sent) {
  bool goes = false;
  if (in_request_ >= kRequest) {
    const bool read = looks_at_first_ ? reads_first_ : is_read_;
    goes = requests_ >= kMostRequests || (requests_ > 0 && !read);
    if (goes) sent = take();
    ++requests_;
    is_read_ = false;
    in_request_ = Pages(0);
  }
  in_request_ += pages;
  open_->pages += pages;
  return goes;
}

std::shared_ptr<SwapWrite> SwapPlug::take() {
  requests_ = 0;
  in_request_ = kRequest;
  reads_first_ = is_read_ = false;
  return std::exchange(open_, std::make_shared<SwapWrite>());
}

// blk_finish_plug()
void Kernel::send_writes(const SwapPlug& plug) const {
  plug.open()->done = now() + write_time(*plug.open());
}

// wait_on_page_writeback(), by reclaim. Whoever sleeps sends what he collected (io_schedule()).
Co<void> Kernel::wait_for_write(const Scan& scan, std::shared_ptr<SwapWrite> write,
                                SwapPlug& plug) {
  const std::shared_ptr<SwapWrite> own = plug.take();
  own->done = now() + write_time(*own);
  const SimTime left = write->done ? *write->done - now() : kLookAgain;
  if (left <= SimTime(0)) co_return;
  co_await wait_for_disk(*scan.process, left);
}

// add_to_swap(), try_to_unmap() and pageout(): a place in swap is taken, nobody maps the page any
// more, and its write is collected. It stays charged.
void Kernel::write_to_swap(Extent& extent, SwapPlug& plug) {
  std::shared_ptr<SwapWrite> sent;
  if (plug.add(extent.count, sent)) sent->done = now() + write_time(*sent);
  count_mapped(extent, -1);
  take_swap(extent);
  swap_cached_ += extent.count;
  extent.swapped = true;
  extent.object->forget_young();
  extent.young = extent.referenced = false;
  extent.write = plug.open();
  extent.memcg->writing[node_of(extent)].push(extent);
}

void Kernel::forget_write(Extent& extent) {
  if (extent.write == nullptr) return;
  extent.memcg->writing[node_of(extent)].remove(extent);
  extent.write = nullptr;
}

// folio_end_writeback(), folio_rotate_reclaimable(): what is written is the next that goes.
void Kernel::finish_writes(Memcg& group, int node) {
  for (Extent* extent = group.writing[static_cast<std::size_t>(node)].oldest; extent != nullptr;) {
    Extent* next = extent->written_later;
    if (extent->write->done && *extent->write->done <= now()) {
      forget_write(*extent);
      extent->cached = true;
      list_out(*extent);
      extent->list = ListKind::inactive_anon;
      if (profile_.generations) {
        GenerationsOfKind& anon = group.generations[static_cast<std::size_t>(node)].of(false);
        extent->generation = extent->stands_in = generation_at(anon.min_seq);
        anon.pages[extent->generation] += extent->count;
      }
      list_of(*extent).push_oldest(*extent);
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
    const SimTime left = done ? *done - now() : kLookAgain;
    if (left > SimTime(0)) {
      begin_stall(process);
      co_await wait_for_disk(process, left);
      end_stall(process);
      co_return true;
    }
  }
  const SimTime each = profile_.costs.fault;
  const Pages part = std::min({extent.count, count, Pages(pages_at_once(*process.thread, each))});
  Extent& mapped = extent.count > part ? split(extent, part) : extent;
  forget_write(mapped);
  follow_counts(*process.mm);
  count_mapped(mapped, 1);
  give_swap(mapped);
  follow_counts(*process.mm);
  process.mm->by_thread.fault(refault_counts(object), part.count());
  swap_cached_ -= part;
  mapped.swapped = mapped.cached = false;
  mapped.young = object.name.empty();
  use_tables(*mapped.object, mapped.first, part.count());
  if (profile_.generations) {
    list_out(mapped);
    list_in(mapped, ListKind::active_anon);
  } else {
    join(mapped);
  }
  process.memcg->own.pgfault += part.count();
  vmstat_.pgfault += part.count();
  co_await spend(*process.thread, each * part.count());
  co_return true;
}

}  // namespace oomkit::sim
