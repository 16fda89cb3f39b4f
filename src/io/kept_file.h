// Files that are read again and again, into memory that the caller has, by a program that must
// not allocate: procfs and cgroupfs. Reading from the beginning of an open file costs a tenth
// of opening it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "io/file_descriptor.h"
#include "io/kill_door.h"

namespace oomkit {

// The whole of an open file from its beginning, however many reads that takes.
DoorText read_from_start(int file, std::span<char> buffer);

// CLOCK_BOOTTIME: the clock of processes' start times, which goes on in suspend.
std::int64_t boot_time_ns();

// A file that is opened when it is first there, and opened again when it is there once more: a
// cgroup's files go with it.
class KeptFile {
 public:
  // `name` must outlive the object: it is a literal.
  explicit KeptFile(const char* name) : name_(name) {}

  DoorText read(int folder, std::span<char> buffer);
  void close() { file_ = FileDescriptor(); }

 private:
  const char* name_;
  FileDescriptor file_;
};

}  // namespace oomkit
