// What a failed system call means to the user: the input's name, the reason, the remedy.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace oomkit {

// "kern.log: cannot read: Permission denied; sudo may". `what` is the verb phrase.
Error system_error(std::string_view name, std::string_view what, int error_number);

// The same without a remedy, for callers that know a better one.
Error bare_system_error(std::string_view name, std::string_view what, int error_number);

}  // namespace oomkit
