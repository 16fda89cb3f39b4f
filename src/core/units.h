// Amounts of memory as distinct types.
//
// A kernel log alone speaks three units: zone and LRU counters and the task table
// are in pages, zone lines and kill lines in kB (1024 bytes), memory.stat in bytes.
// A mix-up is silent and wrong by 4, 1024 or 4096, so no bare integer carries an
// amount past the parser that read it.
//
// Amounts are signed: what a limit is exceeded by, or the rest that a sum leaves,
// may be negative. They come from hostile text, so sums saturate instead of overflowing.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace oomkit {

template <class Unit>
class Amount {
 public:
  constexpr Amount() = default;
  constexpr explicit Amount(std::int64_t count) : count_(count) {}

  constexpr std::int64_t count() const { return count_; }

  friend constexpr auto operator<=>(Amount, Amount) = default;
  friend constexpr Amount operator+(Amount a, Amount b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a.count_, b.count_, &sum)) return Amount(sum);
    return Amount(b.count_ < 0 ? INT64_MIN : INT64_MAX);
  }
  friend constexpr Amount operator-(Amount a, Amount b) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a.count_, b.count_, &difference)) return Amount(difference);
    return Amount(b.count_ > 0 ? INT64_MIN : INT64_MAX);
  }
  friend constexpr Amount operator*(Amount a, std::int64_t k) {
    std::int64_t product = 0;
    if (!__builtin_mul_overflow(a.count_, k, &product)) return Amount(product);
    return Amount((a.count_ < 0) == (k < 0) ? INT64_MAX : INT64_MIN);
  }
  friend constexpr Amount operator/(Amount a, std::int64_t k) { return Amount(a.count_ / k); }
  constexpr Amount& operator+=(Amount b) { return *this = *this + b; }
  constexpr Amount& operator-=(Amount b) { return *this = *this - b; }

 private:
  std::int64_t count_ = 0;
};

using Pages = Amount<struct PagesUnit>;
using KiB = Amount<struct KiBUnit>;
using Bytes = Amount<struct BytesUnit>;

// The page size belongs to the machine that wrote the log, never to the one that
// reads it: an arm64 or ppc64le report with 64 KiB pages is read on x86.
enum class PageSize : std::int32_t { k4K = 4096, k8K = 8192, k16K = 16384, k64K = 65536 };

constexpr Bytes bytes_of(PageSize size) {
  return Bytes(static_cast<std::int64_t>(size));
}

// Conversions saturate instead of overflowing: a log may say 2^63 pages.
constexpr Bytes saturated_product(std::int64_t count, std::int64_t factor) {
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(count, factor, &product)) return Bytes(product);
  return Bytes(count < 0 ? INT64_MIN : INT64_MAX);
}
constexpr Bytes to_bytes(Pages pages, PageSize size) {
  return saturated_product(pages.count(), static_cast<std::int64_t>(size));
}
constexpr Bytes to_bytes(KiB kib) {
  return saturated_product(kib.count(), 1024);
}
constexpr KiB floor_kib(Bytes bytes) {
  return KiB(bytes.count() >> 10);
}
constexpr Pages floor_pages(Bytes bytes, PageSize size) {
  return Pages(bytes.count() / static_cast<std::int64_t>(size));
}

static_assert(to_bytes(Pages(3), PageSize::k64K) == to_bytes(KiB(192)));
static_assert(to_bytes(KiB(INT64_MAX)) == Bytes(INT64_MAX), "saturates");

}  // namespace oomkit
