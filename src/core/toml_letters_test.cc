// Which characters no TOML parser is shown.
#include "core/toml_letters.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

TEST(TomlLetters, StringsAndCommentsMayHaveAny) {
  EXPECT_FALSE(letter_outside_of_strings("# ä\na = \"ö\"\nb = 'ü' # ß\n"));
  EXPECT_FALSE(
      letter_outside_of_strings("\xEF\xBB\xBF"
                                "a = 1"));
  EXPECT_FALSE(letter_outside_of_strings("a = \"\\\"ö\"\nb = 'c:\\' # ö"));
  EXPECT_FALSE(letter_outside_of_strings("a = \"\"\"\nö \"quoted\" ö\\\"\"\"\" # ö\n"));
  EXPECT_FALSE(letter_outside_of_strings("a = '''\nö 'quoted' ö''''\n\"é\" = 1"));
}

TEST(TomlLetters, AnywhereElseTheFirstIsNamedWithItsPlace) {
  const auto found = letter_outside_of_strings("a = \"ö\"\nb = 1\n  \xCF\xBB = 2\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->line, 3U);
  EXPECT_EQ(found->column, 3U);
  EXPECT_TRUE(letter_outside_of_strings("\xCF\xBB"));
  EXPECT_TRUE(letter_outside_of_strings("a = \"\" \xC2\xA0"));
  EXPECT_TRUE(letter_outside_of_strings("a = \"\"\"x\"\"\"\nö"));
}

TEST(TomlLetters, AfterAStringWithoutAnEndNothingIsSaid) {
  EXPECT_FALSE(letter_outside_of_strings("a = \"b\nö = 1"));
  EXPECT_FALSE(letter_outside_of_strings("a = '''b\nö = 1"));
  EXPECT_FALSE(letter_outside_of_strings("a = \"\\"));
}

}  // namespace
}  // namespace oomkit
