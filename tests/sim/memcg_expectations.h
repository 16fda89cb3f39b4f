// What the kernel's own tests of memory cgroups expect, as scenarios made from their meaning:
// tests/sim/memcg. The same files in the model (here) and on real kernels (tests/vm).
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace oomkit {

inline std::vector<std::string> memcg_expectations() {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(OOMKIT_SOURCE_DIR) + "/tests/sim/memcg"))
    files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace oomkit
