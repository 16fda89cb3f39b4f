// What virtual machines need that a test cannot bring along.
#pragma once

#include <string>

namespace oomkit {

// Why no machine can be started here, "" if one can.
std::string missing_for_vms();

}  // namespace oomkit
