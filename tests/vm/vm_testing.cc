#include "vm_testing.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace oomkit {
namespace {

std::string content_of(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  // What a process that ends meanwhile leaves unread is no error here; an iterator would throw.
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string folder = testing::TempDir() + "oomkit-vm-XXXXXX";
  folder_ = ::mkdtemp(folder.data());
}

ScratchFolder::~ScratchFolder() {
  std::filesystem::remove_all(folder_);
}

std::string ScratchFolder::put(const std::string& name, const std::string& text) const {
  std::ofstream(folder_ / name, std::ios::binary) << text;
  return path(name);
}

std::string ScratchFolder::read(const std::string& name) const {
  return content_of(folder_ / name);
}

std::vector<std::string> ScratchFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int> processes_with(const std::string& text) {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (name == std::to_string(::getpid())) continue;
    if (content_of(entry.path() / "environ").find(text) != std::string::npos ||
        content_of(entry.path() / "cmdline").find(text) != std::string::npos) {
      found.push_back(std::atoi(name.c_str()));
    }
  }
  return found;
}

}  // namespace oomkit
