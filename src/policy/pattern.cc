#include "policy/pattern.h"

#include <algorithm>
#include <array>
#include <bit>

#include "policy/pattern_tree.h"

namespace oomkit {
namespace {

constexpr std::size_t kWordBits = 64;

// ^^ is ^: so many in a row are told apart from one.
constexpr int kAnchorsInRow = 3;

std::uint64_t word_of(const Pattern::Positions& set) {
  return (set & Pattern::Positions(~std::uint64_t{0})).to_ullong();
}

}  // namespace

// Glushkov's construction: what a part can begin and end with, whether it can be empty.
class PatternBuilder {
 public:
  explicit PatternBuilder(Pattern& pattern) : pattern_(pattern) {}

  // False: more positions than there is room for.
  bool build(const PatternNode& tree) {
    const Part all = part(tree);
    pattern_.first_ = all.first;
    pattern_.last_ = all.last;
    pattern_.matches_empty_ = all.empty;
    if (full_) return false;
    if (pattern_.takes_.size() <= kWordBits) make_small();
    return true;
  }

 private:
  struct Part {
    Pattern::Positions first, last;
    bool empty = true;
  };

  Part part(const PatternNode& node) {
    if (full_) return {};
    switch (node.kind) {
      case PatternNode::Kind::empty:
        return {};
      case PatternNode::Kind::symbols:
        return position(node.symbols);
      case PatternNode::Kind::sequence: {
        Part all;
        for (const PatternNode& next : node.parts)
          all = joined(all, part(next));
        return all;
      }
      case PatternNode::Kind::choice: {
        Part all{{}, {}, false};
        for (const PatternNode& next : node.parts) {
          const Part one = part(next);
          all.first |= one.first;
          all.last |= one.last;
          all.empty = all.empty || one.empty;
        }
        return all;
      }
      case PatternNode::Kind::repeat:
        return repeated(node);
    }
    return {};
  }

  Part position(const Pattern::Symbols& symbols) {
    if (pattern_.takes_.size() == Pattern::kPositionsMax) {
      full_ = true;
      return {};
    }
    const std::size_t index = pattern_.takes_.size();
    pattern_.takes_.push_back(symbols);
    pattern_.follow_.emplace_back();
    Part one;
    one.first.set(index);
    one.last.set(index);
    one.empty = false;
    return one;
  }

  void follow(const Pattern::Positions& from, const Pattern::Positions& to) {
    for (std::size_t i = 0; i < pattern_.follow_.size(); ++i) {
      if (from.test(i)) pattern_.follow_[i] |= to;
    }
  }

  Part joined(const Part& a, const Part& b) {
    follow(a.last, b.first);
    Part all;
    all.first = a.empty ? (a.first | b.first) : a.first;
    all.last = b.empty ? (a.last | b.last) : b.last;
    all.empty = a.empty && b.empty;
    return all;
  }

  // x{2,4} is xxx?x?, x{2,} is xxx*.
  Part repeated(const PatternNode& node) {
    const PatternNode& inner = node.parts.front();
    Part all;
    const bool endless = node.most == kAnyNumber;
    const std::uint32_t copies = endless ? std::max(node.least, 1U) : node.most;
    for (std::uint32_t i = 0; i < copies && !full_; ++i) {
      Part one = part(inner);
      if (endless && i + 1 == copies) follow(one.last, one.first);
      if (i >= node.least) one.empty = true;
      all = joined(all, one);
      // Repeats of nothing would go on as long as they are told to.
      if (one.first.none()) break;
    }
    return all;
  }

  void make_small() {
    pattern_.small_first_ = word_of(pattern_.first_);
    pattern_.small_last_ = word_of(pattern_.last_);
    pattern_.small_takes_.assign(Pattern::kSymbols, 0);
    for (std::size_t i = 0; i < pattern_.takes_.size(); ++i) {
      pattern_.small_follow_.push_back(word_of(pattern_.follow_[i]));
      for (std::size_t symbol = 0; symbol < Pattern::kSymbols; ++symbol) {
        if (pattern_.takes_[i].test(symbol)) pattern_.small_takes_[symbol] |= std::uint64_t{1} << i;
      }
    }
    pattern_.follow_.clear();
    pattern_.takes_.clear();
    pattern_.follow_.shrink_to_fit();
    pattern_.takes_.shrink_to_fit();
  }

  Pattern& pattern_;
  bool full_ = false;
};

tl::expected<Pattern, PatternError> Pattern::create(std::string_view text) {
  auto tree = parse_pattern(text);
  if (!tree) return tl::unexpected(std::move(tree).error());
  Pattern pattern;
  pattern.text_ = std::string(text);
  if (!PatternBuilder(pattern).build(*tree))
    return tl::unexpected(PatternError{0, "this pattern is too large"});
  return pattern;
}

bool Pattern::step_small(std::uint64_t& active, std::size_t symbol) const {
  std::uint64_t reached = small_first_;
  for (std::uint64_t left = active; left != 0; left &= left - 1)
    reached |= small_follow_[static_cast<std::size_t>(std::countr_zero(left))];
  active = reached & small_takes_[symbol];
  return (active & small_last_) != 0;
}

bool Pattern::step_large(Positions& active, std::size_t symbol) const {
  Positions reached = first_;
  for (std::size_t i = active._Find_first(); i < kPositionsMax; i = active._Find_next(i))
    reached |= follow_[i];
  active.reset();
  for (std::size_t i = reached._Find_first(); i < kPositionsMax; i = reached._Find_next(i)) {
    if (takes_[i].test(symbol)) active.set(i);
  }
  return (active & last_).any();
}

bool Pattern::found_in(std::string_view text) const {
  if (matches_empty_) return true;
  std::uint64_t small = 0;
  Positions large;
  const bool is_small = !small_takes_.empty();
  const auto step = [&](std::size_t symbol) {
    return is_small ? step_small(small, symbol) : step_large(large, symbol);
  };
  for (int i = 0; i < kAnchorsInRow; ++i) {
    if (step(kBegin)) return true;
  }
  for (const char c : text) {
    if (step(static_cast<unsigned char>(c))) return true;
  }
  for (int i = 0; i < kAnchorsInRow; ++i) {
    if (step(kEnd)) return true;
  }
  return false;
}

}  // namespace oomkit
