// The disks of the machine, found by the serial that the host gave them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oomkit::guest {

// "/dev/vda".
std::optional<std::string> disk_of_serial(std::string_view serial);

}  // namespace oomkit::guest
