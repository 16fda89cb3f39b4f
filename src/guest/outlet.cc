#include "guest/outlet.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/small_file.h"

namespace oomkit::guest {

Result<char*> private_memory(std::size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED)
    return fail(ErrorCode::io, "cannot get memory: " + std::string(error_sentence(errno)));
  madvise(memory, size, MADV_DONTFORK);
  mlock(memory, size);  // Where it is not allowed, it works unlocked.
  return static_cast<char*>(memory);
}

Result<Outlet> Outlet::create(int file, std::size_t room) {
  OOMKIT_TRY(char* memory, private_memory(room));
  const int flags = fcntl(file, F_GETFL);
  if (flags < 0 || fcntl(file, F_SETFL, flags | O_NONBLOCK) != 0)
    return fail(ErrorCode::io, "cannot write the record: " + std::string(error_sentence(errno)));
  Outlet outlet;
  outlet.file_ = file;
  outlet.buffer_ = memory;
  outlet.room_ = room;
  return outlet;
}

void Outlet::flush_some() {
  while (begin_ < end_ && !is_lost_) {
    const ssize_t written = write(file_, buffer_ + begin_, end_ - begin_);
    if (written > 0) {
      begin_ += static_cast<std::size_t>(written);
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EAGAIN) is_lost_ = true;
    break;
  }
  // Without anyone to read, the scenario still plays to its end.
  if (is_lost_) begin_ = end_;
  if (begin_ == end_) begin_ = end_ = 0;
}

bool Outlet::flush() {
  flush_some();
  while (!is_empty()) {
    pollfd ready = {file_, POLLOUT, 0};
    poll(&ready, 1, -1);
    flush_some();
  }
  return !is_lost_;
}

void Outlet::make_room() {
  flush_some();
  if (begin_ == 0 && end_ == room_) {
    pollfd ready = {file_, POLLOUT, 0};
    while (end_ == room_ && begin_ == 0) {
      poll(&ready, 1, -1);
      flush_some();
    }
  }
  if (begin_ == 0) return;
  std::memmove(buffer_, buffer_ + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

}  // namespace oomkit::guest
