#include "io/writable_tree.h"

#include <cerrno>
#include <cstdio>
#include <vector>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr std::size_t kSmallFileMax = std::size_t{1} << 20;

// Where a path's last name begins.
std::size_t last_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? 0 : slash + 1;
}

bool leads_out(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (path.substr(0, slash) == "..") return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// That the name still stands for the open folder, and not for another one or for nothing.
bool is_named(int above, const std::string& name, int folder) {
  struct stat open_one {};
  struct stat named {};
  return ::fstat(folder, &open_one) == 0 &&
         ::fstatat(above, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

}  // namespace

FolderLock::~FolderLock() {
  // While it is still ours: who waits for it sees that it is gone, and makes a new one.
  if (fd_.get() >= 0) ::unlinkat(above_.get(), name_.c_str(), AT_REMOVEDIR);
}

Result<WritableTree> WritableTree::create(const std::string& root) {
  FileDescriptor fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return tl::unexpected(system_error(root, "cannot open the directory", errno));
  std::string name = root;
  while (!name.empty() && name.back() == '/')
    name.pop_back();
  return WritableTree(std::move(name), std::move(fd));
}

Result<FileDescriptor> WritableTree::open_below(const std::string& path, int flags) const {
  if (leads_out(path)) return fail(ErrorCode::usage, path + ": leads out of the tree");
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  FileDescriptor file(
      static_cast<int>(::syscall(SYS_openat2, fd_.get(), path.c_str(), &how, sizeof how)));
  // Before 5.6, and where a container's filter forbids what it does not know.
  if (file.get() < 0 && (errno == ENOSYS || errno == EPERM)) {
    file = FileDescriptor(::openat(fd_.get(), path.c_str(), flags | O_CLOEXEC));
  }
  if (file.get() < 0) return tl::unexpected(system_error(full_name(path), "cannot open", errno));
  return file;
}

Result<FileDescriptor> WritableTree::open_parent(const std::string& path, bool make) const {
  constexpr int kFolder = O_PATH | O_DIRECTORY;
  const std::size_t end = last_name(path);
  if (end == 0) return open_below(".", kFolder);
  const std::string parent = path.substr(0, end - 1);
  Result<FileDescriptor> folder = open_below(parent, kFolder);
  if (folder || !make || folder.error().code != ErrorCode::not_found) return folder;
  OOMKIT_TRY(const FileDescriptor above, open_parent(parent, make));
  if (::mkdirat(above.get(), parent.c_str() + last_name(parent), 0755) != 0 && errno != EEXIST)
    return tl::unexpected(system_error(full_name(parent), "cannot make the folder", errno));
  return open_below(parent, kFolder);
}

Result<std::optional<std::string>> WritableTree::read(const std::string& path) const {
  Result<FileDescriptor> file = open_below(path, O_RDONLY | O_NONBLOCK);
  if (!file && file.error().code == ErrorCode::not_found) return std::nullopt;
  if (!file) return tl::unexpected(file.error());
  std::string content(kSmallFileMax, '\0');
  std::size_t had = 0;
  while (had < content.size()) {
    const ssize_t count = ::read(file->get(), content.data() + had, content.size() - had);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(system_error(full_name(path), "cannot read", errno));
    if (count == 0) break;
    had += static_cast<std::size_t>(count);
  }
  if (had == content.size()) return fail(ErrorCode::malformed, full_name(path) + ": is too large");
  content.resize(had);
  return content;
}

Status WritableTree::replace(const std::string& path, std::string_view content) const {
  OOMKIT_TRY(const FileDescriptor folder, open_parent(path, true));
  const std::string name = path.substr(last_name(path));
  const std::string beside = "." + name + "." + std::to_string(::getpid());
  const FileDescriptor file(::openat(folder.get(), beside.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (file.get() < 0)
    return tl::unexpected(system_error(full_name(path), "cannot write beside it", errno));
  const bool written = write_all(file.get(), content) && ::fsync(file.get()) == 0 &&
                       ::renameat(folder.get(), beside.c_str(), folder.get(), name.c_str()) == 0;
  if (written) return {};
  const Error problem = system_error(full_name(path), "cannot write", errno);
  ::unlinkat(folder.get(), beside.c_str(), 0);
  return tl::unexpected(problem);
}

Status WritableTree::set(const std::string& path, std::string_view value) const {
  OOMKIT_TRY(const FileDescriptor file, open_below(path, O_WRONLY | O_TRUNC));
  // One write: the kernel takes each for a value of its own.
  if (::write(file.get(), value.data(), value.size()) < 0)
    return tl::unexpected(system_error(full_name(path), "cannot write", errno));
  return {};
}

Status WritableTree::remove(const std::string& path) const {
  OOMKIT_TRY(const FileDescriptor folder, open_parent(path, false));
  if (::unlinkat(folder.get(), path.c_str() + last_name(path), 0) != 0 && errno != ENOENT)
    return tl::unexpected(system_error(full_name(path), "cannot remove", errno));
  return {};
}

Result<FolderLock> WritableTree::lock_folder(const std::string& path) const {
  const std::string name = path.substr(last_name(path));
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    OOMKIT_TRY(FileDescriptor above, open_parent(path, true));
    if (::mkdirat(above.get(), name.c_str(), 0755) != 0 && errno != EEXIST)
      return tl::unexpected(system_error(full_name(path), "cannot make the folder", errno));
    FileDescriptor folder(
        ::openat(above.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder.get() < 0 && errno == ENOENT) continue;
    if (folder.get() < 0)
      return tl::unexpected(system_error(full_name(path), "cannot open the folder", errno));
    while (::flock(folder.get(), LOCK_EX) != 0) {
      if (errno != EINTR)
        return tl::unexpected(system_error(full_name(path), "cannot lock the folder", errno));
    }
    if (is_named(above.get(), name, folder.get()))
      return FolderLock(std::move(above), name, std::move(folder));
  }
  return fail(ErrorCode::io, full_name(path) + ": others make and remove it all the time");
}

void WritableTree::remove_empty_folder(const std::string& path) const {
  const Result<FileDescriptor> folder = open_parent(path, false);
  if (folder) ::unlinkat(folder->get(), path.c_str() + last_name(path), AT_REMOVEDIR);
}

}  // namespace oomkit
