#include "klog/scan.h"

#include <algorithm>
#include <array>

#include "klog/scan_anchors.h"
#include "klog/scan_vector.h"

namespace oomkit {
namespace {

constexpr std::array<bool, 256> kBeginsKey = [] {
  std::array<bool, 256> begins{};
  for (const scan::Anchor& anchor : scan::kAnchors)
    begins[static_cast<unsigned char>(anchor.key_text()[0])] = true;
  return begins;
}();

struct Scanner {
  ScanResult (*run)(std::string_view block, std::size_t from);
  std::string_view kind;
};

Scanner choose_scanner() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vbmi"))
    return {scan::scan_avx512, "avx512"};
  if (__builtin_cpu_supports("avx2")) return {scan::scan_avx2, "avx2"};
#endif
  return {scan_plain, "plain"};
}

const Scanner& scanner() {
  static const Scanner chosen = choose_scanner();
  return chosen;
}

}  // namespace

ScanResult scan_fast(std::string_view block, std::size_t from) {
  return scanner().run(block, from);
}

std::string_view scan_fast_kind() {
  return scanner().kind;
}

ScanResult scan_plain(std::string_view block, std::size_t from) {
  ScanResult result;
  std::size_t at = std::min(from, block.size());
  for (; at < block.size(); ++at) {
    if (kBeginsKey[static_cast<unsigned char>(block[at])] && scan::anchor_at(block, at)) break;
    if (block[at] == '\n') ++result.lines;
  }
  result.found = at;
  return result;
}

}  // namespace oomkit
