#include "guest/swap_header.h"

#include <cstring>
#include <string_view>

#include <gtest/gtest.h>

namespace oomkit::guest {
namespace {

std::uint32_t number_at(const std::array<char, kSwapHeaderSize>& header, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, header.data() + at, sizeof number);
  return number;
}

TEST(SwapHeaderTest, IsWhatTheKernelLooksFor) {
  const auto header = swap_header(64 << 20);
  EXPECT_EQ(std::string_view(header.data() + 4086, 10), "SWAPSPACE2");
  EXPECT_EQ(number_at(header, 1024), 1U);                      // The version.
  EXPECT_EQ(number_at(header, 1028), (64U << 20) / 4096 - 1);  // The last page.
  EXPECT_EQ(number_at(header, 1032), 0U);                      // Bad pages.
}

TEST(SwapHeaderTest, APartOfAPageAtTheEndIsNotUsed) {
  EXPECT_EQ(number_at(swap_header(3 * 4096 + 4095), 1028), 2U);
}

TEST(SwapHeaderTest, AnAreaBeyondTheNumbersOfTheHeaderIsUsedAsFarAsTheyGo) {
  EXPECT_EQ(number_at(swap_header(INT64_MAX), 1028), UINT32_MAX);
}

}  // namespace
}  // namespace oomkit::guest
