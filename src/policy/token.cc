#include "policy/token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.h"

namespace oomkit {
namespace {

struct NumberUnit {
  std::string_view suffix;
  double factor;
  PolicyUnit unit;
};

constexpr double kKi = 1024;
constexpr std::array<NumberUnit, 22> kNumberUnits = {{
    {"", 1, kNumber},
    {"%", 0.01, kShare},
    {"B", 1, kSize},
    {"K", kKi, kSize},
    {"KB", kKi, kSize},
    {"KiB", kKi, kSize},
    {"M", kKi* kKi, kSize},
    {"MB", kKi* kKi, kSize},
    {"MiB", kKi* kKi, kSize},
    {"G", kKi* kKi* kKi, kSize},
    {"GB", kKi* kKi* kKi, kSize},
    {"GiB", kKi* kKi* kKi, kSize},
    {"T", kKi* kKi* kKi* kKi, kSize},
    {"TB", kKi* kKi* kKi* kKi, kSize},
    {"TiB", kKi* kKi* kKi* kKi, kSize},
    {"us", 1e-6, kTime},
    {"ms", 1e-3, kTime},
    {"s", 1, kTime},
    {"m", 60, kTime},
    {"min", 60, kTime},
    {"h", 3600, kTime},
    {"d", 86'400, kTime},
}};

bool starts_name(char c) {
  return is_alpha(c) || c == '_';
}
bool continues_name(char c) {
  return starts_name(c) || is_digit(c) || c == '.';
}

std::size_t name_end(std::string_view text, std::size_t at) {
  while (at < text.size() && continues_name(text[at]))
    ++at;
  return at;
}

}  // namespace

tl::expected<Token, ExpressionError> TokenReader::number() {
  const std::string_view rest = source_.substr(offset_);
  double value = 0;
  const auto [end, error] =
      std::from_chars(rest.data(), rest.data() + rest.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(value))
    return tl::unexpected(ExpressionError{offset_, 1, "this is no number", ""});
  const auto digits = static_cast<std::size_t>(end - rest.data());
  std::size_t stop = digits;
  if (stop < rest.size() && rest[stop] == '%') {
    ++stop;
  } else {
    while (stop < rest.size() && is_alpha(rest[stop]))
      ++stop;
  }
  const std::string_view suffix = rest.substr(digits, stop - digits);
  const auto* const found =
      std::find_if(kNumberUnits.begin(), kNumberUnits.end(),
                   [&](const NumberUnit& known) { return known.suffix == suffix; });
  if (found == kNumberUnits.end()) {
    return tl::unexpected(ExpressionError{offset_ + digits, suffix.size(),
                                          "unknown unit \"" + std::string(suffix) + "\"",
                                          "units are % K M G T (sizes), ms s m h (times)"});
  }
  Token token{Token::Kind::number, {}, offset_, value * found->factor, found->unit};
  const bool per_second =
      rest.substr(stop, 2) == "/s" && (stop + 2 >= rest.size() || !continues_name(rest[stop + 2]));
  if (per_second && !(found->unit == kTime)) {
    stop += 2;
    token.unit.seconds = -1;
    token.unit.share = false;
  }
  token.text = rest.substr(0, stop);
  offset_ += stop;
  return token;
}

tl::expected<Token, ExpressionError> TokenReader::next() {
  while (offset_ < source_.size() && is_space(source_[offset_]))
    ++offset_;
  if (offset_ == source_.size()) return Token{Token::Kind::end, {}, offset_, 0, {}};
  const char c = source_[offset_];
  if (is_digit(c)) return number();
  Token token{Token::Kind::name, {}, offset_, 0, {}};
  if (starts_name(c)) {
    token.text = source_.substr(offset_, name_end(source_, offset_) - offset_);
  } else {
    token.kind = Token::Kind::sign;
    static constexpr std::array<std::string_view, 13> kSigns = {
        "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ","};
    for (const std::string_view sign : kSigns) {
      if (!source_.substr(offset_).starts_with(sign)) continue;
      token.text = sign;
      break;
    }
    if (token.text.empty()) {
      const std::string hint = c == '=' ? "equality is written =="
                               : c == '&' || c == '|' || c == '!'
                                   ? "conditions are joined by and, or, not"
                                   : "";
      return tl::unexpected(
          ExpressionError{offset_, 1, "this sign means nothing in a condition", hint});
    }
    token.text = source_.substr(offset_, token.text.size());
  }
  offset_ += token.text.size();
  return token;
}

}  // namespace oomkit
