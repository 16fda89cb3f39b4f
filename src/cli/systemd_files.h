// The files by which systemd-oomd is set up, in the order in which systemd reads them.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "import/import.h"

namespace oomkit {

// Those of a host: what /etc says goes before /run, and that before /usr/lib.
Result<std::vector<ImportSource>> host_systemd_files(const std::string& root);
// Those of one folder like /etc/systemd, or of units like /etc/systemd/system.
Result<std::vector<ImportSource>> folder_systemd_files(const std::string& path);

}  // namespace oomkit
