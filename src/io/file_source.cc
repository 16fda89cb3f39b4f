#include "io/file_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) return tl::unexpected(system_error(path, "cannot open", errno));
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return tl::unexpected(system_error(path, "cannot read", EISDIR));
  }
  // Read ahead further: a log is read once, from its begin to its end.
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<FileSource>(path, std::move(fd));
}

Result<std::size_t> FileSource::read_descriptor(std::span<char> buffer) {
  while (true) {
    const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return tl::unexpected(system_error(name_, "cannot read", errno));
  }
}

Result<std::size_t> FileSource::read(std::span<char> buffer) {
  if (peeked_.empty()) return read_descriptor(buffer);
  const std::size_t count = std::min(buffer.size(), peeked_.size());
  std::memcpy(buffer.data(), peeked_.data(), count);
  peeked_.erase(0, count);
  return count;
}

Result<std::string_view> FileSource::peek(std::size_t count) {
  while (peeked_.size() < count) {
    const std::size_t had = peeked_.size();
    peeked_.resize(count);
    const auto got = read_descriptor(std::span(peeked_).subspan(had));
    peeked_.resize(had + got.value_or(0));
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
  }
  return std::string_view(peeked_).substr(0, count);
}

}  // namespace oomkit
