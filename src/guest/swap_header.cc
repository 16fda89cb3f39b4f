#include "guest/swap_header.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/check.h"

namespace oomkit::guest {

std::array<char, kSwapHeaderSize> swap_header(std::int64_t area_bytes) {
  constexpr std::string_view kMagic = "SWAPSPACE2";
  constexpr std::size_t kVersionAt = 1024;  // After the room for a boot loader.
  constexpr std::size_t kLastPageAt = kVersionAt + 4;
  const std::int64_t pages = area_bytes / static_cast<std::int64_t>(kSwapHeaderSize);
  OOMKIT_CHECK(pages >= 2, "a swap area has at least two pages");
  const std::uint32_t version = 1;
  const auto last_page = static_cast<std::uint32_t>(std::min<std::int64_t>(pages - 1, UINT32_MAX));
  std::array<char, kSwapHeaderSize> header{};
  std::memcpy(header.data() + kVersionAt, &version, sizeof version);
  std::memcpy(header.data() + kLastPageAt, &last_page, sizeof last_page);
  std::copy(kMagic.begin(), kMagic.end(), header.end() - kMagic.size());
  return header;
}

}  // namespace oomkit::guest
