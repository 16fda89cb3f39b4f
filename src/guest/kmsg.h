// The kernel's log, followed record by record, and written to once: where the scenario
// begins.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "guest/protocol.h"

namespace oomkit::guest {

class KernelLog {
 public:
  // Without /dev/kmsg, as in a container, there is nothing to follow.
  static KernelLog open_from_boot();
  static KernelLog open_from_now();

  // Tells all records that are there now.
  void tell_new(Protocol& protocol, std::span<char> buffer);
  // Kills that the records since count_from_here() tell of.
  std::int64_t kills() const { return kills_; }
  void count_from_here() { kills_ = 0; }
  // Their victims, the last ones when there are many.
  std::span<const std::int32_t> victims() const;

  static void write(const char* sentence);
  int file() const { return file_; }

 private:
  int file_ = -1;
  std::int64_t kills_ = 0;
  std::array<std::int32_t, 64> victims_{};
};

}  // namespace oomkit::guest
