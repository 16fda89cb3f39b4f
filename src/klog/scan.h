// Where in a block could an OOM report be? And how many lines does the block have?
//
// The fast scanner and its plain twin give the same answer for every input; a fuzzer
// and a property test hold them to it, and a benchmark says what the speed is worth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oomkit {

struct ScanResult {
  std::size_t found =
      0;  // Offset of the first anchor word at or after `from`; block.size() if none.
  std::uint64_t lines = 0;  // Newlines in [from, found).
};

ScanResult scan_fast(std::string_view block, std::size_t from);
ScanResult scan_plain(std::string_view block, std::size_t from);

// The words looked for, each of which some line of every report, kill line or killer's
// message holds, however it is wrapped. Longest anchor in bytes: what must be carried
// over from one block to the next.
inline constexpr std::size_t kAnchorBytesMax = 16;

}  // namespace oomkit
