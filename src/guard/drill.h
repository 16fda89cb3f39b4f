// A fire drill at the start: the guard meets an emergency that is made up, with a victim of its
// own, before it has to meet a real one.
//
// What it is for: every page of code and data that an emergency needs has then been used, is in
// memory and stays there; the rest of the program, which reads policies, need not be. And it
// shows whether this policy decides at all, and whether we are able to kill.
#pragma once

#include "act/kill_run.h"
#include "policy/policy.h"

namespace oomkit {

struct DrillResult {
  bool decided = false;  // The policy knew what to do when nothing was left.
  bool killed = false;   // The victim was ended by it.
};

// `victim` is a process that we have started for this; nobody else is in the made-up host.
DrillResult hold_drill(const Policy& policy, KillDoor& door, KillRun& run, const KillTarget& victim,
                       bool dry_run);

}  // namespace oomkit
