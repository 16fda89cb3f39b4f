// Names and paths that try to break a page come out as text, in every format.
#include <algorithm>
#include <cctype>
#include <string>

#include <gtest/gtest.h>

#include "core/utf8.h"
#include "render/width.h"
#include "samples.h"

namespace oomkit {
namespace {

Document hostile() {
  Document document;
  document.reports = {hostile_sample(), hostile_sample()};
  document.incidents = {hostile_incident()};
  document.others = {hostile_other()};
  std::string all;
  for (const std::string& text : hostile_texts())
    all += text;
  document.inputs = {{all, 1, 1}};
  document.damage.add(Damage::invalid_utf8, 1);
  return document;
}

std::string in_format(OutputFormat format, bool redact = false) {
  RenderOptions options;
  options.format = format;
  options.columns = 80;
  options.redact = redact;
  return rendered(hostile(), options);
}

class EveryFormat : public testing::TestWithParam<OutputFormat> {};

TEST_P(EveryFormat, IsPlainUtf8WithoutControls) {
  for (const bool redact : {false, true}) {
    const std::string text = in_format(GetParam(), redact);
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t length = utf8_length(rest);
      ASSERT_NE(length, 0U) << "at byte " << text.size() - rest.size();
      const auto byte = static_cast<unsigned char>(rest[0]);
      ASSERT_TRUE(byte >= 0x20 || byte == '\n') << static_cast<int>(byte);
      ASSERT_NE(byte, 0x7f);
      const bool c1 =
          length == 2 && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0;
      ASSERT_FALSE(c1);
      rest.remove_prefix(length);
    }
    if (GetParam() != OutputFormat::json) {
      EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos) << "bidirectional override";
      EXPECT_EQ(text.find("\xe2\x80\x8b"), std::string::npos) << "zero width";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Hostile, EveryFormat,
                         testing::Values(OutputFormat::text, OutputFormat::summary,
                                         OutputFormat::json, OutputFormat::markdown,
                                         OutputFormat::html));

TEST(HostileTest, HtmlHasOnlyItsOwnTags) {
  const std::string page = in_format(OutputFormat::html);
  for (const char* evil : {"<script", "<img", "onerror=alert(1)>", "</style><!--", "javascript:"}) {
    const std::size_t found = page.find(evil);
    const bool as_text =
        found == std::string::npos || page.find('<') > found || std::string(evil) == "javascript:";
    EXPECT_TRUE(as_text) << evil;
  }
  // Every tag is one that the renderer writes.
  const std::string own[] = {
      "!DOCTYPE", "html", "head", "meta",   "title",   "style",  "body", "main",    "h1",
      "h2",       "h3",   "p",    "ul",     "li",      "a",      "div",  "table",   "thead",
      "tbody",    "tr",   "th",   "td",     "dl",      "dt",     "dd",   "section", "article",
      "figure",   "svg",  "desc", "defs",   "pattern", "rect",   "line", "text",    "polyline",
      "circle",   "span", "b",    "footer", "details", "summary"};
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    std::size_t begin = at + 1;
    if (begin < page.size() && page[begin] == '/') ++begin;
    std::size_t end = begin;
    while (end < page.size() &&
           (std::isalnum(static_cast<unsigned char>(page[end])) != 0 || page[end] == '!'))
      ++end;
    const std::string tag = page.substr(begin, end - begin);
    EXPECT_NE(std::find(std::begin(own), std::end(own), tag), std::end(own))
        << "<" << tag << " at byte " << at;
  }
}

TEST(HostileTest, HtmlFetchesNothing) {
  for (const std::string& page :
       {in_format(OutputFormat::html),
        rendered({{container_sample(), host_sample()}, {incident_sample()}, {}, {}, {}},
                 {.format = OutputFormat::html})}) {
    for (const char* reference : {" src=", "url(http", "@import", "<link", "<iframe", "<object",
                                  "<embed", "href=\"http", "xlink:", "<base"}) {
      std::size_t found = page.find(reference);
      // The hostile texts contain " src=" as text, after an escaped "<img".
      while (found != std::string::npos && page.compare(found - 7, 7, "&lt;img") == 0)
        found = page.find(reference, found + 1);
      EXPECT_EQ(found, std::string::npos) << reference;
    }
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  }
}

TEST(HostileTest, MarkdownTablesKeepTheirColumns) {
  const std::string text = in_format(OutputFormat::markdown);
  EXPECT_EQ(text.find("<script"), std::string::npos);
  EXPECT_EQ(text.find("[x]("), std::string::npos) << "a link";
  std::size_t columns = 0;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty() || line.front() != '|') {
      columns = 0;
      continue;
    }
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\') {
        ++i;
      } else if (line[i] == '|') {
        ++bars;
      }
    }
    EXPECT_TRUE(columns == 0 || bars == columns) << line;
    columns = bars;
  }
}

TEST(HostileTest, TheTerminalKeepsItsWidth) {
  for (const int columns : {80, 100, 160}) {
    RenderOptions options;
    options.columns = columns;
    const std::string text = rendered(hostile(), options);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      const std::string line = text.substr(begin, end - begin);
      EXPECT_LE(display_width(line), static_cast<std::size_t>(columns)) << line;
      begin = end + 1;
    }
  }
}

TEST(HostileTest, ColourIsTheOnlySourceOfEscapes) {
  RenderOptions options;
  options.colour = true;
  const std::string text = rendered(hostile(), options);
  for (std::size_t at = text.find('\x1b'); at != std::string::npos;
       at = text.find('\x1b', at + 1)) {
    const std::size_t end = text.find('m', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 6U) << text.substr(at + 1, 20);
    EXPECT_EQ(text[at + 1], '[');
    EXPECT_EQ(text.substr(at + 2, end - at - 2).find_first_not_of("0123456789;"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace oomkit
