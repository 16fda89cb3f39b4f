// The header of a swap area, as mkswap writes it: one page (union swap_header in the
// kernel's include/linux/swap.h), whose last ten bytes are its magic.
#pragma once

#include <array>
#include <cstdint>

namespace oomkit::guest {

constexpr std::size_t kSwapHeaderSize = 4096;

// The first page of an area of that many bytes. The area must hold at least two pages.
std::array<char, kSwapHeaderSize> swap_header(std::int64_t area_bytes);

}  // namespace oomkit::guest
