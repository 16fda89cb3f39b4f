// Bytes that mean nothing to any step of framing, sixteen compared at once, by the compilers'
// own vectors (as in frame_clean.cc). Bytes from 0x80 on are below zero.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace oomkit {

using Bytes16 = std::int8_t __attribute__((vector_size(16)));

// Control characters and what is no ASCII; '\\' and '['; '"', '#', '&' and '\''. The mask leaves
// out the bits in which the bytes of its group differ.
inline Bytes16 not_plain(Bytes16 bytes) {
  return (bytes < 0x20) | (bytes == '\\') | (bytes == '[') | ((bytes & ~0x05) == '"');
}

static_assert(('#' & ~0x05) == '"' && ('&' & ~0x05) == '"');

inline bool all_plain(const char* at, std::size_t size) {
  Bytes16 bytes{};
  Bytes16 odd{};
  std::size_t done = 0;
  for (; done + sizeof bytes <= size; done += sizeof bytes) {
    std::memcpy(&bytes, at + done, sizeof bytes);
    odd |= not_plain(bytes);
  }
  // The rest with some bytes before it, which have been found plain or are blanks.
  if (done != size && size >= sizeof bytes) {
    std::memcpy(&bytes, at + size - sizeof bytes, sizeof bytes);
    odd |= not_plain(bytes);
  } else if (done != size) {
    bytes = Bytes16{} | ' ';
    std::memcpy(&bytes, at, size);
    odd |= not_plain(bytes);
  }
  std::uint64_t halves[2] = {};
  std::memcpy(halves, &odd, sizeof odd);
  return (halves[0] | halves[1]) == 0;
}

// The first byte from `at` on that is not plain, if there is one before `end`; else some place
// near `end`.
inline const char* skip_plain(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    Bytes16 bytes{};
    std::memcpy(&bytes, at, sizeof bytes);
    const auto odd =
        static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(not_plain(bytes))));
    if (odd != 0) return at + std::countr_zero(odd);
  }
#else
  while (at != end && all_plain(at, 1))
    ++at;
#endif
  return at;
}

}  // namespace oomkit
