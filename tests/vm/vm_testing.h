// Shared by the tests that start virtual machines.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vm_missing.h"

namespace oomkit {

// A folder of its own that is gone afterwards, to which TMPDIR of what is run may point.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string put(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  std::filesystem::path folder_;
};

// Processes that have `text` in their environment or command line: those of one test, by the
// name of its folder.
std::vector<int> processes_with(const std::string& text);

}  // namespace oomkit
