#include "cli/option_word.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

const std::vector<std::string> kWords = {"explain", "--format", "--summary", "--since"};

TEST(Suggestion, IsTheWordMeant) {
  EXPECT_EQ(suggestion("--fromat", kWords), "; did you mean --format?");
  EXPECT_EQ(suggestion("--sumary", kWords), "; did you mean --summary?");
  EXPECT_EQ(suggestion("explian", kWords), "; did you mean explain?");
}

TEST(Suggestion, IsNothingWhenNothingIsClose) {
  EXPECT_EQ(suggestion("--verbose-and-loud", kWords), "");
  EXPECT_EQ(suggestion("", kWords), "");
  EXPECT_EQ(suggestion("explain", {}), "");
  EXPECT_EQ(suggestion(std::string(100'000, 'e'), kWords), "");
}

TEST(ChosenWord, IsItsIndexOrARefusalThatListsAll) {
  const std::vector<std::string> forms = {"text", "json", "html"};
  EXPECT_EQ(chosen_word("--format", "json", forms).value(), 1U);
  const auto refused = chosen_word("--format", "jsno", forms);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  EXPECT_EQ(refused.error().what,
            "--format \"jsno\": expected text, json or html; did you mean json?");
}

TEST(WantsColour, OnlyOnATerminalUnlessSaid) {
  Terminal terminal;
  terminal.colour_wanted = true;
  EXPECT_TRUE(wants_colour("auto", terminal, false).value());
  EXPECT_FALSE(wants_colour("auto", terminal, true).value());
  EXPECT_FALSE(wants_colour("auto", Terminal(), false).value());
  EXPECT_TRUE(wants_colour("always", Terminal(), true).value());
  EXPECT_FALSE(wants_colour("never", terminal, false).value());
  EXPECT_FALSE(wants_colour("purple", terminal, false).has_value());
}

}  // namespace
}  // namespace oomkit
