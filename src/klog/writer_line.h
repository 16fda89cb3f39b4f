// Appends the kernel's printf formats to a text, without printf.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/units.h"

namespace oomkit {

class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(&out) {}

  LineWriter& text(std::string_view text) {
    out_->append(text);
    return *this;
  }
  // %d, %u
  template <std::integral Integer>
  LineWriter& number(Integer value) {
    return padded(value, 0);
  }
  // %5d, %8lu
  template <std::integral Integer>
  LineWriter& padded(Integer value, std::size_t width) {
    return digits(value, 10, width);
  }
  // %x
  template <std::integral Integer>
  LineWriter& hex(Integer value) {
    return digits(value, 16, 0);
  }
  // %lukB
  LineWriter& kib(KiB amount) { return number(amount.count()).text("kB"); }
  // %-17s
  LineWriter& left(std::string_view text, std::size_t width) {
    out_->append(text);
    if (text.size() < width) out_->append(width - text.size(), ' ');
    return *this;
  }
  void end() { out_->push_back('\n'); }

 private:
  template <std::integral Integer>
  LineWriter& digits(Integer value, int base, std::size_t width) {
    std::array<char, 24> buffer{};
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, base);
    const auto length = static_cast<std::size_t>(end - buffer.data());
    if (length < width) out_->append(width - length, ' ');
    out_->append(buffer.data(), length);
    return *this;
  }

  std::string* out_;
};

// The words of a format's list ("free min low"), one after the other.
class Words {
 public:
  explicit Words(std::string_view list) : list_(list) {}

  // The next word, "" after the last. `\n` parts lines: it is a word of its own.
  std::string_view next() {
    while (!list_.empty() && list_.front() == ' ')
      list_.remove_prefix(1);
    if (list_.empty()) return {};
    std::size_t length = 1;
    if (list_.front() != '\n') length = list_.find_first_of(" \n");
    const std::string_view word = list_.substr(0, length);
    list_.remove_prefix(word.size());
    return word;
  }

 private:
  std::string_view list_;
};

}  // namespace oomkit
