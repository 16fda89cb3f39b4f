#include "render/escape.h"

#include <string>

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/utf8.h"

namespace oomkit {
namespace {

TEST(VisibleTest, LeavesWhatIsPlain) {
  EXPECT_EQ(visible("CPU 0/KVM (sd-pam) [x] \\ 100%"), "CPU 0/KVM (sd-pam) [x] \\ 100%");
  EXPECT_EQ(visible("größe 日本 Привет"), "größe 日本 Привет");
}

TEST(VisibleTest, SpellsOutWhatATerminalActsOn) {
  EXPECT_EQ(visible("\x1b]0;pwned\x07"), "\\x1b]0;pwned\\x07");
  EXPECT_EQ(visible("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(visible(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(visible("\x7f"), "\\x7f");
  EXPECT_EQ(visible("\xc2\x9b"
                    "31m"),
            "\\u009b31m")
      << "CSI as one C1 character";
}

TEST(VisibleTest, SpellsOutWhatHidesOrTurnsText) {
  EXPECT_EQ(visible("abc\xe2\x80\xae"
                    "def"),
            "abc\\u202edef")
      << "right-to-left override";
  EXPECT_EQ(visible("\xe2\x81\xa6"), "\\u2066") << "isolate";
  EXPECT_EQ(visible("a\xe2\x80\x8b"
                    "b"),
            "a\\u200bb")
      << "zero-width space";
  EXPECT_EQ(visible("\xe2\x80\xa8"), "\\u2028") << "line separator";
  EXPECT_EQ(visible("\xef\xbb\xbf"), "\\ufeff") << "byte order mark";
  EXPECT_EQ(visible("\xf3\xa0\x81\x81"), "\\U000e0041") << "tag character";
}

TEST(VisibleTest, BytesThatAreNoUtf8BecomeReplacements) {
  EXPECT_EQ(visible("a\xff"
                    "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(visible("\xc3"), "\xef\xbf\xbd");
  EXPECT_EQ(visible("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "a surrogate";
}

TEST(HtmlTest, NothingOpensATagOrEndsAnAttribute) {
  EXPECT_EQ(html("<script>alert('x\"&')</script>"),
            "&lt;script&gt;alert(&#39;x&quot;&amp;&#39;)&lt;/script&gt;");
  EXPECT_EQ(html("a\nb\x1b"), "a\\nb\\x1b");
}

TEST(MarkdownTest, NothingFormats) {
  EXPECT_EQ(markdown("a|b`c*d_e[f](g)"), "a\\|b\\`c\\*d_e\\[f\\](g)");
  EXPECT_EQ(markdown("<b>&#@x"), "&lt;b&gt;&amp;&#35;&#64;x");
  EXPECT_EQ(markdown("oom_score_adj"), "oom_score_adj");
  EXPECT_EQ(markdown("_a_ b_"), "\\_a\\_ b\\_");
  EXPECT_EQ(markdown("- x"), "\\- x");
  EXPECT_EQ(markdown("a - x"), "a - x");
  EXPECT_EQ(markdown("http://x"), "http\\://x");
  EXPECT_EQ(markdown("a\nb"), "a\\\\nb") << "shown as a\\nb";
}

bool is_well_formed_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length == 0 || byte < 0x20 || byte == 0x7f) return false;
    text.remove_prefix(length);
  }
  return true;
}

TEST(EscapeTest, AnyBytesComeOutAsOneWellFormedLine) {
  Random random(20'261'121);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (std::int64_t i = random.between(0, 24); i > 0; --i)
      bytes += static_cast<char>(random.between(0, 255));
    ASSERT_TRUE(is_well_formed_line(visible(bytes))) << "round " << round;
    ASSERT_TRUE(is_well_formed_line(markdown(bytes))) << "round " << round;
    const std::string page = html(bytes);
    ASSERT_TRUE(is_well_formed_line(page)) << "round " << round;
    ASSERT_EQ(page.find_first_of("<>\"'"), std::string::npos) << "round " << round;
  }
}

}  // namespace
}  // namespace oomkit
