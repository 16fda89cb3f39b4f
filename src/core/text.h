// A cursor over text that we do not own: the tool that every parser here is made of.
//
// Each take_* either consumes what it names and says so, or consumes nothing, so
// "this form, else that form" is safe to write down as it is read.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace oomkit {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::string_view trim_left(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  return text;
}
constexpr std::string_view trim_right(std::string_view text) {
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}
constexpr std::string_view trim(std::string_view text) {
  return trim_left(trim_right(text));
}

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool take(std::string_view literal) {
    if (rest().substr(0, literal.size()) != literal) return false;
    offset_ += literal.size();
    return true;
  }

  // Decimal (or another base), with a minus sign for signed types. A number that
  // does not fit its type is not taken: an overflow is damage, not a value.
  template <std::integral Integer>
  std::optional<Integer> take_integer(int base = 10) {
    Integer value{};
    const std::string_view text = rest();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc()) return std::nullopt;
    offset_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  // All up to the delimiter, which is consumed and not returned; nothing if it is absent.
  std::optional<std::string_view> take_until(std::string_view delimiter) {
    const std::size_t found = text_.find(delimiter, offset_);
    if (found == std::string_view::npos) return std::nullopt;
    const std::string_view before = text_.substr(offset_, found - offset_);
    offset_ = found + delimiter.size();
    return before;
  }

  bool skip_spaces() {
    const std::size_t begin = offset_;
    while (offset_ < text_.size() && is_space(text_[offset_]))
      ++offset_;
    return offset_ != begin;
  }

  void advance(std::size_t count) {
    offset_ += count < text_.size() - offset_ ? count : text_.size() - offset_;
  }
  void rewind(std::size_t offset) { offset_ = offset; }

  bool at_end() const { return offset_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[offset_]; }
  std::size_t offset() const { return offset_; }
  std::string_view rest() const { return text_.substr(offset_); }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
};

}  // namespace oomkit
