#include "guest/holdings.h"

#include <algorithm>
#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

#include "guest/clock.h"

namespace oomkit::guest {
namespace {

constexpr std::int64_t kHugePage = 2 << 20;

std::int64_t page_size() {
  static const std::int64_t size = sysconf(_SC_PAGESIZE);
  return size;
}

std::int64_t round_up(std::int64_t size, std::int64_t step) {
  return (size + step - 1) / step * step;
}

std::size_t bytes_of(std::int64_t size) {
  return static_cast<std::size_t>(size);
}

}  // namespace

// The list of regions grows in pages of its own, so that a process is as small as it says.
int Holdings::make_room() {
  if (count_ < room_) return 0;
  const std::size_t old_size = room_ * sizeof(Region);
  const std::size_t new_size = room_ == 0 ? bytes_of(page_size()) : 2 * old_size;
  void* memory = room_ == 0 ? mmap(nullptr, new_size, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                            : mremap(regions_, old_size, new_size, MREMAP_MAYMOVE);
  if (memory == MAP_FAILED) return errno;
  regions_ = static_cast<Region*>(memory);
  room_ = new_size / sizeof(Region);
  return 0;
}

int Holdings::reserve(std::int64_t size, Sort sort) {
  if (const int error = make_room(); error != 0) return error;
  const std::int64_t page = sort == Sort::huge ? kHugePage : page_size();
  if (size > INT64_MAX - 2 * kHugePage) return ENOMEM;
  size = round_up(size, page);
  // Room to align huge pages in; what is over stays reserved and untouched.
  const std::int64_t slack = sort == Sort::huge ? kHugePage : 0;
  const int sharing = sort == Sort::shared ? MAP_SHARED : MAP_PRIVATE;
  void* memory =
      mmap(nullptr, bytes_of(size + slack), PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  auto* begin = static_cast<char*>(memory);
  if (sort == Sort::huge) {
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    begin += (static_cast<std::uintptr_t>(kHugePage) - address % kHugePage) % kHugePage;
  }
  // Kernels without huge pages say EINVAL, and then there is nothing to refuse.
  madvise(begin, bytes_of(size), sort == Sort::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  regions_[count_++] = {begin, size, 0};
  return 0;
}

void Holdings::fill_page(char* page) {
  auto* words = reinterpret_cast<std::uint64_t*>(page);
  const std::size_t count = dense_ ? bytes_of(page_size()) / sizeof *words : 1;
  for (std::size_t i = 0; i < count; ++i)
    words[i] = random_.next() | 1;  // Never a page of zeros.
}

void Holdings::set_touched(std::int64_t bytes) {
  touched_ = bytes;
  if (held_ != nullptr) held_->store(bytes, std::memory_order_relaxed);
}

void Holdings::fill_newest(const Pace& pace) {
  Region& region = regions_[count_ - 1];
  const std::int64_t page = page_size();
  std::int64_t done = 0;
  std::int64_t next_pause = 0;
  for (std::int64_t at = region.touched; at < region.size; at += page) {
    if (done >= next_pause) {
      sleep_until_ns(pace.due_ns(done));
      next_pause = done + pace.piece_bytes();
    }
    fill_page(region.begin + at);
    done += page;
    region.touched = at + page;
    set_touched(touched_ + page);
  }
}

// What is only read is the kernel's one page of zeros, so that the tables are all it costs.
int Holdings::spread(std::int64_t tables) {
  constexpr std::int64_t kMappedByTable = 2 << 20;
  const std::int64_t count = tables / page_size();
  if (count > INT64_MAX / kMappedByTable) return ENOMEM;
  const std::size_t size = bytes_of(count * kMappedByTable);
  void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return errno;
  madvise(memory, size, MADV_NOHUGEPAGE);
  const auto* bytes = static_cast<const volatile char*>(memory);
  for (std::int64_t i = 0; i < count; ++i)
    static_cast<void>(bytes[i * kMappedByTable]);
  return 0;
}

void Holdings::release(std::int64_t size) {
  size = round_up(size, page_size());
  while (size > 0 && count_ > 0) {
    Region& region = regions_[count_ - 1];
    const std::int64_t part = std::min(size, region.size);
    munmap(region.begin + region.size - part, bytes_of(part));
    const std::int64_t before = region.touched;
    region.size -= part;
    region.touched = std::min(region.touched, region.size);
    set_touched(touched_ - (before - region.touched));
    size -= part;
    if (region.size == 0) --count_;
  }
}

std::int64_t Holdings::held_bytes() const {
  std::int64_t held = 0;
  for (std::size_t i = 0; i < count_; ++i)
    held += regions_[i].size;
  return held;
}

void Holdings::touch(std::int64_t size, const Pace& pace) {
  const std::int64_t page = page_size();
  std::int64_t done = 0;
  std::int64_t next_pause = 0;
  for (std::size_t i = 0; i < count_ && done < size; ++i) {
    Region& region = regions_[i];
    for (std::int64_t at = 0; at < region.size && done < size; at += page) {
      if (done >= next_pause) {
        sleep_until_ns(pace.due_ns(done));
        next_pause = done + pace.piece_bytes();
      }
      if (at < region.touched) {
        auto* word = reinterpret_cast<volatile std::uint64_t*>(region.begin + at);
        *word = *word + 2;
      } else {
        fill_page(region.begin + at);
        region.touched = at + page;
        set_touched(touched_ + page);
      }
      done += page;
    }
  }
}

int Holdings::lock(std::int64_t size) {
  for (std::size_t i = 0; i < count_ && size > 0; ++i) {
    Region& region = regions_[i];
    const std::int64_t part = std::min(size, region.size);
    if (mlock(region.begin, bytes_of(part)) != 0) return errno;
    if (part > region.touched) {
      set_touched(touched_ + part - region.touched);
      region.touched = part;
    }
    size -= part;
  }
  return 0;
}

void Holdings::count_in(std::atomic<std::int64_t>* held) {
  held_ = held;
  set_touched(touched_);
}

}  // namespace oomkit::guest
