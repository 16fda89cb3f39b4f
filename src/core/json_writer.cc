#include "core/json_writer.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/check.h"
#include "core/digits.h"
#include "core/utf8.h"

namespace oomkit {
namespace {

// True for the bytes that a JSON string may hold as they are.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7f; ++c)
    plain[static_cast<std::size_t>(c)] = c != '"' && c != '\\';
  return plain;
}();

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighest = 0x80 * kOnes;

constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - kOnes) & ~word & kHighest;
}

// The highest bit of bytes that are not plain: all of them up to the first, and then perhaps
// of others, since a byte may borrow from the next.
constexpr std::uint64_t not_plain(std::uint64_t word) {
  const std::uint64_t below_blank = (word - 0x20 * kOnes) & ~word;
  const std::uint64_t above_tilde = (word + kOnes) | word;
  return ((below_blank | above_tilde) & kHighest) | zero_bytes(word ^ ('"' * kOnes)) |
         zero_bytes(word ^ ('\\' * kOnes));
}

// Where the plain bytes from `at` on end, sixteen or eight at a time: nearly all of what is written
// is plain.
std::size_t end_of_plain(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  for (; text.size() - at >= sizeof(__m128i); at += sizeof(__m128i)) {
    __m128i bytes;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    // Bytes from 0x80 on are below zero.
    const __m128i others = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))),
                                        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    const auto places = static_cast<unsigned>(_mm_movemask_epi8(others));
    if (places != 0) return at + static_cast<unsigned>(std::countr_zero(places));
  }
#endif
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
      std::memcpy(&word, text.data() + at, sizeof word);
      const std::uint64_t others = not_plain(word);
      if (others != 0) return at + static_cast<unsigned>(std::countr_zero(others)) / 8;
    }
  }
  while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])])
    ++at;
  return at;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
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
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

}  // namespace

bool is_plain_json(std::string_view text) {
  return end_of_plain(text, 0) == text.size();
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t begin = 0;
  std::size_t at = 0;
  const auto flush = [&] { out.append(text, begin, at - begin); };
  while (true) {
    at = end_of_plain(text, at);
    if (at == text.size()) break;
    const char c = text[at];
    const std::size_t length =
        static_cast<unsigned char>(c) < 0x80 ? 0 : utf8_length(text.substr(at));
    // U+0080..U+009F are control characters to a terminal that a user pipes JSON to.
    const bool c1 = length == 2 && c == '\xc2' && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (length > 1 && !c1) {
      at += length;
      continue;
    }
    flush();
    if (c1) {
      append_escaped(out, text[at + 1]);
      at += 2;
    } else {
      if (static_cast<unsigned char>(c) < 0x80) {
        append_escaped(out, c);
      } else {
        out += "\xef\xbf\xbd";
      }
      ++at;
    }
    begin = at;
  }
  flush();
  out += '"';
}

// Before each value: its comma, and whether a value may stand here at all.
void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  OOMKIT_CHECK(!levels_.back().is_object, "a value without a key in an object");
  if (levels_.back().has_items) *out_ += ',';
  levels_.back().has_items = true;
}

void JsonWriter::begin(char bracket) {
  separate();
  *out_ += bracket;
  levels_.push_back({bracket == '{', false});
}
void JsonWriter::end(char bracket) {
  OOMKIT_CHECK(!levels_.empty() && levels_.back().is_object == (bracket == '}'),
               "an object or array ends that did not begin");
  OOMKIT_CHECK(!after_key_, "an object ends after a key without a value");
  levels_.pop_back();
  *out_ += bracket;
}

void JsonWriter::begin_object() {
  begin('{');
}
void JsonWriter::end_object() {
  end('}');
}
void JsonWriter::begin_array() {
  begin('[');
}
void JsonWriter::end_array() {
  end(']');
}

void JsonWriter::begin_key() {
  OOMKIT_CHECK(!levels_.empty() && levels_.back().is_object, "a key in an array or nowhere");
  OOMKIT_CHECK(!after_key_, "two keys without a value between them");
  if (levels_.back().has_items) *out_ += ',';
  levels_.back().has_items = true;
}

// Room for a key that record.h's fields have, its marks, and a number or a word behind it.
constexpr std::size_t kShortKey = 64;
constexpr std::size_t kFieldRoom = kShortKey + 8 + kNumberRoom;

// The key with its comma and colon at `at`, which moves behind it, in kFieldRoom bytes. False if it
// is too long for that, and nothing has happened.
inline bool JsonWriter::put_key(char*& at, std::string_view name) {
  if (name.size() > kShortKey) return false;
  OOMKIT_CHECK(!levels_.empty() && levels_.back().is_object, "a key in an array or nowhere");
  OOMKIT_CHECK(!after_key_, "two keys without a value between them");
  Level& level = levels_.back();
  *at = ',';
  if (level.has_items) ++at;
  level.has_items = true;
  *at++ = '"';
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  *at++ = '"';
  *at++ = ':';
  return true;
}

void JsonWriter::word_field(std::string_view name, std::string_view word) {
  char text[kFieldRoom];
  char* at = text;
  if (put_key(at, name)) {
    std::memcpy(at, word.data(), word.size());
    out_->append(text, static_cast<std::size_t>(at - text) + word.size());
    return;
  }
  begin_key();
  *out_ += '"';
  out_->append(name).append("\":").append(word);
}

void JsonWriter::plain_field(std::string_view name, std::int64_t number) {
  char text[kFieldRoom];
  char* at = text;
  if (put_key(at, name)) {
    at = write_number(at, number);
    out_->append(text, static_cast<std::size_t>(at - text));
    return;
  }
  word_field(name, "");
  after_key_ = true;
  value(number);
}

void JsonWriter::key(std::string_view name) {
  begin_key();
  append_json_string(*out_, name);
  *out_ += ':';
  after_key_ = true;
}

void JsonWriter::null() {
  separate();
  *out_ += "null";
}
void JsonWriter::value(bool flag) {
  separate();
  *out_ += flag ? "true" : "false";
}
void JsonWriter::value(std::int64_t number) {
  separate();
  char digits[kNumberRoom];
  out_->append(digits, write_number(digits, number));
}
void JsonWriter::value(std::uint64_t number) {
  separate();
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  out_->append(digits, end);
}
void JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  char digits[40];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number);
  out_->append(digits, end);
}
void JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(*out_, text);
}

}  // namespace oomkit
