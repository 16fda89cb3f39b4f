// Amounts keep their units apart and never overflow when they are converted.
#include "core/units.h"

#include <concepts>
#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};

static_assert(Addable<Pages, Pages>);
static_assert(!Addable<Pages, KiB>, "pages and KiB differ by a factor that is not known here");
static_assert(!std::convertible_to<std::int64_t, Bytes>, "a bare number has no unit");
static_assert(!std::convertible_to<Bytes, std::int64_t>);

TEST(Units, ThePageSizeOfTheLogDecides) {
  EXPECT_EQ(to_bytes(Pages(10), PageSize::k4K), Bytes(40960));
  EXPECT_EQ(to_bytes(Pages(10), PageSize::k64K), Bytes(655360));
  EXPECT_EQ(floor_pages(Bytes(65535), PageSize::k16K), Pages(3));
  EXPECT_EQ(bytes_of(PageSize::k8K), Bytes(8192));
}

TEST(Units, AmountsBelowZeroAreOverdrafts) {
  const Bytes limit(4096);
  const Bytes usage(8192);
  EXPECT_EQ(limit - usage, Bytes(-4096));
  EXPECT_LT(limit - usage, Bytes());
  EXPECT_EQ(floor_kib(limit - usage), KiB(-4));
  EXPECT_EQ(floor_kib(Bytes(-1)), KiB(-1)) << "floor, not towards zero";
}

TEST(Units, ConversionsSaturate) {
  EXPECT_EQ(to_bytes(Pages(INT64_MAX), PageSize::k4K), Bytes(INT64_MAX));
  EXPECT_EQ(to_bytes(Pages(INT64_MIN), PageSize::k4K), Bytes(INT64_MIN));
  EXPECT_EQ(to_bytes(KiB(INT64_MAX / 1024 + 1)), Bytes(INT64_MAX));
  EXPECT_EQ(to_bytes(KiB(INT64_MAX / 1024)), Bytes(INT64_MAX / 1024 * 1024));
}

TEST(Units, SumsOfHostileNumbersSaturate) {
  const Bytes most(INT64_MAX);
  const Bytes least(INT64_MIN);
  EXPECT_EQ(most + Bytes(1), most);
  EXPECT_EQ(least + Bytes(-1), least);
  EXPECT_EQ(least - Bytes(1), least);
  EXPECT_EQ(most - Bytes(-1), most);
  EXPECT_EQ(Bytes(0) - least, most);
  EXPECT_EQ(most * 2, most);
  EXPECT_EQ(most * -2, least);
  EXPECT_EQ(least * -1, most);
  EXPECT_EQ(least * 3, least);
  EXPECT_EQ(most + least, Bytes(-1));
}

TEST(Units, Arithmetic) {
  Pages pages(7);
  pages += Pages(5);
  pages -= Pages(2);
  EXPECT_EQ(pages, Pages(10));
  EXPECT_EQ(pages * 3, Pages(30));
  EXPECT_EQ(pages / 4, Pages(2));
  EXPECT_GT(pages, Pages(9));
}

}  // namespace
}  // namespace oomkit
