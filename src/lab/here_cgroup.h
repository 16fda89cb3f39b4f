// The one cgroup that an experiment on this machine has: where it may be, and made there.
#pragma once

#include "core/result.h"
#include "io/memory_hierarchy.h"
#include "io/own_cgroup.h"

namespace oomkit {

// Where memory is controlled here; an error says what else there is.
Result<MemoryHierarchy> hierarchy_here();

// A new one below our own, with the memory controller. An error names what is missing and the
// remedy.
Result<OwnCgroup> make_here_cgroup(const MemoryHierarchy& hierarchy);

}  // namespace oomkit
