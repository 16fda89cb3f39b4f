// The tree below a directory of this machine.
#include "io/file_tree.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/file_source.h"
#include "io/machine.h"
#include "io/open_folder.h"
#include "io/system_error.h"
#include "io/tree_file.h"

namespace oomkit {
namespace {

// "var/log/pods" for "/var//log/./pods/". Nothing if it would climb out by "..".
Result<std::string> tidy_path(std::string_view path) {
  std::string tidy;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    if (part == "..") return fail(ErrorCode::usage, std::string(path) + ": leads out of the tree");
    if (part.empty() || part == ".") continue;
    if (!tidy.empty()) tidy += '/';
    tidy += part;
  }
  return tidy.empty() ? std::string(".") : tidy;
}

class DirectoryTree final : public FileTree {
 public:
  DirectoryTree(std::string root, FileDescriptor fd) : root_(std::move(root)), fd_(std::move(fd)) {}

  Result<std::string> read(std::string_view path) const override {
    OOMKIT_TRY(const FileDescriptor file, open_below(path, O_RDONLY | O_NONBLOCK));
    std::string content;
    // Files of procfs say that they are empty: read until there is no more.
    constexpr std::size_t kBlock = 64UL * 1024;
    while (content.size() < kFileMax) {
      const std::size_t had = content.size();
      content.resize(had + std::min(kBlock, kFileMax - had));
      const ssize_t count = ::read(file.get(), content.data() + had, content.size() - had);
      content.resize(had + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      if (count == 0) break;
      if (count < 0 && errno != EINTR) {
        return tl::unexpected(system_error(full_name(path), "cannot read", errno));
      }
    }
    return content;
  }

  Result<std::vector<std::string>> list(std::string_view path) const override {
    OOMKIT_TRY(FileDescriptor directory, open_below(path, O_RDONLY | O_DIRECTORY));
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(directory.get()), ::closedir);
    if (!stream) return tl::unexpected(system_error(full_name(path), "cannot list", errno));
    directory.release();  // The stream closes it.
    std::vector<std::string> names;
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each stream is read by one thread.
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return tl::unexpected(system_error(full_name(path), "cannot list", errno));
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::unique_ptr<OpenFolder>> open_folder(std::string_view path) const override {
    OOMKIT_TRY(FileDescriptor directory, open_below(path, O_RDONLY | O_DIRECTORY));
    // Only the machine's own cgroupfs and procfs number their folders as they are made; the
    // numbers in a copy say when it was copied.
    return make_open_folder(std::move(directory), root_.empty());
  }

 private:
  std::string full_name(std::string_view path) const { return root_ + "/" + std::string(path); }

  Result<FileDescriptor> open_below(std::string_view path, int flags) const {
    OOMKIT_TRY(const std::string tidy, tidy_path(path));
    // Links of a captured tree lead to places in that tree.
    open_how how{};
    how.flags = static_cast<decltype(how.flags)>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    FileDescriptor file(
        static_cast<int>(::syscall(SYS_openat2, fd_.get(), tidy.c_str(), &how, sizeof how)));
    // Before 5.6, and where a container's filter forbids what it does not know.
    if (file.get() < 0 && (errno == ENOSYS || errno == EPERM)) {
      file = FileDescriptor(::openat(fd_.get(), tidy.c_str(), flags | O_CLOEXEC));
    }
    if (file.get() < 0) {
      return tl::unexpected(system_error(full_name(path), "cannot open", errno));
    }
    return file;
  }

  std::string root_;
  FileDescriptor fd_;
};

}  // namespace

Result<std::unique_ptr<FileTree>> open_file_tree(const std::string& root) {
  FileDescriptor fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 && errno == ENOTDIR) {
    OOMKIT_TRY(const std::string text, read_whole(root, FileTree::kFileMax));
    OOMKIT_TRY(MemoryFileTree tree, parse_tree_file(root, text));
    return std::make_unique<MemoryFileTree>(std::move(tree));
  }
  if (fd.get() < 0) return tl::unexpected(system_error(root, "cannot open the directory", errno));
  std::string name = root;
  while (!name.empty() && name.back() == '/')
    name.pop_back();
  return std::make_unique<DirectoryTree>(std::move(name), std::move(fd));
}

}  // namespace oomkit
