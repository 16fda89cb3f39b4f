// Kernel modules, loaded from files and removed by name.
#pragma once

#include <string_view>

namespace oomkit::guest {

// 0, or what the kernel said. A module that is there already is no error.
int load_module(const char* path, const char* parameters);
int unload_module(const char* name);

// The file of a module that a scenario names: among the user's own, else the kernel's.
// Empty when there is none of that name.
std::string_view module_folder(std::string_view file);

}  // namespace oomkit::guest
