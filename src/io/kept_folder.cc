#include "io/kept_folder.h"

#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "io/kept_file.h"

namespace oomkit {
namespace {

// What getdents64 gives for each entry; its name follows.
struct EntryHead {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
};
constexpr std::size_t kNameAt = 19;  // Not sizeof: the name begins in the padding.

DoorText text_of_length(ssize_t length, std::span<char> buffer) {
  if (length < 0) return {errno, {}, false};
  const auto size = static_cast<std::size_t>(length);
  return {0, {buffer.data(), size}, size == buffer.size()};
}

}  // namespace

FileDescriptor open_kept_folder(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

FileDescriptor open_folder_below(int folder, const char* name) {
  return FileDescriptor(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

DoorText read_kept_folder(int folder, const char* name, std::span<char> buffer) {
  const FileDescriptor file(::openat(folder, name, O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return {errno, {}, false};
  return read_from_start(file.get(), buffer);
}

DoorText read_link(int folder, const char* name, std::span<char> buffer) {
  return text_of_length(::readlinkat(folder, name, buffer.data(), buffer.size()), buffer);
}

DoorText read_attribute(int folder, const char* name, std::span<char> buffer) {
  return text_of_length(::fgetxattr(folder, name, buffer.data(), buffer.size()), buffer);
}

std::int64_t owner_of(int folder) {
  struct stat status {};
  return ::fstat(folder, &status) == 0 ? std::int64_t{status.st_uid} : -errno;
}

FolderList::FolderList(int folder, std::span<char> buffer) : folder_(folder), buffer_(buffer) {
  ::lseek(folder_, 0, SEEK_SET);
}

bool FolderList::next(FolderEntry& entry) {
  while (true) {
    if (at_ == length_) {
      const long got = ::syscall(SYS_getdents64, folder_, buffer_.data(), buffer_.size());
      if (got <= 0) return false;
      at_ = 0;
      length_ = static_cast<std::size_t>(got);
    }
    EntryHead head{};
    std::memcpy(&head, buffer_.data() + at_, kNameAt);
    const char* const name = buffer_.data() + at_ + kNameAt;
    at_ += head.length;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
    entry = {head.inode, name, head.type == DT_DIR};
    return true;
  }
}

std::int64_t machine_page_size() {
  return ::sysconf(_SC_PAGESIZE);
}

}  // namespace oomkit
