// Random shortages of memory for both worlds: a seed is a scenario, the same on every compiler.
//
// A host of 256 MiB with nested groups, and two to five processes that hold anonymous and shared
// memory, write and read files in a tmpfs, come back to what they hold, and sleep in between. Of
// everything else (swap on a disk or in zram, overcommit modes, protections, high, group kills,
// cgroup v1 on 5.10 and 6.1) as many as there are. No process is in a group that has children,
// which v2 refuses.
#pragma once

#include <cstdint>
#include <string>

namespace oomkit {

// `with_v1`: of the kernels that still have it, each fourth scenario is v1's.
std::string random_scenario(std::uint64_t seed, bool with_v1);

}  // namespace oomkit
