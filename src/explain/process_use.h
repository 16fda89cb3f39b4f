// The rows of a task table in short: who, and how much of its own.
//
// Sums by name and growth from report to report look at every row of every report; this is all
// that they look at, side by side in memory, and names are compared as two numbers.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "explain/amounts.h"
#include "model/task.h"

namespace oomkit {

// A process name in the kernel's 16 bytes (TASK_COMM_LEN), cut to them where it is longer.
class CommKey {
 public:
  CommKey() = default;
  explicit CommKey(std::string_view comm) {
    if (!comm.empty()) {
      std::memcpy(bytes_.data(), comm.data(), std::min(comm.size(), sizeof(bytes_)));
    }
  }
  // The same without a branch on its length: a string has room for as many bytes in itself.
  explicit CommKey(const std::string& comm) {
    if (comm.capacity() + 1 < sizeof(bytes_)) {
      *this = CommKey(std::string_view(comm));
      return;
    }
    std::memcpy(bytes_.data(), comm.data(), sizeof(bytes_));
    bytes_[0] &= low_bytes(comm.size());
    bytes_[1] &= low_bytes(comm.size() < kWord ? 0 : comm.size() - kWord);
  }
  std::string text() const;
  // Well mixed in its upper bits.
  std::uint64_t hash() const {
    return (bytes_[0] ^ (bytes_[1] * 0x9e3779b97f4a7c15U)) * 0xd6e8feb86659fd93U;
  }

  friend bool operator==(const CommKey&, const CommKey&) = default;
  friend auto operator<=>(const CommKey&, const CommKey&) = default;

 private:
  static constexpr std::size_t kWord = sizeof(std::uint64_t);
  static std::uint64_t low_bytes(std::size_t count) {
    return count >= kWord ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * count)) - 1;
  }

  std::array<std::uint64_t, 2> bytes_{};
};

struct ProcessUse {
  std::int64_t pid = 0;  // Of the process, where the table tells; else of its row.
  CommKey comm;
  // Shared and file pages are not what a process grows by: only its own where they are told.
  Bytes rss, swap;
  std::size_t row = 0;

  Bytes use() const { return plus(rss, swap); }
};

// Of the rows that tell a size; none if the size of a page is not known.
std::vector<ProcessUse> process_uses(const std::vector<Task>& tasks,
                                     std::optional<PageSize> page_size);

}  // namespace oomkit
