#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/text.h"
#include "policy/pattern_tree.h"

namespace oomkit {
namespace {

constexpr int kNestingMax = 100;
constexpr std::uint32_t kRepeatMax = 1000;  // As RE2.

using Symbols = Pattern::Symbols;

void set_range(Symbols& set, unsigned char low, unsigned char high) {
  for (std::size_t c = low; c <= high; ++c)
    set.set(c);
}

Symbols bytes_only(Symbols set) {
  set.reset(Pattern::kBegin);
  set.reset(Pattern::kEnd);
  return set;
}

struct NamedClass {
  std::string_view name;
  std::string_view ranges;  // Pairs of first and last.
};
constexpr std::array<NamedClass, 14> kNamedClasses = {
    {{"alnum", "09AZaz"},
     {"alpha", "AZaz"},
     {"ascii", std::string_view("\0\x7f", 2)},
     {"blank", "\t\t  "},
     {"cntrl", std::string_view("\0\x1f\x7f\x7f", 4)},
     {"digit", "09"},
     {"graph", "!~"},
     {"lower", "az"},
     {"print", " ~"},
     {"punct", "!/:@[`{~"},
     {"space", "\t\r  "},
     {"upper", "AZ"},
     {"word", "09AZaz__"},
     {"xdigit", "09AFaf"}}};

Symbols class_of(std::string_view ranges) {
  Symbols set;
  for (std::size_t i = 0; i + 1 < ranges.size(); i += 2)
    set_range(set, static_cast<unsigned char>(ranges[i]),
              static_cast<unsigned char>(ranges[i + 1]));
  return set;
}

std::optional<Symbols> perl_class(char c) {
  switch (c) {
    case 'd':
      return class_of("09");
    case 'w':
      return class_of("09AZaz__");
    case 's':
      return class_of("\t\n\f\r  ");
    case 'D':
      return bytes_only(~class_of("09"));
    case 'W':
      return bytes_only(~class_of("09AZaz__"));
    case 'S':
      return bytes_only(~class_of("\t\n\f\r  "));
    default:
      return std::nullopt;
  }
}

Symbols either_case(Symbols set) {
  for (std::size_t lower = 'a'; lower <= 'z'; ++lower) {
    const std::size_t upper = lower - 'a' + 'A';
    if (set.test(lower) || set.test(upper)) {
      set.set(lower);
      set.set(upper);
    }
  }
  return set;
}

class PatternReader {
 public:
  explicit PatternReader(std::string_view text) : cursor_(text) {}

  tl::expected<PatternNode, PatternError> read() {
    PatternNode all = choice();
    if (!error_ && !cursor_.at_end()) refuse("this \")\" closes nothing");
    if (error_) return tl::unexpected(*std::move(error_));
    return all;
  }

 private:
  struct Flags {
    bool fold = false;     // (?i)
    bool newline = false;  // (?s): "." is a newline as well.
  };

  void refuse(std::string message) {
    if (!error_) error_ = PatternError{cursor_.offset(), std::move(message)};
    cursor_.advance(cursor_.rest().size());
  }

  PatternNode choice() {
    PatternNode node;
    node.kind = PatternNode::Kind::choice;
    const Flags before = flags_;
    if (++depth_ > kNestingMax) refuse("nested too deeply");
    do {
      node.parts.push_back(sequence());
    } while (cursor_.take("|"));
    --depth_;
    flags_ = before;
    return node;
  }

  PatternNode sequence() {
    PatternNode node;
    node.kind = PatternNode::Kind::sequence;
    while (!cursor_.at_end() && cursor_.peek() != '|' && cursor_.peek() != ')') {
      auto part = atom();
      if (part) node.parts.push_back(repeated(*std::move(part)));
    }
    return node;
  }

  // Nothing for "(?i)", which is a setting.
  std::optional<PatternNode> atom() {
    const char c = cursor_.peek();
    if (c == '*' || c == '+' || c == '?') {
      refuse("nothing before it to repeat");
      return std::nullopt;
    }
    if (c == '\\') return escape();
    cursor_.advance(1);
    switch (c) {
      case '(':
        return group();
      case '[':
        return bracket();
      case '.': {
        Symbols any = bytes_only(~Symbols());
        if (!flags_.newline) any.reset('\n');
        return of(any);
      }
      case '^':
        return of(Symbols().set(Pattern::kBegin));
      case '$':
        return of(Symbols().set(Pattern::kEnd));
      default:
        return character(static_cast<unsigned char>(c));
    }
  }

  static PatternNode of(const Symbols& symbols) {
    PatternNode node;
    node.kind = PatternNode::Kind::symbols;
    node.symbols = symbols;
    return node;
  }
  PatternNode character(unsigned char c) const {
    const Symbols one = Symbols().set(c);
    return of(flags_.fold ? either_case(one) : one);
  }

  PatternNode repeated(PatternNode inner) {
    bool again = false;
    while (true) {
      const std::size_t begin = cursor_.offset();
      const auto range = repeat_range();
      if (!range) return inner;
      if (again) {
        cursor_.rewind(begin);
        refuse("it is repeated already");
        return inner;
      }
      again = true;
      cursor_.take("?");  // Lazy or not, it is found or it is not.
      PatternNode outer;
      outer.kind = PatternNode::Kind::repeat;
      outer.least = range->first;
      outer.most = range->second;
      outer.parts.push_back(std::move(inner));
      inner = std::move(outer);
    }
  }

  std::optional<std::pair<std::uint32_t, std::uint32_t>> repeat_range() {
    using Range = std::pair<std::uint32_t, std::uint32_t>;
    if (cursor_.take("*")) return Range{0, kAnyNumber};
    if (cursor_.take("+")) return Range{1, kAnyNumber};
    if (cursor_.take("?")) return Range{0, 1};
    const std::size_t begin = cursor_.offset();
    if (!cursor_.take("{")) return std::nullopt;
    const auto least = cursor_.take_integer<std::uint32_t>();
    auto most = least;
    if (least && cursor_.take(",")) {
      most = kAnyNumber;
      if (cursor_.peek() != '}') most = cursor_.take_integer<std::uint32_t>();
    }
    if (!least || !most || !cursor_.take("}")) {
      cursor_.rewind(begin);  // A brace that stands for itself: the next atom.
      return std::nullopt;
    }
    if (*least > kRepeatMax || (*most != kAnyNumber && (*most > kRepeatMax || *most < *least))) {
      cursor_.rewind(begin);
      refuse("repeats go up to 1000, and not backwards");
      return std::nullopt;
    }
    return Range{*least, *most};
  }

  std::optional<PatternNode> group() {
    const Flags outer = flags_;
    if (cursor_.take("?P<") || cursor_.take("?<")) {
      if (cursor_.peek() == '=' || cursor_.peek() == '!') {
        refuse("looking behind is not supported");
      } else if (!cursor_.take_until(">")) {
        refuse("the group's name has no end");
      }
    } else if (cursor_.take("?")) {
      if (!flag_letters()) return std::nullopt;
      if (cursor_.take(")")) return std::nullopt;  // For what follows in this group.
      if (!cursor_.take(":")) refuse("only (?:...), (?i) and (?s) are known here");
    }
    PatternNode inner = choice();
    if (!cursor_.take(")")) refuse("a \")\" is missing");
    flags_ = outer;
    return inner;
  }

  bool flag_letters() {
    bool on = true;
    while (!cursor_.at_end() && cursor_.peek() != ')' && cursor_.peek() != ':') {
      const char c = cursor_.peek();
      if (c == '-') {
        on = false;
      } else if (c == 'i') {
        flags_.fold = on;
      } else if (c == 's') {
        flags_.newline = on;
      } else {
        refuse("only (?:...), (?i) and (?s) are known here");
        return false;
      }
      cursor_.advance(1);
    }
    return true;
  }

  // One character of an escape; a class is told by `set`.
  std::optional<unsigned char> escaped(std::optional<Symbols>& set) {
    cursor_.advance(1);
    if (cursor_.at_end()) {
      refuse("a \\ at the end");
      return std::nullopt;
    }
    const char c = cursor_.peek();
    set = perl_class(c);
    constexpr std::string_view kLetters = "tnrfva";
    constexpr std::string_view kValues = "\t\n\r\f\v\a";
    const std::size_t letter = kLetters.find(c);
    if (set || letter != std::string_view::npos) {
      cursor_.advance(1);
      return set ? std::nullopt : std::optional(static_cast<unsigned char>(kValues[letter]));
    }
    if (c == 'x') return hexadecimal();
    if (is_alpha(c) || is_digit(c)) {
      refuse("\\" + std::string(1, c) + " is not supported");
      return std::nullopt;
    }
    cursor_.advance(1);
    return static_cast<unsigned char>(c);
  }

  std::optional<unsigned char> hexadecimal() {
    cursor_.advance(1);
    const std::string_view digits = cursor_.rest().substr(0, 2);
    unsigned value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || end != digits.data() + 2) {
      refuse("expected two hexadecimal digits");
      return std::nullopt;
    }
    cursor_.advance(2);
    return static_cast<unsigned char>(value);
  }

  std::optional<PatternNode> escape() {
    if (cursor_.take("\\A")) return of(Symbols().set(Pattern::kBegin));
    if (cursor_.take("\\z")) return of(Symbols().set(Pattern::kEnd));
    std::optional<Symbols> set;
    const auto c = escaped(set);
    if (set) return of(*set);
    return c ? std::optional(character(*c)) : std::nullopt;
  }

  std::optional<PatternNode> bracket() {
    const bool negated = cursor_.take("^");
    Symbols set;
    for (bool first = true; error_ == std::nullopt; first = false) {
      if (cursor_.at_end()) {
        refuse("a \"]\" is missing");
        return std::nullopt;
      }
      if (!first && cursor_.take("]")) break;
      if (cursor_.take("[:")) {
        named_class(set);
      } else {
        bracket_item(set);
      }
    }
    if (flags_.fold) set = either_case(set);
    return of(negated ? bytes_only(~set) : set);
  }

  void named_class(Symbols& set) {
    const bool negated = cursor_.take("^");
    const auto name = cursor_.take_until(":]");
    const auto* const found =
        std::find_if(kNamedClasses.begin(), kNamedClasses.end(),
                     [&](const NamedClass& known) { return name && known.name == *name; });
    if (found == kNamedClasses.end()) return refuse("unknown class of characters");
    const Symbols named = class_of(found->ranges);
    set |= negated ? bytes_only(~named) : named;
  }

  void bracket_item(Symbols& set) {
    std::optional<Symbols> class_set;
    const auto low = bracket_character(class_set);
    if (class_set) set |= *class_set;
    if (!low) return;
    const std::string_view rest = cursor_.rest();
    if (rest.size() < 2 || rest[0] != '-' || rest[1] == ']') {
      set.set(*low);
      return;
    }
    cursor_.advance(1);
    const auto high = bracket_character(class_set);
    if (!high || *high < *low) return refuse("this range goes backwards");
    set_range(set, *low, *high);
  }

  std::optional<unsigned char> bracket_character(std::optional<Symbols>& set) {
    if (cursor_.peek() == '\\') return escaped(set);
    const auto c = static_cast<unsigned char>(cursor_.peek());
    cursor_.advance(1);
    return c;
  }

  Cursor cursor_;
  Flags flags_;
  int depth_ = 0;
  std::optional<PatternError> error_;
};

}  // namespace

tl::expected<PatternNode, PatternError> parse_pattern(std::string_view text) {
  return PatternReader(text).read();
}

}  // namespace oomkit
