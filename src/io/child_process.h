// Programs that we start: QEMU, mke2fs. And the pipes through which they are heard.
//
// A child never outlives its owner: it is ended when the object goes, and by the kernel
// (PR_SET_PDEATHSIG) when the thread that started it ends in any way at all, so that even
// after a SIGKILL no virtual machine is left behind. It sits in a process group of its own,
// for ^C shall reach us, who then end it in order.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "io/file_source.h"

namespace oomkit {

struct Pipe {
  FileDescriptor read_end, write_end;
};

// As large as the kernel allows, up to `bytes`, so that a burst does not stop the writer.
Result<Pipe> make_pipe(std::size_t bytes);

struct ChildSpec {
  std::string program;                        // Its path.
  std::vector<std::string> arguments = {};    // Without its own name.
  std::vector<int> inherited = {};            // Descriptors it keeps, by the same numbers.
  int output = -1;                            // Its stdout and stderr; -1: nowhere.
  std::vector<std::string> environment = {};  // NAME=value, beside what we have ourselves.
};

class ChildProcess {
 public:
  // Standard input is empty. An error tells what kept it from starting.
  static Result<ChildProcess> start(const ChildSpec& spec);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // Ends it and waits for it.

  // What it has used of processors so far; also after its end, until it is waited for.
  std::optional<std::chrono::nanoseconds> processor_time() const;
  // Readable once it has ended.
  int exit_handle() const { return handle_.get(); }
  void end();  // By SIGKILL; its end is still to be waited for.
  // Its exit code, or 128 + the signal that ended it.
  int wait();

 private:
  ChildProcess(pid_t pid, FileDescriptor handle) : pid_(pid), handle_(std::move(handle)) {}

  pid_t pid_ = -1;
  FileDescriptor handle_;
};

// Waits until one of `descriptors` can be read (or its writer is gone) or the time is over;
// -1 is passed over. The result says which are ready, in their order.
Result<std::vector<bool>> wait_readable(std::span<const int> descriptors,
                                        std::chrono::milliseconds timeout);

// What is there, at most the buffer; 0 at the end.
Result<std::size_t> read_some(int descriptor, std::span<char> buffer);

// Everything up to the end, at most `bytes_max` of it: what a short-lived child says.
std::string read_to_end(int descriptor, std::size_t bytes_max);

}  // namespace oomkit
