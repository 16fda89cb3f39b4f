#include "core/diagnostic.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

TEST(Diagnostic, ShowsTheLineWithACaretUnderTheWord) {
  const std::string source = "schema = 1\nset = { \"memory.maximum\" = \"80M\" }\n";
  const Diagnostic wrong = {2, 9, 16, "unknown key", "cgroup v2 has memory.max"};
  EXPECT_EQ(diagnostic_text(wrong, "a.toml", source),
            "a.toml:2:9: unknown key\n"
            "    2 | set = { \"memory.maximum\" = \"80M\" }\n"
            "      |         ^^^^^^^^^^^^^^^^ cgroup v2 has memory.max\n");
}

TEST(Diagnostic, OfAWholeFileHasNoPlace) {
  EXPECT_EQ(diagnostic_text({0, 0, 1, "no [host]", ""}, "a.toml", "x"), "a.toml: no [host]\n");
}

TEST(Diagnostic, AnyPlaceIsSafeEvenBeyondTheSource) {
  for (std::size_t line = 0; line < 5; ++line) {
    for (std::size_t column = 0; column < 9; ++column) {
      EXPECT_FALSE(diagnostic_text({line, column, 99, "m", "h"}, "f", "ab\ncd").empty());
    }
  }
}

TEST(Diagnostic, ControlCharactersAreNotPassedToTheTerminal) {
  EXPECT_EQ(diagnostic_text({1, 1, 1, "m", ""}, "f", "\x1b[31mx").find('\x1b'), std::string::npos);
}

TEST(Nearest, FindsWhatWasMeantAndNothingFarAway) {
  constexpr std::array<std::string_view, 3> kWords = {"memory", "swap", "cgroup"};
  EXPECT_EQ(nearest("memroy", kWords), "memory");
  EXPECT_EQ(nearest("cgruop", kWords), "cgroup");
  EXPECT_EQ(nearest("banana", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
}

}  // namespace
}  // namespace oomkit
