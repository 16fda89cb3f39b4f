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
  // Offset of the first anchor at or after `from`, that is of the key byte within the
  // anchor's word (scan_anchors.h), so the word's first letters may stand before `from`;
  // block.size() if there is none.
  std::size_t found = 0;
  std::uint64_t lines = 0;  // Newlines in [from, found).
};

// An anchor never reaches over a newline, so scanning whole lines finds every anchor
// that scanning the whole log would find.
ScanResult scan_fast(std::string_view block, std::size_t from);
ScanResult scan_plain(std::string_view block, std::size_t from);

// What scan_fast() runs on this machine: "avx512", "avx2" or "plain".
std::string_view scan_fast_kind();

}  // namespace oomkit
