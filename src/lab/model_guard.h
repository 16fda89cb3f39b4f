// The guard in the model's world: the loop, the policy's engine and the kill path that run on a
// machine, with a model's files, pidfds and clock behind their doors.
//
// It stands where worlds are put together: in a rehearsal the lab puts oom-guard into the machine,
// here it puts the same code into the model. sim/ knows only that somebody lives there
// (sim/resident.h), and the guard only its three seams: TickSource, KillDoor and Outbox.
#pragma once

#include <string>

#include "policy/policy.h"
#include "sim/resident.h"

namespace oomkit {

ResidentPlan guard_in_model(Policy policy);

}  // namespace oomkit
