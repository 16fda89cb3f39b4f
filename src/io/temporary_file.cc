#include "io/temporary_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/size_text.h"
#include "io/machine.h"

namespace oomkit {
namespace {

std::string temporary_folder() {
  const auto chosen = environment_variable("TMPDIR");
  return chosen && !chosen->empty() ? *chosen : std::string(P_tmpdir);
}

std::string size_words(std::uint64_t bytes) {
  return size_text(Bytes(static_cast<std::int64_t>(bytes))) + " (" + std::to_string(bytes) +
         " bytes)";
}

}  // namespace

Result<TemporaryFile> TemporaryFile::create(std::string purpose) {
  std::string folder = temporary_folder();
  FileDescriptor fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.get() < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
    // A filesystem that knows no such files: one with a name, for a moment.
    std::string name = folder + "/oomkit.XXXXXX";
    fd = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (fd.get() >= 0) ::unlink(name.c_str());
  }
  if (fd.get() < 0) {
    return fail(ErrorCode::io, folder + ": " + purpose + " cannot be made there: " +
                                   std::strerror(errno) + "; TMPDIR names another folder");
  }
  return TemporaryFile(std::move(fd), std::move(folder), std::move(purpose));
}

tl::unexpected<Error> TemporaryFile::no_space(std::uint64_t wanted, int error_number) const {
  return fail(ErrorCode::io, folder_ + ": no room for " + purpose_ + " of at least " +
                                 size_words(wanted) + ": " + std::strerror(error_number) +
                                 "; free some, or let TMPDIR name another folder");
}

Status TemporaryFile::append(std::string_view bytes) {
  const std::uint64_t wanted = size_ + bytes.size();
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return no_space(wanted, written < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return {};
}

Status TemporaryFile::extend(std::uint64_t bytes) {
  struct statvfs room {};
  if (::fstatvfs(fd_.get(), &room) == 0 && room.f_bavail < bytes / room.f_frsize)
    return no_space(bytes, ENOSPC);
  if (::ftruncate(fd_.get(), static_cast<off_t>(size_ + bytes)) != 0) return no_space(bytes, errno);
  size_ += bytes;
  return {};
}

}  // namespace oomkit
