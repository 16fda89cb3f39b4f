#include "guest/files.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/random.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

// A file of real blocks, written and dropped from the page cache again: reading it later
// costs what reading a disk costs.
Status make_file(const std::string& path, std::int64_t size) {
  struct stat there {};
  if (stat(path.c_str(), &there) == 0 && there.st_size >= size) return {};
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    return fail(ErrorCode::io, "cannot make " + path + ": " + std::string(error_sentence(errno)));
  std::vector<char> block(1 << 20);
  Random random(static_cast<std::uint64_t>(size));
  for (char& byte : block)
    byte = static_cast<char>(random.next());
  int error = 0;
  for (std::int64_t at = 0; at < size && error == 0;
       at += static_cast<std::int64_t>(block.size())) {
    const std::size_t length = std::min(block.size(), static_cast<std::size_t>(size - at));
    if (pwrite(file, block.data(), length, at) < 0) error = errno;
    // By pieces, so that even a small machine never holds it all.
    if (error == 0) fdatasync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  }
  close(file);
  if (error == 0) return {};
  return fail(ErrorCode::io, "cannot write " + path + ": " + std::string(error_sentence(error)));
}

Status make_files_of(const Stage& stage, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::read_file && !step.name.starts_with('/')) {
      if (const Status made = make_file(data_path(stage, step.name).c_str(), step.size.count());
          !made)
        return made;
    }
    if (const Status made = make_files_of(stage, step.steps); !made) return made;
  }
  return {};
}

}  // namespace

Status make_files(const Plan& plan) {
  for (const ProcessSpec& process : plan.scenario->processes) {
    if (const Status made = make_files_of(*plan.stage, process.steps); !made) return made;
  }
  return {};
}

}  // namespace oomkit::guest
