// Whether the helper hangs: something waits for it, and it has taken nothing for long.
//
// One that died is started again by its keeper; one that is stopped, or stuck in a write that
// nobody reads, is not seen there. What it takes from the mailbox is its sign of life, so that it
// need not wake up to give one, and nobody wonders about it while there is nothing to do.
#pragma once

#include <algorithm>
#include <cstdint>

namespace oomkit {

class HelperWatch {
 public:
  static constexpr std::int64_t kPatience = 15'000'000'000;

  // At each turn. `taken` changes with all that it takes. True once; then it has as long again.
  bool hangs(std::int64_t now_ns, bool something_waits, std::uint64_t taken) {
    const std::int64_t passed = std::min(now_ns - last_ns_, kTurnAtMost);
    last_ns_ = now_ns;
    waited_ns_ = something_waits && taken == taken_ && waited_before_ ? waited_ns_ + passed : 0;
    waited_before_ = something_waits;
    taken_ = taken;
    if (waited_ns_ < kPatience) return false;
    waited_ns_ = 0;
    return true;
  }

 private:
  // While we slept ourselves, with the whole machine, it could not work either.
  static constexpr std::int64_t kTurnAtMost = 5'000'000'000;

  std::int64_t last_ns_ = 0;
  std::int64_t waited_ns_ = 0;
  std::uint64_t taken_ = 0;
  bool waited_before_ = false;
};

}  // namespace oomkit
