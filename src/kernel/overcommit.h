// May this much address space be promised? __vm_enough_memory() in mm/util.c (mm/mmap.c
// before 4.7), vm_commit_limit() beside it. A refusal is ENOMEM for the caller, never an
// OOM kill: overcommit decides what is promised, the OOM killer what is broken of it.
//
//   mode 1 always   everything is granted
//   mode 2 never    granted while Committed_AS with the request stays below the limit less
//                   reserves; since 3.10 the reserves are admin_reserve_kbytes for those
//                   without CAP_SYS_ADMIN and min(total_vm / 32, user_reserve_kbytes),
//                   before that 1/32 of the limit and total_vm / 32
//   mode 0 guess    since 5.2 refused only if the request alone exceeds RAM + swap; before,
//                   what is free or can be dropped without swapping had to hold it
#pragma once

#include <optional>

#include "core/units.h"
#include "model/kernel_version.h"

namespace oomkit {

enum class OvercommitMode { guess = 0, always = 1, never = 2 };

struct OvercommitHost {
  OvercommitMode mode = OvercommitMode::guess;
  PageSize page_size = PageSize::k4K;
  Pages ram;  // MemTotal.
  Pages swap;
  Pages hugetlb;      // All huge pages set aside, in base pages.
  int ratio = 50;     // vm.overcommit_ratio, percent; without effect when kbytes is not 0.
  KiB overcommit;     // vm.overcommit_kbytes (3.14).
  KiB admin_reserve;  // vm.admin_reserve_kbytes.
  KiB user_reserve;   // vm.user_reserve_kbytes.
  Pages committed;    // Committed_AS without the request.
};

// CommitLimit of /proc/meminfo, printed in every mode and obeyed in mode 2.
Pages commit_limit(const OvercommitHost& host);

// What mode 0 looked at up to 5.1.
struct OvercommitFree {
  Pages free, file, shmem, swap_free, slab_reclaimable, misc_reclaimable, totalreserve;
};

struct OvercommitRequest {
  Pages pages;
  Pages total_vm;  // Of the mm that asks, without the request.
  bool cap_sys_admin = false;
};

struct OvercommitVerdict {
  bool granted = true;
  // What the request was measured against: with mode 2 the committed pages that must not be
  // reached, with mode 0 the pages that the request must not exceed. Absent in mode 1.
  std::optional<Pages> allowed;
};

// Nothing if the kernel judges by what is free (mode 0 up to 5.1) and `free` is absent.
std::optional<OvercommitVerdict> overcommit(const OvercommitHost& host,
                                            const OvercommitRequest& request,
                                            const KernelVersion& version,
                                            const std::optional<OvercommitFree>& free = {});

}  // namespace oomkit
