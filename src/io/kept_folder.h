// Folders that are kept open and listed or read again and again without allocating: procfs and
// cgroupfs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "io/file_descriptor.h"
#include "io/kill_door.h"

namespace oomkit {

// No descriptor if it cannot be opened; `errno` says why. The second takes a folder below one
// that is open.
FileDescriptor open_kept_folder(const std::string& path);
FileDescriptor open_folder_below(int folder, const char* name);

// A file in it, opened for this one reading.
DoorText read_kept_folder(int folder, const char* name, std::span<char> buffer);
// Where a link leads: PID/exe.
DoorText read_link(int folder, const char* name, std::span<char> buffer);
// An extended attribute of the folder itself; ENODATA where it has none of that name.
DoorText read_attribute(int folder, const char* name, std::span<char> buffer);
// Who owns the folder; the number of an error below 0.
std::int64_t owner_of(int folder);

struct FolderEntry {
  std::uint64_t inode = 0;
  const char* name = nullptr;  // Ends with a NUL; good until the next call.
  bool is_folder = false;
};

// What is in a folder, from its first entry, without "." and "..".
class FolderList {
 public:
  // `buffer` holds what the kernel gives at a time and must outlive the list.
  FolderList(int folder, std::span<char> buffer);
  // False at the end, and where the folder cannot be listed (any more).
  bool next(FolderEntry& entry);

 private:
  int folder_;
  std::span<char> buffer_;
  std::size_t at_ = 0;
  std::size_t length_ = 0;
};

std::int64_t machine_page_size();

}  // namespace oomkit
