// Memory that no process holds: the page cache, files in a tmpfs, inodes, sockets' buffers.
// mm/filemap.c, mm/shmem.c, mm/slub.c, net/ipv4/tcp.c
#include <algorithm>
#include <cerrno>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr SimTime kReadPage = 30'000ns;  // From a disk, of a stream.
constexpr SimTime kMakeFile = 60'000ns;
constexpr SimTime kSendPage = 12'000ns;
constexpr Bytes kPageBytes(4096);
constexpr Bytes kDentry(192);
// A page of a tmpfs is in the page cache before it is counted as committed (mm/shmem.c, 6.7).
constexpr KernelVersion kAddedBeforeCounted{6, 7};

}  // namespace

Object& Kernel::file(std::string_view name, bool in_memory) {
  if (Object* known = find_file(name)) return *known;
  objects_.push_back(std::make_unique<Object>());
  Object& object = *objects_.back();
  object.kind = in_memory ? Object::Kind::shmem : Object::Kind::file;
  object.name = name;
  object.users = 1;
  files_.emplace(object.name, &object);
  return object;
}

Object* Kernel::find_file(std::string_view name) {
  const auto it = files_.find(name);
  return it == files_.end() ? nullptr : it->second;
}

// A file of a tmpfs is committed page by page, and beyond the limit of mode 2 refused.
// shmem_acct_blocks(), mm/shmem.c
Pages Kernel::tmpfs_allowance(const Process& process) const {
  OvercommitRequest request;
  request.pages = Pages(1);
  request.total_vm = process.mm->total_vm;
  request.cap_sys_admin = process.uid == 0;
  const auto verdict = overcommit(overcommit_host(), request, profile_.version);
  const bool limited = sysctls_.overcommit == OvercommitMode::never;
  return limited && verdict && verdict->allowed ? *verdict->allowed : kNoLimit;
}

// How many of these pages a tmpfs may have; the others are given back.
Pages Kernel::commit_to_tmpfs(Process& process, std::size_t zone, Pages charged) {
  const Pages granted = committed_.add_each(charged, tmpfs_allowance(process));
  if (granted < charged) {
    machine_.give(zone, charged - granted);
    uncharge(*process.memcg, charged - granted);
  }
  return granted;
}

// Pages of one run that are in memory.
void Kernel::use_cached(Object& file, std::int64_t first, Pages count) {
  Extent* there = file.at(first);
  if (there->referenced && (profile_.generations || is_active(there->list))) return;
  if (there->first < first) {
    split(*there, Pages(first - there->first));
    there = file.at(first);
  }
  if (there->count > count) split(*there, count);
  mark_accessed(*there);
}

// Pages of a file that are not in memory: allocated, charged, and put on the list. 0, ENOMEM, or
// ENOSPC where a tmpfs may not have them.
Co<int> Kernel::cache_pages(Process& process, Object& file, std::int64_t first, std::int64_t count,
                            bool written) {
  const std::int64_t end = first + count;
  std::int64_t page = first;
  const Costs& costs = profile_.costs;
  const bool in_memory = file.kind == Object::Kind::shmem;
  const SimTime again = !written ? costs.read : in_memory ? costs.rewrite : costs.rewrite_disk;
  const SimTime uncharged = process.memcg->is_root() ? costs.charge : SimTime(0);
  const SimTime anew = (!written    ? costs.read + kReadPage
                        : in_memory ? costs.write_new
                                    : costs.write_new_disk) -
                       uncharged;
  while (page < end) {
    if (process.sigkill) co_return ENOMEM;
    if (Extent* there = file.at(page); there != nullptr) {
      if (there->swapped) {
        if (there->first < page) {
          split(*there, Pages(page - there->first));
          there = file.at(page);
        }
        if (!co_await swap_in(process, *there, Pages(end - page))) co_return ENOMEM;
        continue;
      }
      const std::int64_t n = std::min(end, there->first + there->count.count()) - page;
      // Writing to a disk's file does not count as use (mm/filemap.c, 4.7).
      if (!written || in_memory) use_cached(file, page, Pages(n));
      page += n;
      co_await spend(*process.thread, again * n);
      continue;
    }
    const std::int64_t gap = file.next_existing(page, end) - page;
    Pages wanted = std::min(Pages(std::min(gap, pages_at_once(*process.thread, anew))),
                            memcgs_.charges_at_hand(*process.memcg, has_memsw()));
    if (in_memory && profile_.version < kAddedBeforeCounted) {
      wanted = committed_.fitting(wanted, tmpfs_allowance(process));
      if (wanted <= Pages(0)) co_return ENOSPC;
    }
    const Machine::Taken taken = co_await alloc_pages(process, wanted);
    if (taken.pages <= Pages(0)) co_return ENOMEM;
    const MemcgTree::Charge charge = memcgs_.try_charge(*process.memcg, taken.pages, has_memsw());
    process.over_high += charge.over_high;
    Pages charged = charge.pages;
    if (charged <= Pages(0)) {
      if (taken.pages > Pages(1)) machine_.give(taken.zone, taken.pages - Pages(1));
      if (!co_await charge_slowly(process, *process.memcg, charge, false)) {
        machine_.give(taken.zone, Pages(1));
        co_return ENOMEM;
      }
      charged = Pages(1);
    } else if (charged < taken.pages) {
      machine_.give(taken.zone, taken.pages - charged);
    }
    if (in_memory) charged = commit_to_tmpfs(process, taken.zone, charged);
    if (charged <= Pages(0)) co_return ENOSPC;
    add_extent(file, page, charged, taken.zone, *process.memcg,
               {.referenced = !written || in_memory, .dirty = written && !in_memory});
    page += charged.count();
    co_await spend(*process.thread, anew * charged.count());
  }
  co_return 0;
}

// How many pages of a file, from that one on, are had without a wait and before anything else
// happens: those that are in memory, or those that are not and that there is room for.
Pages Kernel::file_undisturbed(Process& process, Object& file, std::int64_t first,
                               std::int64_t count) {
  const Costs& costs = profile_.costs;
  const SimTime dearest = std::max({costs.read + kReadPage, costs.write_new, costs.write_new_disk,
                                    costs.rewrite, costs.rewrite_disk});
  const std::int64_t here = std::min(count, pages_at_once(*process.thread, dearest) - 1);
  if (here <= 0) return Pages(0);
  if (const Extent* there = file.at(first); there != nullptr)
    return there->swapped ? Pages(0)
                          : std::min(Pages(here), there->count - Pages(first - there->first));
  const Pages missing(file.next_existing(first, first + here) - first);
  return std::min(missing, plenty_for(process));
}

Co<int> Kernel::read_file(Process& process, Object& file, std::int64_t first, std::int64_t count) {
  co_return co_await cache_pages(process, file, first, count, false);
}

Co<int> Kernel::write_file(Process& process, Object& file, std::int64_t first, std::int64_t count) {
  co_return co_await cache_pages(process, file, first, count, true);
}

Co<int> Kernel::make_file(Process& process) {
  MemcgStats& own = process.memcg->own;
  const auto pages_of = [](Bytes bytes) { return bytes.count() / kPageBytes.count(); };
  const Bytes slab = own.slab_reclaimable + own.slab_unreclaimable;
  const Pages more(pages_of(slab + profile_.file_slab) - pages_of(slab));
  if (more > Pages(0)) {
    if (!co_await charge_kernel(process, *process.memcg, more, nullptr)) co_return ENOMEM;
    const Machine::Taken taken = co_await alloc_pages(process, more);
    if (taken.pages < more) co_return ENOMEM;
  }
  // Of a tmpfs the dentry is reclaimable, and the inode is not.
  own.slab_reclaimable += kDentry;
  own.slab_unreclaimable += profile_.file_slab - kDentry;
  slab_rest_ += kDentry;
  slab_unreclaimable_rest_ += profile_.file_slab - kDentry;
  slab_unreclaimable_ += Pages(pages_of(slab_unreclaimable_rest_));
  slab_unreclaimable_rest_ = Bytes(slab_unreclaimable_rest_.count() % kPageBytes.count());
  slab_reclaimable_ += Pages(pages_of(slab_rest_));
  slab_rest_ = Bytes(slab_rest_.count() % kPageBytes.count());
  co_await spend(*process.thread, kMakeFile);
  co_return 0;
}

// mem_cgroup_charge_skmem(): without any wait; at the limit the sender is held up.
Co<int> Kernel::fill_socket(Process& process, Bytes size) {
  const Pages wanted =
      floor_pages(size * profile_.sock_percent / 100 + kPageBytes - Bytes(1), PageSize::k4K);
  Pages had;
  while (had < wanted) {
    const MemcgTree::Charge charge = memcgs_.try_charge(*process.memcg, wanted - had, has_memsw());
    process.over_high += charge.over_high;
    if (charge.pages <= Pages(0)) break;
    for (Pages left = charge.pages; left > Pages(0);) {
      const Machine::Taken taken = co_await alloc_pages(process, left);
      if (taken.pages <= Pages(0)) {
        uncharge(*process.memcg, left);
        break;
      }
      left -= taken.pages;
      had += taken.pages;
    }
    if (process.is_dying()) break;
  }
  process.sock += had;
  count_charge(*process.memcg, had, &MemcgStats::sock, 1);
  co_await spend(*process.thread, kSendPage * std::max<std::int64_t>(had.count(), 1));
  co_return had < wanted ? EAGAIN : 0;
}

}  // namespace oomkit::sim
