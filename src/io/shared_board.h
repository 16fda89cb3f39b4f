// A board in shared memory: one process writes on it now and then, another reads all of it or
// nothing, never the half of what is just being written.
//
// A sequence lock. The writer never waits and pays a store a word; the reader tries again when the
// number was odd or has changed meanwhile. Each word is an atomic of its own, so that reading
// what is being written is no data race; on x86 and ARM they cost what plain ones cost.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace oomkit {

class SharedBoard {
 public:
  using Word = std::uint64_t;
  static constexpr std::size_t kRoom = std::size_t{24} * 1024;  // In bytes.

  // Replaces `bytes` from `at` on, both whole words and within the room.
  void write(std::size_t at, std::span<const std::byte> bytes) {
    const std::uint64_t before = sequence_.load(std::memory_order_relaxed);
    // A writer that died while it wrote has left an odd number.
    const std::uint64_t odd = before | 1U;
    sequence_.store(odd, std::memory_order_relaxed);
    for (std::size_t done = 0; done + sizeof(Word) <= bytes.size(); done += sizeof(Word)) {
      Word word = 0;
      std::memcpy(&word, bytes.data() + done, sizeof word);
      words_[(at + done) / sizeof(Word)].store(word, std::memory_order_release);
    }
    sequence_.store(odd + 1, std::memory_order_release);
  }

  // One try: false if nothing was ever written or it is being written now.
  bool read(std::span<std::byte> bytes) const {
    const std::uint64_t before = sequence_.load(std::memory_order_acquire);
    if (before == 0 || (before & 1U) != 0) return false;
    for (std::size_t done = 0; done + sizeof(Word) <= bytes.size(); done += sizeof(Word)) {
      const Word word = words_[done / sizeof(Word)].load(std::memory_order_acquire);
      std::memcpy(bytes.data() + done, &word, sizeof word);
    }
    return sequence_.load(std::memory_order_relaxed) == before;
  }

 private:
  std::atomic<std::uint64_t> sequence_;
  std::atomic<Word> words_[kRoom / sizeof(Word)];
};

}  // namespace oomkit
