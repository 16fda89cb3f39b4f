#include "render/width.h"

#include <algorithm>
#include <array>

#include "render/escape.h"

namespace oomkit {
namespace {

struct WidthRange {
  char32_t first, last;
};

// Combining marks that can meet a base letter in a name. Sorted.
constexpr std::array<WidthRange, 38> kZeroWidth = {{
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf}, {0x05c1, 0x05c7},
    {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670}, {0x06d6, 0x06ed}, {0x0711, 0x0711},
    {0x0730, 0x074a}, {0x07a6, 0x07b0}, {0x07eb, 0x07f3}, {0x0816, 0x082d}, {0x0859, 0x085b},
    {0x08d3, 0x0902}, {0x093a, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0951, 0x0957},
    {0x0981, 0x0981}, {0x09bc, 0x09bc}, {0x09c1, 0x09cd}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e}, {0x0eb1, 0x0eb1}, {0x0eb4, 0x0ebc}, {0x0ec8, 0x0ecd}, {0x0f18, 0x0f84},
    {0x135d, 0x135f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20f0},
    {0x302a, 0x302d}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
}};

// East Asian Wide and Fullwidth, and emoji shown as pictures. Sorted.
constexpr std::array<WidthRange, 24> kTwoColumns = {{
    {0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},
    {0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26ce, 0x26ce},
    {0x2705, 0x2705}, {0x274c, 0x274e}, {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0x9fff}, {0xa000, 0xa4cf}, {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd},
}};

template <std::size_t kSize>
bool holds(const std::array<WidthRange, kSize>& ranges, char32_t c) {
  const auto* const range =
      std::lower_bound(ranges.begin(), ranges.end(), c,
                       [](const WidthRange& r, char32_t value) { return r.last < value; });
  return range != ranges.end() && c >= range->first;
}

}  // namespace

std::size_t width_of(char32_t c) {
  if (c < 0x300) return 1;
  if (holds(kZeroWidth, c)) return 0;
  return holds(kTwoColumns, c) ? 2 : 1;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    width += width_of(c.value);
    text.remove_prefix(c.length);
  }
  return width;
}

std::string_view fitting(std::string_view text, std::size_t columns) {
  std::size_t width = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const CodePoint c = first_code_point(text.substr(bytes));
    width += width_of(c.value);
    if (width > columns) break;
    bytes += c.length;
  }
  return text.substr(0, bytes);
}

void append_spaces(std::string& out, std::size_t count) {
  out.append(count, ' ');
}

void append_left(std::string& out, std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  out += text;
  if (width < columns) append_spaces(out, columns - width);
}

void append_right(std::string& out, std::string_view text, std::size_t columns) {
  const std::size_t width = display_width(text);
  if (width < columns) append_spaces(out, columns - width);
  out += text;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  return std::string(fitting(text, columns - 1)) + "…";
}

}  // namespace oomkit
