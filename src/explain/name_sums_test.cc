#include "explain/name_sums.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace oomkit {
namespace {

using Flat = std::tuple<std::string, std::int64_t, std::int64_t, std::size_t>;

std::vector<Flat> flat(const std::vector<NamedSum>& sums) {
  std::vector<Flat> result;
  for (const NamedSum& sum : sums)
    result.emplace_back(sum.use.comm, sum.use.rss.count(), sum.use.swap.count(), sum.count);
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<NamedUse> uses_of(const std::vector<std::string>& names) {
  std::vector<NamedUse> uses;
  for (const std::string& name : names)
    uses.push_back({name, Bytes(static_cast<std::int64_t>(uses.size()) + 1), Bytes(7)});
  return uses;
}

TEST(NameSums, FewNamesOnManyRows) {
  const std::vector<std::string> names = {"nginx", "", "nginx", "a name of more than 15 bytes",
                                          "nginx", ""};
  const auto sums = flat(sums_of_names(uses_of(names)));
  EXPECT_THAT(
      sums, testing::ElementsAre(Flat("", 8, 14, 2), Flat("a name of more than 15 bytes", 4, 7, 1),
                                 Flat("nginx", 9, 21, 3)));
}

TEST(NameSums, AgreesWithItsPlainTwin) {
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> names(static_cast<std::size_t>(random.between(0, 300)));
    for (std::string& name : names) {
      name.assign(static_cast<std::size_t>(random.between(0, 20)), 'x');
      if (!name.empty()) name.back() = static_cast<char>('a' + random.between(0, 25));
    }
    const std::vector<NamedUse> uses = uses_of(names);
    EXPECT_EQ(flat(sums_of_names(uses)), flat(sums_of_names_plain(uses)));
  }
}

// Names of eight bytes that all begin on one place of the table: the inverse of the hash's
// multiplier, times numbers that have only high bits.
TEST(NameSums, NamesThatFallOnEachOther) {
  constexpr std::uint64_t kInverse = 0xf1de83e19937733dU;
  static_assert(kInverse * 0x9e3779b97f4a7c15U == 1);
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const std::uint64_t word = ((i << 52U) * kInverse) ^ 8U;
    std::string name(sizeof word, '\0');
    std::memcpy(name.data(), &word, sizeof word);
    names.push_back(name);
    names.push_back(name);
  }
  const auto sums = flat(sums_of_names(uses_of(names)));
  EXPECT_EQ(sums.size(), 4000U);
  EXPECT_EQ(sums, flat(sums_of_names_plain(uses_of(names))));
}

}  // namespace
}  // namespace oomkit
