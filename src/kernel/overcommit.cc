#include "kernel/overcommit.h"

#include <algorithm>

namespace oomkit {
namespace {

constexpr KernelVersion kReserves{3, 10};    // admin_reserve_kbytes, user_reserve_kbytes.
constexpr KernelVersion kGuessBySize{5, 2};  // Mode 0 looks at RAM + swap only.

Pages pages_of(KiB kib, PageSize page_size) {
  return floor_pages(to_bytes(kib), page_size);
}

// RAM that can be promised, before swap.
Pages promised_ram(const OvercommitHost& host) {
  if (host.overcommit > KiB(0)) return pages_of(host.overcommit, host.page_size);
  return (host.ram - host.hugetlb) * host.ratio / 100;
}

OvercommitVerdict never_more_than_the_limit(const OvercommitHost& host,
                                            const OvercommitRequest& request,
                                            const KernelVersion& version) {
  Pages allowed = promised_ram(host);
  if (version >= kReserves) {
    allowed += host.swap;
    if (!request.cap_sys_admin) allowed -= pages_of(host.admin_reserve, host.page_size);
    allowed -= std::min(request.total_vm / 32, pages_of(host.user_reserve, host.page_size));
  } else {
    // Root's share is taken before swap is added.
    if (!request.cap_sys_admin) allowed -= allowed / 32;
    allowed += host.swap;
    allowed -= request.total_vm / 32;
  }
  return {host.committed + request.pages < allowed, allowed};
}

OvercommitVerdict no_more_than_is_free(const OvercommitHost& host, const OvercommitRequest& request,
                                       const KernelVersion& version, const OvercommitFree& free) {
  Pages allowed = free.free + free.file - free.shmem + free.swap_free + free.slab_reclaimable +
                  free.misc_reclaimable - free.totalreserve;
  if (!request.cap_sys_admin) {
    allowed -= version >= kReserves ? pages_of(host.admin_reserve, host.page_size) : allowed / 32;
  }
  return {request.pages < allowed, allowed};
}

}  // namespace

Pages commit_limit(const OvercommitHost& host) {
  return promised_ram(host) + host.swap;
}

std::optional<OvercommitVerdict> overcommit(const OvercommitHost& host,
                                            const OvercommitRequest& request,
                                            const KernelVersion& version,
                                            const std::optional<OvercommitFree>& free) {
  switch (host.mode) {
    case OvercommitMode::always:
      return OvercommitVerdict{};
    case OvercommitMode::never:
      return never_more_than_the_limit(host, request, version);
    case OvercommitMode::guess:
      break;
  }
  if (version >= kGuessBySize) {
    const Pages allowed = host.ram + host.swap;
    return OvercommitVerdict{request.pages <= allowed, allowed};
  }
  if (!free) return std::nullopt;
  return no_more_than_is_free(host, request, version, *free);
}

}  // namespace oomkit
