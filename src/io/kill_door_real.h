// The door to this machine's processes and cgroups.
#pragma once

#include <memory>

#include "core/result.h"
#include "io/kill_door.h"

namespace oomkit {

// Opens what it keeps open; refused where there is no /proc.
Result<std::unique_ptr<KillDoor>> make_kill_door();

}  // namespace oomkit
