// A scope unit of systemd's with us in it: a cgroup that we may govern ourselves.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"

namespace oomkit {

// systemd is this machine's init.
bool systemd_runs();

// This process and `others` move into a new, delegated scope: of the system's manager for
// root, else of the user's own. Returns once all are in it. The scope ends with its processes.
Status start_own_scope(const std::string& name, const std::string& description,
                       const std::vector<pid_t>& others);

}  // namespace oomkit
