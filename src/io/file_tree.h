// The part of a filesystem that this program reads: procfs, /var/log/pods, a capture.
//
// Whoever needs files of a host asks for them here, so that a captured tree, a made-up one
// and the machine itself are the same. Paths are relative to the root of the tree
// ("var/log/pods"), and nothing outside it is reached, by a link neither.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace oomkit {

class FileTree {
 public:
  virtual ~FileTree() = default;

  static constexpr std::size_t kFileMax = 64UL * 1024 * 1024;

  // The whole file, at most kFileMax bytes of it.
  virtual Result<std::string> read(std::string_view path) const = 0;
  // The names in a directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(std::string_view path) const = 0;
};

// The tree below a directory: "/" for this machine.
Result<std::unique_ptr<FileTree>> open_file_tree(const std::string& root);

// For tests: files in memory, and paths that fail in a chosen way.
class MemoryFileTree final : public FileTree {
 public:
  void put(std::string path, std::string content);
  void break_path(std::string path, ErrorCode code);

  Result<std::string> read(std::string_view path) const override;
  Result<std::vector<std::string>> list(std::string_view path) const override;

 private:
  std::map<std::string, std::string, std::less<>> files_;
  std::map<std::string, ErrorCode, std::less<>> broken_;
};

}  // namespace oomkit
