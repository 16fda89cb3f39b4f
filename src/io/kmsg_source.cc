// open_kmsg(): the kernel's own log, one record a read.
//
// open_kmsg_from_now(): the same, what is logged from now on.
//
// The device gives whole records only, and an error if the buffer is smaller than the next
// one, so a buffer of our own stands between it and the caller.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "io/byte_source.h"
#include "io/file_source.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

class KmsgSource final : public LiveSource {
 public:
  KmsgSource(std::string name, FileDescriptor fd)
      : name_(std::move(name)), fd_(std::move(fd)), record_(kRecordBytes) {}

  int descriptor() const override { return fd_.get(); }

  Result<std::size_t> read(std::span<char> buffer) override {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      if (begin_ == end_) {
        OOMKIT_TRY(const std::size_t count, read_record());
        begin_ = 0;
        end_ = count;
        if (count == 0) break;
      }
      const std::size_t part = std::min(end_ - begin_, buffer.size() - filled);
      std::memcpy(buffer.data() + filled, record_.data() + begin_, part);
      begin_ += part;
      filled += part;
    }
    return filled;
  }

  const std::string& name() const override { return name_; }

 private:
  // Twice what the kernel's own buffer for one record has (CONSOLE_EXT_LOG_MAX).
  static constexpr std::size_t kRecordBytes = 16UL * 1024;

  Result<std::size_t> read_record() {
    while (true) {
      const ssize_t count = ::read(fd_.get(), record_.data(), record_.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno == EAGAIN) return 0;
      // EPIPE: the records that we would have read were overwritten; the oldest that is
      // left comes next, and its number tells how many are gone.
      if (errno != EINTR && errno != EPIPE) {
        return tl::unexpected(system_error(name_, "cannot read", errno));
      }
    }
  }

  std::string name_;
  FileDescriptor fd_;
  std::vector<char> record_;
  std::size_t begin_ = 0, end_ = 0;  // Of the record, what is not delivered yet.
};

Result<std::unique_ptr<KmsgSource>> open_source(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) {
    Error error = system_error(path, "cannot open the kernel's log", errno);
    if (errno == EPERM) error.what += "; sysctl kernel.dmesg_restrict=0 lets everybody";
    return tl::unexpected(std::move(error));
  }
  return std::make_unique<KmsgSource>(path, std::move(fd));
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_kmsg(const std::string& path) {
  OOMKIT_TRY(std::unique_ptr<ByteSource> source, open_source(path));
  return source;
}

Result<std::unique_ptr<LiveSource>> open_kmsg_from_now(const std::string& path) {
  OOMKIT_TRY(std::unique_ptr<KmsgSource> source, open_source(path));
  if (::lseek(source->descriptor(), 0, SEEK_END) < 0)
    return tl::unexpected(system_error(path, "cannot go to the end of the kernel's log", errno));
  return std::unique_ptr<LiveSource>(std::move(source));
}

}  // namespace oomkit
