// The guest's disks: files without a name that take room only as they are written.
#pragma once

#include <string>

#include "core/result.h"
#include "core/units.h"
#include "io/temporary_file.h"
#include "scenario/scenario.h"

namespace oomkit {

// Room for the files that the scenario's processes read and write; 0: they have none.
Bytes data_disk_size(const Scenario& scenario);

// Where mke2fs is; an error names the package that has it.
Result<std::string> find_mke2fs();

// An empty disk; the guest makes the swap signature itself.
Result<TemporaryFile> make_swap_disk(Bytes size);

// A disk with an empty ext4 on it.
Result<TemporaryFile> make_data_disk(Bytes size, const std::string& mke2fs);

}  // namespace oomkit
