// The kernel modules that a guest needs for its disks, in the order in which they load.
//
// Distributions' kernels have the virtio block device and zram as modules. A module names
// what it stands on itself ("depends=" among its own notes), which is the same in every
// folder layout and needs no modules.dep.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace oomkit {

struct KernelModule {
  std::string name;   // "virtio_blk", dashes as underscores.
  std::string bytes;  // Decompressed.
};

// The names in `depends=` of a module's bytes; nothing if it has no such note: then it is
// no kernel module.
std::optional<std::vector<std::string>> module_dependencies(std::string_view bytes);

// A folder's module by its name: none if the kernel has it built in.
using ModuleSource = std::function<Result<std::optional<std::string>>(const std::string& name)>;

// `wanted` and all they depend on, each after what it depends on. What the source does not
// have is taken to be built in.
Result<std::vector<KernelModule>> modules_in_order(const std::vector<std::string>& wanted,
                                                   const ModuleSource& source);

// Modules of a flat folder (fetched kernels) or of a tree as /lib/modules/RELEASE is.
Result<ModuleSource> open_modules(const std::string& folder);

}  // namespace oomkit
