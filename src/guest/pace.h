// When the next piece of a step is due: pure sums, so that every process of a scenario goes
// at the speed that it says, however late it was woken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace oomkit::guest {

// Bytes a second from a beginning. No rate: always due.
class Pace {
 public:
  Pace(std::optional<std::int64_t> bytes_per_s, std::int64_t begin_ns)
      : bytes_per_s_(bytes_per_s), begin_ns_(begin_ns) {}

  // The time at which the piece that begins after `done` bytes may start.
  std::int64_t due_ns(std::int64_t done) const {
    if (!bytes_per_s_) return begin_ns_;
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::int64_t whole = done / *bytes_per_s_;
    const std::int64_t rest = done % *bytes_per_s_;
    // The rest is below the rate, so a double has it exactly enough and cannot overflow.
    const double part = static_cast<double>(rest) / static_cast<double>(*bytes_per_s_) *
                        static_cast<double>(kSecond);
    constexpr std::int64_t kSecondsMax = 1'000'000'000;
    return begin_ns_ + std::min(whole, kSecondsMax) * kSecond + static_cast<std::int64_t>(part);
  }

  // Small enough that a slow rate is smooth, large enough that a fast one costs no sleeps.
  std::int64_t piece_bytes() const {
    constexpr std::int64_t kPieceMax = 256 << 10;
    constexpr std::int64_t kPiecesPerSecond = 50;
    constexpr std::int64_t kPage = 4096;
    if (!bytes_per_s_) return kPieceMax;
    const std::int64_t piece = *bytes_per_s_ / kPiecesPerSecond / kPage * kPage;
    return std::clamp(piece, kPage, kPieceMax);
  }

 private:
  std::optional<std::int64_t> bytes_per_s_;
  std::int64_t begin_ns_;
};

}  // namespace oomkit::guest
