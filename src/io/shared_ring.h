// A mailbox in shared memory between two processes: one writes and never waits, one reads.
//
// A pipe or socket would do, were it not that each message takes kernel memory at the moment
// when there is none; this is taken at the start and can be locked. What does not fit, because
// the reader hangs or is dead, is counted as lost. Beside the mailbox stand a few numbers that
// either side may set at any time, and a board that the writer of messages writes on as well.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "io/file_descriptor.h"
#include "io/shared_board.h"

namespace oomkit {

class SharedRing {
 public:
  static constexpr std::size_t kNumbers = 16;
  static constexpr std::size_t kRoom = std::size_t{48} * 1024;

  // Both descriptors stay open over fork and exec.
  static Result<SharedRing> create(std::size_t room = kRoom);
  static Result<SharedRing> attach(int memory, int wake);

  SharedRing(SharedRing&& other) noexcept;
  SharedRing& operator=(SharedRing&&) = delete;
  SharedRing(const SharedRing&) = delete;
  SharedRing& operator=(const SharedRing&) = delete;
  ~SharedRing();

  int memory_file() const { return memory_.get(); }
  // Readable when something was pushed or rung.
  int wake_file() const { return wake_.get(); }

  bool push(std::string_view message);
  // The next one, into `message`; false if there is none. What the writer cannot have written is
  // passed over.
  bool pop(std::string& message);
  // How many bytes were taken ever, and whether there are more to be taken.
  std::uint64_t taken() const { return page_->read.load(std::memory_order_acquire); }
  bool has_more() const { return page_->written.load(std::memory_order_acquire) != taken(); }
  void ring();
  void quiet();  // What was rung is known.
  std::size_t room() const { return room_; }
  std::uint64_t lost() const { return page_->lost.load(std::memory_order_relaxed); }

  std::atomic<std::int64_t>& number(std::size_t index) { return page_->numbers[index]; }
  SharedBoard& board() { return page_->board; }

 private:
  struct Page {
    std::atomic<std::uint64_t> written;
    std::atomic<std::uint64_t> read;
    std::atomic<std::uint64_t> lost;
    std::atomic<std::int64_t> numbers[kNumbers];
    SharedBoard board;
    // The room for messages follows.
  };

  SharedRing(FileDescriptor memory, FileDescriptor wake, Page* page, std::size_t room)
      : memory_(std::move(memory)), wake_(std::move(wake)), page_(page), room_(room) {}
  static Result<SharedRing> map(FileDescriptor memory, FileDescriptor wake, std::size_t room);
  char* messages() const { return reinterpret_cast<char*>(page_ + 1); }
  void put(std::uint64_t at, std::string_view bytes);
  void get(std::uint64_t at, char* bytes, std::size_t size) const;

  FileDescriptor memory_;
  FileDescriptor wake_;
  Page* page_;
  std::size_t room_;
};

}  // namespace oomkit
