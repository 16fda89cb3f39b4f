// The memory that a process of a scenario holds: mappings, touched page by page at a pace.
//
// Pages are filled from the seed, so that compressed swap cannot make them vanish. Huge
// pages are refused unless a step asks for them: a page is what a scenario counts in.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/random.h"
#include "guest/pace.h"

namespace oomkit::guest {

struct Region {
  char* begin = nullptr;
  std::int64_t size = 0;
  std::int64_t touched = 0;  // From the beginning; the rest is only reserved.
};

class Holdings {
 public:
  enum class Sort { anonymous, huge, shared };

  // `dense` fills all of each page: needed where swap compresses.
  Holdings(std::uint64_t seed, bool dense, std::atomic<std::int64_t>* held)
      : random_(seed), dense_(dense), held_(held) {}

  // 0, or what the kernel said (ENOMEM). A new region, not touched.
  int reserve(std::int64_t size, Sort sort);
  // Touches the newest region from where it is touched.
  void fill_newest(const Pace& pace);
  // Page tables of that size and no memory: a large mapping, read here and there.
  static int spread(std::int64_t tables);
  // The newest first.
  void release(std::int64_t size);
  // The first `size` bytes, once more or for the first time.
  void touch(std::int64_t size, const Pace& pace);
  // The first `size` bytes; 0, or what the kernel said.
  int lock(std::int64_t size);

  std::int64_t touched_bytes() const { return touched_; }
  std::int64_t held_bytes() const;  // What is only reserved as well.
  // In a forked child the pages are its own, and counted in its own slot.
  void count_in(std::atomic<std::int64_t>* held);

 private:
  int make_room();
  void set_touched(std::int64_t bytes);
  void fill_page(char* page);

  Region* regions_ = nullptr;
  std::size_t count_ = 0;
  std::size_t room_ = 0;
  std::int64_t touched_ = 0;
  Random random_;
  bool dense_;
  std::atomic<std::int64_t>* held_;  // In the slot; null without one.
};

}  // namespace oomkit::guest
