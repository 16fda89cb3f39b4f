#include "guest/small_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace oomkit::guest {

int write_file(const char* path, std::string_view text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t written = write(file, text.data(), text.size());
  const int error = written < 0 ? errno : 0;
  close(file);
  return error;
}

FileText read_open_file(int file, std::span<char> buffer) {
  std::size_t length = 0;
  while (length < buffer.size()) {
    const ssize_t got =
        pread(file, buffer.data() + length, buffer.size() - length, static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {errno, {}};
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  return {0, {buffer.data(), length}};
}

FileText read_file(const char* path, std::span<char> buffer) {
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return {errno, {}};
  const FileText text = read_open_file(file, buffer);
  close(file);
  return text;
}

std::string_view error_name(int error) {
  const char* name = strerrorname_np(error);
  return name == nullptr ? "unknown error" : name;
}

std::string_view error_sentence(int error) {
  const char* sentence = strerrordesc_np(error);
  return sentence == nullptr ? "unknown error" : sentence;
}

}  // namespace oomkit::guest
