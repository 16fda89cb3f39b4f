// Text in a buffer of fixed size: paths and short sentences of a program that must not
// allocate once memory is scarce. What does not fit is cut, and says so.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace oomkit {

template <std::size_t Size>
class FixedText {
 public:
  FixedText() { text_[0] = '\0'; }
  template <class... Parts>
  explicit FixedText(const Parts&... parts) : FixedText() {
    (append(parts), ...);
  }

  FixedText& append(std::string_view more) {
    const std::size_t room = Size - 1 - length_;
    if (more.size() > room) {
      more = more.substr(0, room);
      is_cut_ = true;
    }
    for (const char c : more)
      text_[length_++] = c;
    text_[length_] = '\0';
    return *this;
  }
  template <std::integral Integer>
  FixedText& append(Integer number) {
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    return append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  // Empty, and all of the buffer written to: its memory is there from now on.
  void wipe() {
    for (char& c : text_)
      c = '\0';
    length_ = 0;
    is_cut_ = false;
  }

  const char* c_str() const { return text_; }
  std::string_view view() const { return {text_, length_}; }
  bool is_cut() const { return is_cut_; }

 private:
  char text_[Size];
  std::size_t length_ = 0;
  bool is_cut_ = false;
};

}  // namespace oomkit
