// A regular expression of RE2's syntax that matches in fixed memory.
//
// RE2 itself builds its automaton while it matches, on the heap, and a guard that has to choose
// a victim has no heap. So a pattern becomes Glushkov's automaton once, at start: one position
// for each character of the pattern, and for each position the set of those that may follow. A
// match then is one pass over the text with one set of bits: linear in the text, no memory, no
// pattern that explodes. RE2 is its twin in the tests, and says there what it should have said.
//
// Not there, and refused by name: \b \B, Unicode classes, and what RE2 refuses as well
// (backreferences, looking around). Texts are bytes; "." is any byte but a newline.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace oomkit {

struct PatternError {
  std::size_t offset = 0;  // The byte of the pattern at which it stops making sense.
  std::string message;
};

class Pattern {
 public:
  static tl::expected<Pattern, PatternError> create(std::string_view text);

  // Whether it is found anywhere in `text`; ^ and $ hold it to the ends.
  bool found_in(std::string_view text) const;
  const std::string& text() const { return text_; }

  static constexpr std::size_t kPositionsMax = 512;
  // The 256 bytes, and the begin and the end of the text, which ^ and $ take.
  static constexpr std::size_t kBegin = 256, kEnd = 257, kSymbols = 258;
  using Positions = std::bitset<kPositionsMax>;
  using Symbols = std::bitset<kSymbols>;

 private:
  friend class PatternBuilder;
  // One symbol further; true when the end of the pattern is reached.
  bool step_small(std::uint64_t& active, std::size_t symbol) const;
  bool step_large(Positions& active, std::size_t symbol) const;

  std::string text_;
  bool matches_empty_ = false;  // So every text has it.
  // Up to 64 positions: words, and which positions take a symbol.
  std::vector<std::uint64_t> small_follow_, small_takes_;
  std::uint64_t small_first_ = 0, small_last_ = 0;
  // More.
  std::vector<Positions> follow_;
  std::vector<Symbols> takes_;
  Positions first_, last_;
};

}  // namespace oomkit
