// How PID 1 of a virtual machine turns to the host: over the second serial port, with what it is.
#pragma once

#include "guest/plan.h"
#include "guest/protocol.h"

namespace oomkit::guest {

// The second serial port, which carries bytes as they are. Below 0 if there is none.
int open_port();

// The kernel, the processors and the time since boot of this machine, whose cgroups are of that
// version.
void say_hello(Protocol& protocol, CgroupVersion version);

}  // namespace oomkit::guest
