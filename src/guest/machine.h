// The machine that is all the scenario's own: what PID 1 does before it can begin. Mounts,
// modules, disks, swap, sysctls. Only for a virtual machine.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "guest/plan.h"

namespace oomkit::guest {

// /proc, /sys, /dev, /tmp and the cgroup trees of that version.
Status mount_system(CgroupVersion version);

// The modules of /modules/order, in that order.
Status load_modules();

// The data disk at /data, where there is one.
Status mount_data();

// The swap of the scenario: a disk with our own signature, or zram.
Status prepare_swap(const HostSpec& host);

// Sysctls of [host], loopback, and what the record needs: sysrq, the console's level.
Status prepare_host(const HostSpec& host);

// "oomkit.seed=N" of the kernel's command line; 0 without it.
std::uint64_t seed_of_command_line();

}  // namespace oomkit::guest
