// The fast scanners against their plain twin: any bytes, from any place, cut anywhere.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "klog/scan.h"
#include "klog/scan_vector.h"

namespace {

using oomkit::ScanResult;

void expect_same(ScanResult actual, ScanResult expected) {
  OOMKIT_CHECK(actual.found == expected.found, "the scanners find different places");
  OOMKIT_CHECK(actual.lines == expected.lines, "the scanners count different lines");
}

void compare(std::string_view block, std::size_t from) {
  const ScanResult expected = oomkit::scan_plain(block, from);
  expect_same(oomkit::scan_fast(block, from), expected);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) expect_same(oomkit::scan::scan_avx2(block, from), expected);
#endif
}

}  // namespace

// The first two bytes say where to begin and where to cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  compare(text, data[0]);
  compare(text.substr(0, data[1]), 0);
  for (std::size_t at = 0; at < text.size();) {
    compare(text, at);
    at = oomkit::scan_fast(text, at).found + 1;
  }
  return 0;
}
