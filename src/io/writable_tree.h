// A tree of files that may be changed: this machine's, or a captured or made-up one.
//
// The counterpart of FileTree for whoever acts: unit files and kernel settings are written
// through it, so that the same code runs on "/" and on a folder of a test. Paths are relative
// to the root ("etc/systemd/system/..."), and links do not lead out of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "io/file_source.h"

namespace oomkit {

// Held, nobody else holds it. Let go, the folder is gone if nothing is in it.
class FolderLock {
 public:
  FolderLock(FolderLock&&) = default;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  friend class WritableTree;
  FolderLock(FileDescriptor above, std::string name, FileDescriptor fd)
      : above_(std::move(above)), name_(std::move(name)), fd_(std::move(fd)) {}

  FileDescriptor above_;
  std::string name_;
  FileDescriptor fd_;
};

class WritableTree {
 public:
  static Result<WritableTree> create(const std::string& root);

  // "/etc/x" for "etc/x": as a user names it.
  std::string full_name(std::string_view path) const { return root_ + "/" + std::string(path); }

  // The whole of a small file; nothing if it is not there.
  Result<std::optional<std::string>> read(const std::string& path) const;
  // The file is there whole or as it was: written beside it, synced, renamed. Folders above it
  // are made.
  Status replace(const std::string& path, std::string_view content) const;
  // One write into a file that is there: procfs, cgroupfs.
  Status set(const std::string& path, std::string_view value) const;
  Status remove(const std::string& path) const;
  // Waits until nobody else has the folder locked, and makes it if it is not there. For who
  // reads files in it and then replaces them.
  Result<FolderLock> lock_folder(const std::string& path) const;
  // Nothing happens to a folder with something in it.
  void remove_empty_folder(const std::string& path) const;

 private:
  WritableTree(std::string root, FileDescriptor fd) : root_(std::move(root)), fd_(std::move(fd)) {}

  Result<FileDescriptor> open_below(const std::string& path, int flags) const;
  // The folder that `path` is in; made with those above it where that is wanted.
  Result<FileDescriptor> open_parent(const std::string& path, bool make) const;

  std::string root_;  // "" for "/".
  FileDescriptor fd_;
};

}  // namespace oomkit
