#include "io/output_sink.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oomkit {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

ErrorCode writing_code(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::denied;
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
      return ErrorCode::usage;
    default:
      return ErrorCode::io;
  }
}

tl::unexpected<Error> cannot_write(const std::string& path, int error_number) {
  return fail(writing_code(error_number), path + ": cannot write: " + std::strerror(error_number));
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A result written through a link replaces what the link leads to, not the link.
std::string resolved(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  return ::realpath(path.c_str(), target.data()) != nullptr ? std::string(target.data()) : path;
}

// What the file's permissions shall be: as they were, or as for any new file.
mode_t wanted_mode(const struct stat* before) {
  if (before != nullptr) return before->st_mode & 07777;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

OutputSink OutputSink::standard_output() {
  return {STDOUT_FILENO, "standard output"};
}

Result<OutputSink> OutputSink::to(const std::optional<std::string>& path) {
  if (path && *path != "-") return file(*path);
  return standard_output();
}

Result<OutputSink> OutputSink::file(const std::string& path) {
  struct stat before {};
  const bool exists = ::stat(path.c_str(), &before) == 0;
  if (exists && S_ISDIR(before.st_mode)) return cannot_write(path, EISDIR);
  if (exists && !S_ISREG(before.st_mode)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return cannot_write(path, errno);
    return OutputSink(fd, path);
  }
  if (exists && ::access(path.c_str(), W_OK) != 0) return cannot_write(path, errno);
  const std::string final_path = resolved(path);
  const std::string folder = folder_of(final_path);
  int fd = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  std::string temporary;
  if (fd < 0) {
    temporary = final_path + ".XXXXXX";
    fd = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (fd < 0) return cannot_write(path, errno);
  }
  OutputSink sink(fd, path);
  sink.final_path_ = final_path;
  sink.temporary_path_ = temporary;
  if (::fchmod(fd, wanted_mode(exists ? &before : nullptr)) != 0) return cannot_write(path, errno);
  return sink;
}

OutputSink::OutputSink(OutputSink&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      final_path_(std::move(other.final_path_)),
      temporary_path_(std::exchange(other.temporary_path_, "")),
      buffer_(std::move(other.buffer_)),
      problem_(std::move(other.problem_)),
      failed_(other.failed_),
      reader_gone_(other.reader_gone_) {}

OutputSink::~OutputSink() {
  if (!temporary_path_.empty()) ::unlink(temporary_path_.c_str());
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

void OutputSink::fail_with(int error_number) {
  failed_ = true;
  reader_gone_ = error_number == EPIPE;
  problem_ = name_ + ": cannot write: " + std::strerror(error_number);
  buffer_.clear();
}

void OutputSink::append(std::string_view text) {
  if (failed_) return;
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void OutputSink::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !failed_) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) return fail_with(errno);
  }
  buffer_.clear();
}

Status OutputSink::give_name() {
  if (::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) return cannot_write(name_, errno);
  if (temporary_path_.empty()) {
    // A file without a name can be given one, but not one that is taken: two steps.
    const std::string handle = "/proc/self/fd/" + std::to_string(fd_);
    for (int attempt = 0; attempt < 100; ++attempt) {
      std::string candidate =
          final_path_ + "." + std::to_string(::getpid()) + "." + std::to_string(attempt);
      if (::linkat(AT_FDCWD, handle.c_str(), AT_FDCWD, candidate.c_str(), AT_SYMLINK_FOLLOW) == 0) {
        temporary_path_ = std::move(candidate);
        break;
      }
      if (errno != EEXIST) return cannot_write(name_, errno);
    }
    if (temporary_path_.empty()) return cannot_write(name_, EEXIST);
  }
  if (::rename(temporary_path_.c_str(), final_path_.c_str()) != 0)
    return cannot_write(name_, errno);
  temporary_path_.clear();
  return {};
}

Status OutputSink::finish() {
  flush();
  if (failed_) return fail(ErrorCode::io, problem_);
  return final_path_.empty() ? Status() : give_name();
}

Status write_whole(const std::string& path, std::string_view text) {
  OOMKIT_TRY(OutputSink sink, OutputSink::file(path));
  sink.append(text);
  return sink.finish();
}

Status write_standard_output(std::string_view text) {
  OutputSink sink = OutputSink::standard_output();
  sink.append(text);
  const Status written = sink.finish();
  return sink.reader_gone() ? Status() : written;
}

}  // namespace oomkit
