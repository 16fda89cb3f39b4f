#include "io/lock_file.h"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {

Result<FileDescriptor> take_lock(const std::string& path) {
  constexpr mode_t kForAllToRead = 0644;
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, kForAllToRead));
  if (file.get() < 0) return tl::unexpected(system_error(path, "cannot open", errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return tl::unexpected(system_error(path, "cannot lock", errno));
    std::array<char, 24> holder{};
    const ssize_t length = ::pread(file.get(), holder.data(), holder.size() - 1, 0);
    std::string pid(holder.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    if (!pid.empty() && pid.back() == '\n') pid.pop_back();
    return fail(ErrorCode::unsupported, "it runs already, as process " +
                                            (pid.empty() ? "unknown" : pid) + " (" + path +
                                            " is locked); two would kill two where one is enough");
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return tl::unexpected(system_error(path, "cannot write", errno));
  return file;
}

}  // namespace oomkit
