// Every way in which input can be bad has its row in the table, and rows cannot be
// mistaken for one another in an output.
#include "model/damage.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/text.h"

namespace oomkit {
namespace {

constexpr std::size_t kKinds = static_cast<std::size_t>(Damage::kCount);

TEST(Damage, EachKindHasACodeAndASentence) {
  std::set<std::string_view> codes;
  for (std::size_t i = 0; i < kKinds; ++i) {
    const DamageKind& kind = describe(static_cast<Damage>(i));
    ASSERT_FALSE(kind.code.empty()) << "the row of damage " << i << " is missing";
    EXPECT_TRUE(codes.insert(kind.code).second) << kind.code << " stands twice";
    for (const char c : kind.code)
      EXPECT_TRUE((is_alpha(c) && c >= 'a') || is_digit(c) || c == '-') << kind.code;
    EXPECT_GT(kind.sentence.size(), 10u) << kind.code;
    EXPECT_NE(kind.sentence.back(), '.') << kind.code << ": a count goes before it";
  }
}

TEST(Damage, TheTableIsInTheOrderOfTheEnumeration) {
  EXPECT_EQ(describe(Damage::line_too_long).code, "line-too-long");
  EXPECT_EQ(describe(Damage::row_unreadable).code, "row-unreadable");
  EXPECT_EQ(describe(Damage::elided).code, "elided");
  EXPECT_EQ(describe(Damage::rows_dropped).code, "rows-dropped");
  EXPECT_EQ(describe(Damage::incidents_dropped).code, "incidents-dropped");
}

TEST(DamageCounts, AreKeptApartAndAddedUp) {
  DamageCounts file;
  file.add(Damage::nul_bytes);
  file.add(Damage::lines_lost, 40);
  DamageCounts all;
  all.add(Damage::lines_lost, 2);
  all.merge(file);
  EXPECT_EQ(all.of(Damage::lines_lost), 42u);
  EXPECT_EQ(all.of(Damage::nul_bytes), 1u);
  EXPECT_EQ(all.of(Damage::elided), 0u);
  EXPECT_NE(all, file);
}

}  // namespace
}  // namespace oomkit
