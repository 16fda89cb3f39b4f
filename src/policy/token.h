// The words of a condition: numbers with their unit, names, signs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "policy/unit.h"

namespace oomkit {

// Where in a text of the policy something is wrong, and how.
struct ExpressionError {
  std::size_t offset = 0;
  std::size_t length = 1;
  std::string message;
  std::string hint;
};

struct Token {
  enum class Kind : std::uint8_t { end, number, name, sign };
  Kind kind = Kind::end;
  std::string_view text;
  std::size_t offset = 0;
  double number = 0;  // In bytes, seconds, or as written; a share is 0.04 for "4%".
  PolicyUnit unit;
};

// Reads one token after another; names have dots in them: "mem.available".
class TokenReader {
 public:
  explicit TokenReader(std::string_view source) : source_(source) {}

  // An error leaves the reader where it was.
  tl::expected<Token, ExpressionError> next();

 private:
  tl::expected<Token, ExpressionError> number();

  std::string_view source_;
  std::size_t offset_ = 0;
};

}  // namespace oomkit
