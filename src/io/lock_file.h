// A file that says "one of us is running", by a lock that goes with its holder.
#pragma once

#include <string>

#include "core/result.h"
#include "io/file_descriptor.h"

namespace oomkit {

// Held as long as the descriptor, or one inherited from it, is open; it stays open over exec.
// An error of code `unsupported` names the process that holds it.
Result<FileDescriptor> take_lock(const std::string& path);

}  // namespace oomkit
