// The part of a filesystem that this program reads: procfs, /var/log/pods, a capture.
//
// Whoever needs files of a host asks for them here, so that a captured tree, a made-up one
// and the machine itself are the same. Paths are relative to the root of the tree
// ("var/log/pods"), and nothing outside it is reached, by a link neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/file_descriptor.h"

namespace oomkit {

// A folder that is kept open, for reading the same or many small files in it again and
// again: procfs, cgroupfs. Opening below it walks no path from the root, the content goes
// into the caller's buffer, and a failure, of which a scan of processes meets many,
// allocates nothing. Paths are relative to the folder and do not leave it.
class OpenFolder {
 public:
  virtual ~OpenFolder() = default;

  using Reading = tl::expected<std::string_view, ErrorCode>;

  // The whole file. The view is into `buffer`, which grows where it must.
  virtual Reading read(std::string_view path, std::vector<char>& buffer) const = 0;
  // What one system call gives of it: all of a procfs file that is made in one piece, like
  // PID/status, without asking a second time whether there is more.
  virtual Reading read_once(std::string_view path, std::vector<char>& buffer) const = 0;

  // A process's file that stays open, to be read from its beginning again and again. It goes
  // with that process: who has its number later is not read by it. None where it cannot be
  // opened, and where this is no procfs.
  virtual FileDescriptor keep(std::string_view path) const = 0;

  // The folders in it whose names are numbers, ascending: the processes of procfs.
  virtual tl::expected<std::vector<std::int64_t>, ErrorCode> numbers() const = 0;
  // The folders below `path` (which may be "."). In the order in which they were made where
  // the filesystem shows it, which cgroupfs of a running kernel does, else by name.
  virtual tl::expected<std::vector<std::string>, ErrorCode> folders(
      std::string_view path) const = 0;
};

class FileTree {
 public:
  virtual ~FileTree() = default;

  static constexpr std::size_t kFileMax = 64UL * 1024 * 1024;

  // The whole file, at most kFileMax bytes of it.
  virtual Result<std::string> read(std::string_view path) const = 0;
  // The names in a directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(std::string_view path) const = 0;
  // Refers to the tree where that is in memory: the tree must live longer.
  virtual Result<std::unique_ptr<OpenFolder>> open_folder(std::string_view path) const = 0;
};

// The tree below a directory: "/" for this machine. Or a captured one in a single file
// (io/tree_file.h).
Result<std::unique_ptr<FileTree>> open_file_tree(const std::string& root);

// For tests: files in memory, and paths that fail in a chosen way.
class MemoryFileTree final : public FileTree {
 public:
  void put(std::string path, std::string content);
  void break_path(std::string path, ErrorCode code);

  Result<std::string> read(std::string_view path) const override;
  Result<std::vector<std::string>> list(std::string_view path) const override;
  Result<std::unique_ptr<OpenFolder>> open_folder(std::string_view path) const override;

 private:
  friend class MemoryFolder;

  std::map<std::string, std::string, std::less<>> files_;
  std::map<std::string, ErrorCode, std::less<>> broken_;
};

}  // namespace oomkit
