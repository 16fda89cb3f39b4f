// Our patterns are those of RE2, which is asked here what each should have found.
#include "policy/pattern.h"

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "core/random.h"

namespace oomkit {
namespace {

RE2::Options quiet() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  return options;
}

const std::vector<std::string>& texts() {
  static const std::vector<std::string> kTexts = {"",
                                                  "a",
                                                  "ab",
                                                  "abc",
                                                  "ABC",
                                                  "sshd",
                                                  "sshd: user",
                                                  "systemd",
                                                  "systemd-journald",
                                                  "x\ny",
                                                  "java -Xmx4g -jar app.jar",
                                                  "a.b",
                                                  "aab",
                                                  "aaa",
                                                  "b",
                                                  "-",
                                                  "]",
                                                  "\\",
                                                  "chrome --type=renderer",
                                                  "/usr/bin/python3.11",
                                                  "Web Content",
                                                  "a{2}",
                                                  "\t",
                                                  "\xc3\xa9",
                                                  std::string(40, 'a')};
  return kTexts;
}

TEST(Pattern, FindsWhatRe2Finds) {
  for (const char* source : {"^(sshd|systemd)$",
                             "abc",
                             "a|b|",
                             "a*b",
                             "a+b?c",
                             "a{2}",
                             "a{2,}",
                             "a{1,2}$",
                             "a{2",
                             "(?i)abc",
                             "(?i:AB)c",
                             "[a-c]+$",
                             "[^a-c]",
                             "[]a]",
                             "[^]a]",
                             "[a-]",
                             "\\d+\\.\\d+",
                             "\\w+-\\w+",
                             "\\S\\s\\S",
                             "^$",
                             "^",
                             "$",
                             "a.c",
                             "(?s)x.y",
                             "x.y",
                             "\\.",
                             "\\\\",
                             "\\x61b",
                             "[[:alpha:]]{3}",
                             "[[:^alpha:]]",
                             "(a|(b|c))+d?",
                             "^systemd(-.*)?$",
                             "\\Aab\\z",
                             "(?P<name>a)b",
                             "^^a",
                             "a$$",
                             "(^|/)python3",
                             "--type=(renderer|gpu)",
                             "\\[?a",
                             "a**?",
                             "[\\d.]+",
                             "[\\]]",
                             "x*",
                             "(x*)*y",
                             "^(Web|WebExtensions|Isolated) ",
                             "[^\\n]",
                             "a{0}b",
                             "(?:)"}) {
    const RE2 twin(source, quiet());
    const auto ours = Pattern::create(source);
    ASSERT_EQ(ours.has_value(), twin.ok())
        << source << ": " << (ours ? twin.error() : ours.error().message);
    if (!ours) continue;
    for (const std::string& text : texts())
      EXPECT_EQ(ours->found_in(text), RE2::PartialMatch(text, twin)) << source << " in " << text;
  }
}

TEST(Pattern, RefusesWhatIsWrongAtItsPlace) {
  struct Row {
    const char* source;
    std::size_t offset;
  };
  for (const Row& row : {Row{"^(ab", 4}, Row{"a)", 1}, Row{"*a", 0}, Row{"[a", 2}, Row{"a\\", 2},
                         Row{"[b-a]", 4}, Row{"\\1", 1}, Row{"(?=a)", 2}, Row{"a{2000}", 1},
                         Row{"[[:no:]]", 7}, Row{"\\xzz", 2}, Row{"(?<=a)b", 3}}) {
    const auto ours = Pattern::create(row.source);
    ASSERT_FALSE(ours) << row.source;
    EXPECT_EQ(ours.error().offset, row.offset) << row.source << ": " << ours.error().message;
    EXPECT_FALSE(RE2(row.source, quiet()).ok()) << row.source;
  }
}

TEST(Pattern, ChanceFindsNoDifference) {
  constexpr std::array<std::string_view, 24> kPieces = {
      "a",    "b",   "c",   "ab", "|", "(",   ")",     "*",  "+", "?", ".", "[ab]",
      "[^a]", "\\w", "\\d", "^",  "$", "{2}", "{1,2}", "c*", "x", "-", " ", "(?:"};
  int agreed = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    std::string source = random.chance(20) ? "(?i)" : "";
    const std::int64_t pieces = random.between(1, 9);
    for (std::int64_t i = 0; i < pieces; ++i)
      source += kPieces.at(static_cast<std::size_t>(random.between(0, kPieces.size() - 1)));
    const auto ours = Pattern::create(source);
    const RE2 twin(source, quiet());
    // Doubled repeats are the one thing that we refuse and RE2 takes; an end of the text before
    // its begin is what only the empty text has.
    if (!ours || !twin.ok() || source.find('$') < source.rfind('^')) continue;
    ++agreed;
    for (int i = 0; i < 6; ++i) {
      std::string text;
      const std::int64_t length = random.between(0, 8);
      for (std::int64_t c = 0; c < length; ++c)
        text += random.pick({'a', 'b', 'c', 'A', '1', ' ', '-', 'x'});
      EXPECT_EQ(ours->found_in(text), RE2::PartialMatch(text, twin))
          << "seed " << seed << ": " << source << " in " << text;
    }
  }
  EXPECT_GT(agreed, 1000);
}

TEST(Pattern, ManyPositionsAndHostileOnes) {
  std::string names;
  for (int i = 0; i < 60; ++i)
    names += (i == 0 ? "" : "|") + std::string("name") + std::to_string(i);
  const auto many = Pattern::create("^(" + names + ")$");
  ASSERT_TRUE(many);
  EXPECT_TRUE(many->found_in("name59"));
  EXPECT_FALSE(many->found_in("name60"));
  EXPECT_FALSE(Pattern::create("(a{1000}){1000}"));
  EXPECT_FALSE(Pattern::create(std::string(1000, '(')));
  const auto slow_elsewhere = Pattern::create("(a*)*(a*)*(a*)*b");
  ASSERT_TRUE(slow_elsewhere);
  EXPECT_FALSE(slow_elsewhere->found_in(std::string(100'000, 'a')));
}

}  // namespace
}  // namespace oomkit
