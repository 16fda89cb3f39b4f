#include "io/kept_file.h"

#include <cerrno>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

namespace oomkit {
namespace {

// These files come in pieces of about a page, cut between their lines, and no line is near
// that long. So what is shorter than this was the last piece, and asking again is spared.
constexpr std::size_t kLastPieceBelow = 2048;

}  // namespace

DoorText read_from_start(int file, std::span<char> buffer) {
  std::size_t length = 0;
  while (length < buffer.size()) {
    const ssize_t got =
        ::pread(file, buffer.data() + length, buffer.size() - length, static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {errno, {}, false};
    length += static_cast<std::size_t>(got);
    if (got == 0 || (static_cast<std::size_t>(got) < kLastPieceBelow && length < buffer.size()))
      return {0, {buffer.data(), length}, false};
  }
  return {0, {buffer.data(), length}, true};
}

std::int64_t boot_time_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

DoorText KeptFile::read(int folder, std::span<char> buffer) {
  if (file_.get() < 0) {
    file_ = FileDescriptor(::openat(folder, name_, O_RDONLY | O_CLOEXEC));
    if (file_.get() < 0) return {errno, {}, false};
  }
  const DoorText text = read_from_start(file_.get(), buffer);
  if (text.error != 0) close();
  return text;
}

}  // namespace oomkit
