#include "io/shared_ring.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oomkit {
namespace {

using Length = std::uint32_t;

}  // namespace

Result<SharedRing> SharedRing::map(FileDescriptor memory, FileDescriptor wake, std::size_t room) {
  void* const page = ::mmap(nullptr, sizeof(Page) + room, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_POPULATE, memory.get(), 0);
  if (page == MAP_FAILED)
    return fail(ErrorCode::io, std::string("shared memory: cannot map: ") + std::strerror(errno));
  return SharedRing(std::move(memory), std::move(wake), static_cast<Page*>(page), room);
}

Result<SharedRing> SharedRing::create(std::size_t room) {
  FileDescriptor memory(::memfd_create("oom-guard", 0));
  FileDescriptor wake(::eventfd(0, EFD_NONBLOCK));
  if (memory.get() < 0 || wake.get() < 0 ||
      ::ftruncate(memory.get(), static_cast<off_t>(sizeof(Page) + room)) != 0)
    return fail(ErrorCode::io, std::string("shared memory: cannot make: ") + std::strerror(errno));
  return map(std::move(memory), std::move(wake), room);
}

Result<SharedRing> SharedRing::attach(int memory, int wake) {
  struct stat about {};
  if (::fstat(memory, &about) != 0 || about.st_size <= static_cast<off_t>(sizeof(Page)))
    return fail(ErrorCode::io, "shared memory: not a mailbox");
  return map(FileDescriptor(memory), FileDescriptor(wake),
             static_cast<std::size_t>(about.st_size) - sizeof(Page));
}

SharedRing::SharedRing(SharedRing&& other) noexcept
    : memory_(std::move(other.memory_)),
      wake_(std::move(other.wake_)),
      page_(std::exchange(other.page_, nullptr)),
      room_(other.room_) {}

SharedRing::~SharedRing() {
  if (page_ != nullptr) ::munmap(page_, sizeof(Page) + room_);
}

void SharedRing::put(std::uint64_t at, std::string_view bytes) {
  const std::size_t begin = at % room_;
  const std::size_t first = std::min(bytes.size(), room_ - begin);
  std::memcpy(messages() + begin, bytes.data(), first);
  std::memcpy(messages(), bytes.data() + first, bytes.size() - first);
}

void SharedRing::get(std::uint64_t at, char* bytes, std::size_t size) const {
  const std::size_t begin = at % room_;
  const std::size_t first = std::min(size, room_ - begin);
  std::memcpy(bytes, messages() + begin, first);
  std::memcpy(bytes + first, messages(), size - first);
}

bool SharedRing::push(std::string_view message) {
  const std::uint64_t written = page_->written.load(std::memory_order_relaxed);
  const std::uint64_t read = page_->read.load(std::memory_order_acquire);
  const std::uint64_t used = written - read;
  if (used > room_ || message.size() + sizeof(Length) > room_ - used) {
    page_->lost.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  const auto length = static_cast<Length>(message.size());
  char head[sizeof(Length)];
  std::memcpy(head, &length, sizeof length);
  put(written, {head, sizeof head});
  put(written + sizeof head, message);
  page_->written.store(written + sizeof head + message.size(), std::memory_order_release);
  ring();
  return true;
}

bool SharedRing::pop(std::string& message) {
  const std::uint64_t read = page_->read.load(std::memory_order_relaxed);
  const std::uint64_t written = page_->written.load(std::memory_order_acquire);
  const std::uint64_t there = written - read;
  if (there < sizeof(Length)) return false;
  char head[sizeof(Length)];
  get(read, head, sizeof head);
  Length length = 0;
  std::memcpy(&length, head, sizeof length);
  if (length > there - sizeof head || there > room_) {
    page_->read.store(written, std::memory_order_release);
    return false;
  }
  message.resize(length);
  get(read + sizeof head, message.data(), length);
  page_->read.store(read + sizeof head + length, std::memory_order_release);
  return true;
}

void SharedRing::ring() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

void SharedRing::quiet() {
  std::uint64_t count = 0;
  static_cast<void>(!::read(wake_.get(), &count, sizeof count));
}

}  // namespace oomkit
