#include "render/escape.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text.h"
#include "core/utf8.h"

namespace oomkit {
namespace {

struct Range {
  char32_t first, last;
};

// What a terminal or a browser acts on, or shows as nothing at all, though it is valid
// UTF-8: C1 controls, soft hyphen, joiners, bidirectional marks and overrides, line and
// paragraph separators, interlinear marks, variation selectors beyond the emoji one,
// tags, private use, non-characters. Sorted.
constexpr std::array<Range, 17> kSpelledOut = {{
    {0x0000, 0x001f},
    {0x007f, 0x009f},
    {0x00ad, 0x00ad},
    {0x034f, 0x034f},
    {0x061c, 0x061c},
    {0x115f, 0x1160},
    {0x17b4, 0x17b5},
    {0x180b, 0x180f},
    {0x200b, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0x3164, 0x3164},
    {0xe000, 0xf8ff},
    {0xfe00, 0xfe0e},
    {0xfeff, 0xfeff},
    {0xfff0, 0xfffb},
    {0xe0000, 0x10ffff},
}};

bool is_spelled_out(char32_t c) {
  const auto* const range = std::find_if(kSpelledOut.begin(), kSpelledOut.end(),
                                         [c](const Range& r) { return c <= r.last; });
  return range != kSpelledOut.end() && c >= range->first;
}

void append_hex(std::string& out, char32_t value, int digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out += kHex[(value >> shift) & 15];
}

void append_spelled_out(std::string& out, char32_t c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x80) {
    out += "\\x";
    append_hex(out, c, 2);
  } else if (c < 0x10000) {
    out += "\\u";
    append_hex(out, c, 4);
  } else {
    out += "\\U";
    append_hex(out, c, 8);
  }
}

// Hands on the text piece by piece: plain ASCII bytes one at a time, with the byte that
// follows (0 at the end), to `plain`, all else as finished UTF-8 to `other`.
template <class Plain, class Other>
void for_each_visible(std::string_view text, Plain plain, Other other) {
  std::string spelled;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte >= 0x20 && byte < 0x7f) {
      plain(text.front(), text.size() > 1 ? text[1] : '\0');
      text.remove_prefix(1);
      continue;
    }
    const CodePoint c = first_code_point(text);
    const std::size_t well_formed = utf8_length(text);
    if (well_formed == 0) {
      other("\xef\xbf\xbd");
    } else if (is_spelled_out(c.value)) {
      spelled.clear();
      append_spelled_out(spelled, c.value);
      other(spelled);
    } else {
      other(text.substr(0, c.length));
    }
    text.remove_prefix(c.length);
  }
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  if (text.empty()) return {};
  const std::size_t length = utf8_length(text);
  if (length == 0) return {0xfffd, 1};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (length == 1) return {byte(0), 1};
  char32_t value = byte(0) & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    value = (value << 6) | (byte(i) & 0x3fU);
  return {value, length};
}

void append_visible(std::string& out, std::string_view text) {
  for_each_visible(
      text, [&](char c, char) { out += c; }, [&](std::string_view piece) { out += piece; });
}

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_visible(out, text);
  return out;
}

void append_html(std::string& out, std::string_view text) {
  const auto plain = [&](char c, char) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  };
  for_each_visible(text, plain, [&](std::string_view piece) { out += piece; });
}

std::string html(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

void append_markdown(std::string& out, std::string_view text) {
  // Every ASCII punctuation mark may be escaped in Markdown; those that can begin
  // formatting anywhere in a line are. '<' and '&' as entities, because ticket systems
  // differ in whether "\<" still opens a tag; '@' and '#' would notify people and link
  // issues there.
  const std::size_t begin = out.size();
  const auto in_word = [](char c) { return is_alpha(c) || is_digit(c); };
  const auto plain = [&](char c, char next) {
    switch (c) {
      case '<':
        out += "&lt;";
        return;
      case '>':
        out += "&gt;";
        return;
      case '&':
        out += "&amp;";
        return;
      case '@':
        out += "&#64;";
        return;
      case '#':
        out += "&#35;";
        return;
      case '_':
        // Inside a word it is a letter to Markdown, and kernel words are full of it.
        if (out.size() == begin || !in_word(out.back()) || !in_word(next)) out += '\\';
        break;
      default:
        break;
    }
    constexpr std::string_view kEscaped = "\\`*{}[]|~$";
    if (kEscaped.find(c) != std::string_view::npos) out += '\\';
    out += c;
  };
  // What is spelled out ("\x1b") begins with a backslash, which Markdown would take.
  for_each_visible(text, plain, [&](std::string_view piece) {
    if (piece.front() == '\\') out += '\\';
    out += piece;
  });
  // "- x", "+ x", "1. x" and "---" format only at the beginning of a line, and a text may
  // come to stand there.
  if (out.size() > begin && (out[begin] == '-' || out[begin] == '+' || out[begin] == '='))
    out.insert(begin, "\\");
  // A bare address becomes a link without any mark-up.
  for (std::size_t at = out.find("://", begin); at != std::string::npos;
       at = out.find("://", at + 4))
    out.insert(at, "\\");
}

std::string markdown(std::string_view text) {
  std::string out;
  append_markdown(out, text);
  return out;
}

}  // namespace oomkit
