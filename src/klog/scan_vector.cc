// One pass over a block for anchors and newlines together, 32 or 64 bytes at a time.
//
// Each byte is put into classes: the buckets whose keys have this byte at the key's
// first place, and so for the other three places. Where the four classes of four bytes
// in a row share a bucket, a key may stand, and anchor_at() looks closely. That is the
// Teddy algorithm as Hyperscan has it; here newlines are counted beside it, since line
// numbers need them and a second pass would cost as much as the search.
//
// - AVX2: a class is two table look-ups by half bytes (pshufb) and an AND. The four
//   places are brought together by shifting the classes, not by loading four times.
// - AVX-512 VBMI: a class is one look-up by seven bits (vpermi2b). The places are four
//   loads, which are cheaper there than shifts. The eighth bit is ignored, so some
//   non-ASCII text gets a close look for nothing.
//
// Measured on one core of a Sapphire Rapids machine, blocks in L2, the quiet log of
// bench/: AVX2 with keys of four bytes 1, AVX-512 1.9, the plain twin 0.05. Keys of
// three bytes make the vector part 1.25 times as fast and bring ten times as many close
// looks, which cost more than that. Four loads instead of shifts make AVX2 0.8.
#include "klog/scan_vector.h"

#if defined(__x86_64__)

#include <algorithm>
#include <array>
#include <cstring>

#include <immintrin.h>

#include "klog/scan_anchors.h"

namespace oomkit::scan {
namespace {

using HalfByteTable = std::array<std::uint8_t, 32>;  // 16 entries, twice: for each 16-byte lane.
using ByteTable = std::array<std::uint8_t, 128>;

struct alignas(64) ClassTables {
  std::array<HalfByteTable, kKeyBytes> low{};
  std::array<HalfByteTable, kKeyBytes> high{};
  std::array<ByteTable, kKeyBytes> byte{};
};

constexpr ClassTables kTables = [] {
  ClassTables tables;
  for (const Anchor& anchor : kAnchors) {
    const auto bit = static_cast<std::uint8_t>(1U << anchor.bucket);
    for (std::size_t place = 0; place < kKeyBytes; ++place) {
      const auto byte = static_cast<unsigned char>(anchor.key_text()[place]);
      tables.byte[place][byte] |= bit;
      for (const std::size_t lane : {std::size_t{0}, std::size_t{16}}) {
        tables.low[place][lane + (byte & 15U)] |= bit;
        tables.high[place][lane + (byte >> 4U)] |= bit;
      }
    }
  }
  return tables;
}();

constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

// The first of the places `base` + (number of a set bit) that holds an anchor.
std::size_t first_anchor(std::string_view block, std::size_t base, std::uint64_t places) {
  for (; places != 0; places &= places - 1) {
    const std::size_t at = base + static_cast<std::size_t>(__builtin_ctzll(places));
    if (anchor_at(block, at)) return at;
  }
  return kNowhere;
}

[[gnu::target("popcnt")]] inline std::uint64_t count_ones(std::uint64_t bits) {
  return static_cast<std::uint64_t>(__builtin_popcountll(bits));
}

// The lowest `count` bits, of at most 63.
constexpr std::uint64_t bits_below(std::size_t count) {
  return (std::uint64_t{1} << count) - 1;
}

struct Avx2Classes {
  __m256i low[kKeyBytes];
  __m256i high[kKeyBytes];
  __m256i previous[kKeyBytes - 1];  // Of the chunk before: keys lie across chunks.
};

[[gnu::target("avx2")]] inline __m256i load_32(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i_u*>(from));
}

[[gnu::target("avx2"), gnu::always_inline]] inline __m256i class_of(const Avx2Classes& classes,
                                                                    std::size_t place, __m256i text,
                                                                    __m256i high_halves) {
  // pshufb takes the low half of an index itself, and gives 0 for bytes of 0x80 and more.
  return _mm256_and_si256(_mm256_shuffle_epi8(classes.low[place], text),
                          _mm256_shuffle_epi8(classes.high[place], high_halves));
}

// Not zero at each byte where a key may end.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i key_ends(Avx2Classes& classes,
                                                                    __m256i text) {
  const __m256i high_halves = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));
  const __m256i first = class_of(classes, 0, text, high_halves);
  const __m256i second = class_of(classes, 1, text, high_halves);
  const __m256i third = class_of(classes, 2, text, high_halves);
  __m256i ends = class_of(classes, 3, text, high_halves);
  ends = _mm256_and_si256(
      ends,
      _mm256_alignr_epi8(first, _mm256_permute2x128_si256(classes.previous[0], first, 0x21), 13));
  ends = _mm256_and_si256(
      ends,
      _mm256_alignr_epi8(second, _mm256_permute2x128_si256(classes.previous[1], second, 0x21), 14));
  ends = _mm256_and_si256(
      ends,
      _mm256_alignr_epi8(third, _mm256_permute2x128_si256(classes.previous[2], third, 0x21), 15));
  classes.previous[0] = first;
  classes.previous[1] = second;
  classes.previous[2] = third;
  return ends;
}

[[gnu::target("avx2")]] inline std::uint32_t mask_of_zeros(__m256i bytes) {
  return static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())));
}

[[gnu::target("avx2")]] inline std::uint64_t sum_of_bytes(__m256i bytes) {
  alignas(32) std::array<std::uint64_t, 4> sums{};
  _mm256_store_si256(reinterpret_cast<__m256i*>(sums.data()),
                     _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
  return sums[0] + sums[1] + sums[2] + sums[3];
}

}  // namespace

[[gnu::target("avx2,popcnt")]] ScanResult scan_avx2(std::string_view block, std::size_t from) {
  constexpr std::size_t kChunk = 32;
  constexpr std::size_t kChunksPerSum = 255;  // Newlines are counted in bytes.
  const __m256i newline = _mm256_set1_epi8('\n');
  Avx2Classes classes;
  for (std::size_t place = 0; place < kKeyBytes; ++place) {
    classes.low[place] = load_32(kTables.low[place].data());
    classes.high[place] = load_32(kTables.high[place].data());
  }
  for (__m256i& previous : classes.previous)
    previous = _mm256_setzero_si256();

  std::uint64_t lines = 0;
  std::size_t at = std::min(from, block.size());
  while (at < block.size()) {
    __m256i newlines = _mm256_setzero_si256();
    const std::size_t stop = std::min(block.size(), at + kChunk * kChunksPerSum);
    for (; at < stop; at += kChunk) {
      const char* here = block.data() + at;
      std::array<char, kChunk> rest;
      if (block.size() - at < kChunk) {
        rest.fill(0);
        std::memcpy(rest.data(), here, block.size() - at);
        here = rest.data();
      }
      const __m256i text = load_32(here);
      const __m256i is_newline = _mm256_cmpeq_epi8(text, newline);
      const __m256i ends = key_ends(classes, text);
      if (__builtin_expect(_mm256_testz_si256(ends, ends), 1) == 0) {
        const std::uint64_t places = ~mask_of_zeros(ends);
        const std::size_t found = first_anchor(block, at - (kKeyBytes - 1), places);
        if (found != kNowhere) {
          // A key holds no newline, so one that begins in the chunk before is preceded
          // by all newlines counted so far.
          const std::uint64_t before = found < at ? 0 : bits_below(found - at);
          const std::uint64_t here_newlines = ~mask_of_zeros(is_newline);
          return {found, lines + sum_of_bytes(newlines) + count_ones(here_newlines & before)};
        }
      }
      newlines = _mm256_sub_epi8(newlines, is_newline);
    }
    lines += sum_of_bytes(newlines);
  }
  return {block.size(), lines};
}

namespace {

struct Avx512Classes {
  __m512i low[kKeyBytes];   // Of the bytes 0 to 63.
  __m512i high[kKeyBytes];  // Of the bytes 64 to 127.
};

[[gnu::target("avx512f,avx512bw,avx512vbmi")]] inline __m512i load_64(const char* from) {
  return _mm512_loadu_si512(from);
}

[[gnu::target("avx512f,avx512bw,avx512vbmi"), gnu::always_inline]] inline __m512i class_of(
    const Avx512Classes& classes, std::size_t place, __m512i text) {
  return _mm512_permutex2var_epi8(classes.low[place], text, classes.high[place]);
}

// Bit i: a key may begin at text[i], for 64 places. Reads 67 bytes.
[[gnu::target("avx512f,avx512bw,avx512vbmi"), gnu::always_inline]] inline std::uint64_t key_begins(
    const Avx512Classes& classes, const char* text) {
  constexpr int kAndOfThree = 0x80;
  const __m512i three = _mm512_ternarylogic_epi64(
      class_of(classes, 0, load_64(text)), class_of(classes, 1, load_64(text + 1)),
      class_of(classes, 2, load_64(text + 2)), kAndOfThree);
  return _mm512_test_epi8_mask(three, class_of(classes, 3, load_64(text + 3)));
}

}  // namespace

[[gnu::target("avx512f,avx512bw,avx512vbmi,popcnt")]] ScanResult scan_avx512(std::string_view block,
                                                                             std::size_t from) {
  constexpr std::size_t kChunk = 64;
  const __m512i newline = _mm512_set1_epi8('\n');
  Avx512Classes classes;
  for (std::size_t place = 0; place < kKeyBytes; ++place) {
    classes.low[place] = _mm512_loadu_si512(kTables.byte[place].data());
    classes.high[place] = _mm512_loadu_si512(kTables.byte[place].data() + 64);
  }

  std::uint64_t lines = 0;
  for (std::size_t at = std::min(from, block.size()); at < block.size(); at += kChunk) {
    const char* text = block.data() + at;
    std::array<char, kChunk + kKeyBytes> rest;
    if (block.size() - at < rest.size()) {
      rest.fill(0);
      std::memcpy(rest.data(), text, block.size() - at);
      text = rest.data();
    }
    const std::uint64_t newlines = _mm512_cmpeq_epi8_mask(load_64(text), newline);
    const std::uint64_t places = key_begins(classes, text);
    if (__builtin_expect(places != 0, 0)) {
      const std::size_t found = first_anchor(block, at, places);
      if (found != kNowhere) return {found, lines + count_ones(newlines & bits_below(found - at))};
    }
    lines += count_ones(newlines);
  }
  return {block.size(), lines};
}

}  // namespace oomkit::scan

#endif
