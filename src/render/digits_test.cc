#include "core/digits.h"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/random.h"

namespace oomkit {
namespace {

std::string written(std::int64_t number) {
  std::array<char, kNumberRoom> buffer{};
  char* const end = write_number(buffer.data(), number);
  return std::string(
      std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data())));
}

TEST(Digits, NumbersOfEachLength) {
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(-7), "-7");
  EXPECT_EQ(written(INT64_MAX), "9223372036854775807");
  EXPECT_EQ(written(INT64_MIN), "-9223372036854775808");
  std::int64_t power = 1;
  for (int digits = 1; digits <= 18; ++digits) {
    power *= 10;
    for (const std::int64_t number : {power - 1, power, power + 1, -power}) {
      EXPECT_EQ(written(number), std::to_string(number));
    }
  }
}

TEST(Digits, AgreesWithItsPlainTwin) {
  for (std::int64_t number = 0; number < 100'000; ++number)
    ASSERT_EQ(written(number), std::to_string(number));
  Random random(3);
  for (int i = 0; i < 200'000; ++i) {
    const auto number = static_cast<std::int64_t>(random.next() >> (random.next() % 64));
    ASSERT_EQ(written(number), std::to_string(number));
    ASSERT_EQ(written(-number), std::to_string(-number));
  }
}

}  // namespace
}  // namespace oomkit
