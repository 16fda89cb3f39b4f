// All that may wake a program that waits: descriptors, triggers of pressure, signals, time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/result.h"
#include "io/file_descriptor.h"

namespace oomkit {

class WakeSet {
 public:
  static Result<WakeSet> create();

  // `tag` is below 32 and tells them apart. A trigger of pressure is `urgent`, others are read.
  int add(int file, unsigned tag, bool urgent);

  // Until one of them, or one of `handles`, is ready, at most that long. A bit for each tag that
  // is; that of nobody if only time or a handle woke us.
  std::uint32_t wait(std::span<const int> handles, std::int64_t timeout_ns);

 private:
  explicit WakeSet(FileDescriptor set) : set_(std::move(set)) {}

  FileDescriptor set_;
};

// SIGTERM, SIGINT and SIGHUP are read from it from now on and do nothing by themselves.
FileDescriptor take_signals();
std::optional<int> next_signal(int signals);

// Wakes when tasks have waited for memory so long within a window (4.20; without privilege only
// windows of whole multiples of 2 s, 6.5). `kind` is "some" or "full". No descriptor where the
// kernel does not do that; `errno` says why.
FileDescriptor open_pressure_trigger(const char* path, const char* kind, std::int64_t stall_us,
                                     std::int64_t window_us);

}  // namespace oomkit
