// Tables whose room is taken at the start, but whose memory only as far as they are in use.
//
// Memory that was reserved and never touched is no memory yet, so it need not be locked either. A
// table is therefore only as long as what it holds and some to spare; it grows within its room,
// which allocates nothing, at a moment when nothing depends on it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace oomkit {

// To spare beside `used`, in a room of `room`.
constexpr std::size_t length_with_spare(std::size_t used, std::size_t room) {
  constexpr std::size_t kLeast = 64;
  return std::min(room, used + std::max(used / 8, kLeast));
}

struct TableRoom {
  std::size_t most = 0;
  std::size_t now = 0;  // What it will hold at first.
};

template <class T>
void take_room(std::vector<T>& table, const TableRoom& room) {
  table.reserve(room.most);
  table.resize(length_with_spare(room.now, room.most));
}

// Longer, once half of what was to spare is used up.
template <class T>
void keep_spare(std::vector<T>& table, std::size_t room, std::size_t used) {
  constexpr std::size_t kLeast = 32;
  if (table.size() < std::min(room, used + std::max(used / 16, kLeast)))
    table.resize(length_with_spare(used, room));
}

}  // namespace oomkit
