// Reads as procfs and cgroupfs like to be read: open, one or two reads, close.
#include "io/open_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr std::size_t kBufferMin = 16UL * 1024;

ErrorCode reading_code(int error_number) {
  // A process that ended, or a cgroup that was removed, between opening and reading.
  if (error_number == ESRCH || error_number == ENODEV || error_number == ENOENT) {
    return ErrorCode::not_found;
  }
  if (error_number == EACCES || error_number == EPERM) return ErrorCode::denied;
  return system_error("", "", error_number).code;
}

class RealFolder final : public OpenFolder {
 public:
  RealFolder(FileDescriptor directory, bool numbered_by_age)
      : directory_(std::move(directory)), numbered_by_age_(numbered_by_age) {
    struct statfs filesystem {};
    procfs_ =
        ::fstatfs(directory_.get(), &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC;
  }

  Reading read(std::string_view path, std::vector<char>& buffer) const override {
    return read_file(path, buffer, false);
  }
  Reading read_once(std::string_view path, std::vector<char>& buffer) const override {
    return read_file(path, buffer, true);
  }
  FileDescriptor keep(std::string_view path) const override {
    return FileDescriptor(procfs_ ? open_below(path, O_RDONLY) : -1);
  }

  tl::expected<std::vector<std::int64_t>, ErrorCode> numbers() const override {
    std::vector<std::int64_t> numbers;
    const auto status = for_each_entry(".", [&](const dirent& entry) {
      const std::string_view name = entry.d_name;
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (error == std::errc() && end == name.data() + name.size() && number >= 0) {
        numbers.push_back(number);
      }
    });
    if (!status) return tl::unexpected(status.error());
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  tl::expected<std::vector<std::string>, ErrorCode> folders(std::string_view path) const override {
    std::vector<std::pair<std::uint64_t, std::string>> found;
    const auto status = for_each_entry(path, [&](const dirent& entry) {
      const std::string_view name = entry.d_name;
      if (name == "." || name == ".." || !is_folder(path, entry)) return;
      found.emplace_back(numbered_by_age_ ? entry.d_ino : 0, name);
    });
    if (!status) return tl::unexpected(status.error());
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    names.reserve(found.size());
    for (auto& [serial, name] : found)
      names.push_back(std::move(name));
    return names;
  }

 private:
  // Links stay inside of the folder, and none of procfs leads out of it.
  int open_below(std::string_view path, int flags) const {
    std::array<char, 512> name{};
    if (path.size() >= name.size()) return open_long(std::string(path), flags);
    std::memcpy(name.data(), path.data(), path.size());
    return open_named(name.data(), flags);
  }
  int open_long(const std::string& path, int flags) const {
    return open_named(path.c_str(), flags);
  }
  int open_named(const char* path, int flags) const {
    open_how how{};
    how.flags = static_cast<decltype(how.flags)>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const auto file =
        static_cast<int>(::syscall(SYS_openat2, directory_.get(), path, &how, sizeof how));
    // Before 5.6, and where a container's filter forbids what it does not know.
    if (file < 0 && (errno == ENOSYS || errno == EPERM)) {
      return ::openat(directory_.get(), path, flags | O_CLOEXEC);
    }
    return file;
  }

  Reading read_file(std::string_view path, std::vector<char>& buffer, bool once) const {
    const FileDescriptor file(open_below(path, O_RDONLY | O_NONBLOCK));
    if (file.get() < 0) return tl::unexpected(reading_code(errno));
    if (buffer.size() < kBufferMin) buffer.resize(kBufferMin);
    std::size_t had = 0;
    while (true) {
      const ssize_t count = ::read(file.get(), buffer.data() + had, buffer.size() - had);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return tl::unexpected(reading_code(errno));
      had += static_cast<std::size_t>(count);
      const bool full = had == buffer.size();
      if (count == 0 || (once && !full)) break;
      if (!full) continue;
      if (buffer.size() >= FileTree::kFileMax) break;
      buffer.resize(buffer.size() * 2);
    }
    return std::string_view(buffer.data(), had);
  }

  template <class Visit>
  tl::expected<void, ErrorCode> for_each_entry(std::string_view path, Visit visit) const {
    FileDescriptor directory(open_below(path, O_RDONLY | O_DIRECTORY));
    if (directory.get() < 0) return tl::unexpected(reading_code(errno));
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(directory.get()), ::closedir);
    if (!stream) return tl::unexpected(reading_code(errno));
    directory.release();  // The stream closes it.
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each stream is read by one thread.
    while (const dirent* entry = ::readdir(stream.get())) {
      visit(*entry);
      errno = 0;
    }
    if (errno != 0) return tl::unexpected(reading_code(errno));
    return {};
  }

  bool is_folder(std::string_view path, const dirent& entry) const {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    const std::string name = std::string(path) + "/" + entry.d_name;
    struct stat status {};
    return ::fstatat(directory_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
  }

  FileDescriptor directory_;
  bool numbered_by_age_;
  bool procfs_ = false;
};

}  // namespace

std::unique_ptr<OpenFolder> make_open_folder(FileDescriptor directory, bool numbered_by_age) {
  return std::make_unique<RealFolder>(std::move(directory), numbered_by_age);
}

}  // namespace oomkit
