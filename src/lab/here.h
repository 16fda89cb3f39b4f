// An experiment on this machine: in a memory cgroup of its own, and in nothing else.
//
// The workload runner that is PID 1 of a virtual machine runs here as an ordinary process. It
// may make cgroups below one that is made for it, and start processes in them; each of them
// stands under a limit, so that a shortage is theirs alone. No sysctl, no sysrq, no module, no
// swap, nothing outside of that cgroup is touched. When it is over, or at ^C, every process
// in it is ended and the cgroup is removed.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "lab/experiment.h"
#include "lab/rehearse.h"

namespace oomkit {

// Why it cannot be done here: it needs a machine of its own, or this one lacks something.
Status fits_here(const Experiment& experiment);

// `interrupt`: a descriptor that becomes readable when the run is to be ended; -1: none.
Result<Rehearsal> run_here(const Experiment& experiment, std::uint64_t seed, int interrupt);

}  // namespace oomkit
