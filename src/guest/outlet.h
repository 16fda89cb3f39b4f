// The way out: bytes for the other side, kept until it takes them.
//
// The buffer is locked memory that forked processes do not inherit. Writing never blocks
// while there is room; a full buffer waits for the other side, because a record with holes
// is worse than one that is late.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.h"

namespace oomkit::guest {

// Memory of one's own that is locked, and absent in forked children.
Result<char*> private_memory(std::size_t size);

class Outlet {
 public:
  // Writes to `file`, which is made non-blocking.
  static Result<Outlet> create(int file, std::size_t room);

  void put(char c) {
    if (end_ == room_) make_room();
    buffer_[end_++] = c;
  }
  void put(std::string_view text) {
    for (const char c : text)
      put(c);
  }

  // As much as the other side takes now.
  void flush_some();
  // All; false when the other side is gone.
  bool flush();

  bool is_empty() const { return begin_ == end_; }
  int file() const { return file_; }
  bool is_lost() const { return is_lost_; }

 private:
  void make_room();

  int file_ = -1;
  char* buffer_ = nullptr;
  std::size_t room_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_lost_ = false;
};

}  // namespace oomkit::guest
