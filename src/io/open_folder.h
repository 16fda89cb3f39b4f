// An open folder of this machine's filesystems.
#pragma once

#include <memory>

#include "io/file_source.h"
#include "io/file_tree.h"

namespace oomkit {

// `numbered_by_age`: inode numbers grow with time, as they do in cgroupfs.
std::unique_ptr<OpenFolder> make_open_folder(FileDescriptor directory, bool numbered_by_age);

}  // namespace oomkit
