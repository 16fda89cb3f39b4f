// A small process that cleans up when its owner cannot: after a SIGKILL, a crash, a kernel
// that chose the owner as its victim.
//
// It is told beforehand what is to be undone, waits for the owner's end (its end of a pipe
// closes, however the owner ends), and undoes in reverse order what has not been undone by
// then. It sits in a session of its own with every signal blocked that can be, holds no file
// of the owner's, and is gone right after the owner.
#pragma once

#include <string>

#include <sys/types.h>

#include "core/result.h"
#include "io/file_source.h"

namespace oomkit {

// What is to be undone.
enum class Undo : char {
  cgroup = 'c',      // Its processes are ended, it is removed.
  controller = 'm',  // cgroup v2: the memory controller is withdrawn from what is below.
  home = 'h',        // The guardian itself moves (back) into that cgroup.
};

class Guardian {
 public:
  // Only while this process has one thread.
  static Result<Guardian> start();

  Guardian(Guardian&& other) noexcept;
  Guardian& operator=(Guardian&&) = delete;
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;
  ~Guardian();  // Tells it that all is done, and waits for it.

  pid_t pid() const { return pid_; }

  // To be told as soon as it is there to be undone.
  Status watch(Undo undo, const std::string& folder);

 private:
  Guardian(pid_t pid, FileDescriptor pipe) : pid_(pid), pipe_(std::move(pipe)) {}

  pid_t pid_ = -1;
  FileDescriptor pipe_;
};

}  // namespace oomkit
