// A file without a name, for as long as it is open: what a child process reads by its
// descriptor and nobody else ever sees. However we end, nothing is left of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "io/file_source.h"

namespace oomkit {

class TemporaryFile {
 public:
  // In TMPDIR, else in the machine's folder for such files. `purpose` is what errors call
  // it: "the swap disk".
  static Result<TemporaryFile> create(std::string purpose);

  Status append(std::string_view bytes);
  // A hole of `bytes`, refused where the filesystem could not fill it.
  Status extend(std::uint64_t bytes);

  int descriptor() const { return fd_.get(); }
  // As a child that has inherited the descriptor names it.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }
  std::uint64_t size() const { return size_; }

 private:
  TemporaryFile(FileDescriptor fd, std::string folder, std::string purpose)
      : fd_(std::move(fd)), folder_(std::move(folder)), purpose_(std::move(purpose)) {}
  tl::unexpected<Error> no_space(std::uint64_t wanted, int error_number) const;

  FileDescriptor fd_;
  std::string folder_;
  std::string purpose_;
  std::uint64_t size_ = 0;
};

}  // namespace oomkit
