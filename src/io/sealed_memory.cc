#include "io/sealed_memory.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oomkit {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

SealedMemory::SealedMemory() : file_(::memfd_create("oom-guard-knows", MFD_ALLOW_SEALING)) {}

bool SealedMemory::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return file_.get() >= 0;
}

int SealedMemory::seal() {
  if (file_.get() < 0 || ::fcntl(file_.get(), F_ADD_SEALS, kSeals) != 0) return -1;
  return file_.release();
}

Result<std::string> SealedMemory::read(int file) {
  const int seals = ::fcntl(file, F_GET_SEALS);
  // What is no memory of this kind may be somebody's file; it is not ours to close.
  if (seals < 0) return fail(ErrorCode::malformed, "no file of memory");
  const FileDescriptor owned(file);
  struct stat about {};
  if ((seals & kSeals) != kSeals) return fail(ErrorCode::malformed, "not sealed");
  if (::fstat(file, &about) != 0 || about.st_size > static_cast<off_t>(kMost))
    return fail(ErrorCode::malformed, "too long");
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got =
        ::pread(file, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(ErrorCode::io, std::strerror(errno));
    done += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace oomkit
