#include "guest/kmsg.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "guest/proc_text.h"
#include "guest/small_file.h"

namespace oomkit::guest {

KernelLog KernelLog::open_from_boot() {
  KernelLog log;
  log.file_ = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  return log;
}

KernelLog KernelLog::open_from_now() {
  KernelLog log = open_from_boot();
  if (log.file_ >= 0) lseek(log.file_, 0, SEEK_END);
  return log;
}

void KernelLog::tell_new(Protocol& protocol, std::span<char> buffer) {
  while (file_ >= 0) {
    const ssize_t length = ::read(file_, buffer.data(), buffer.size());
    // Records that were overwritten before we came are gone; the next one is there.
    if (length < 0 && (errno == EPIPE || errno == EINTR)) continue;
    if (length <= 0) return;
    std::string_view record(buffer.data(), static_cast<std::size_t>(length));
    if (record.ends_with('\n')) record.remove_suffix(1);
    if (const auto victim = victim_of(record)) {
      victims_[static_cast<std::size_t>(kills_) % victims_.size()] = *victim;
      ++kills_;
    }
    protocol.kmsg(record);
  }
}

std::span<const std::int32_t> KernelLog::victims() const {
  return std::span(victims_).first(std::min(victims_.size(), static_cast<std::size_t>(kills_)));
}

void KernelLog::write(const char* sentence) {
  write_file("/dev/kmsg", sentence);
}

}  // namespace oomkit::guest
