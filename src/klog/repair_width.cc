#include "klog/repair_width.h"

#include <algorithm>

#include "core/text.h"
#include "klog/frame_blanks.h"
#include "klog/frame_head.h"
#include "klog/line_kind.h"
#include "klog/repair_junction.h"

namespace oomkit {
namespace {

constexpr std::size_t kQuiet = 256;
constexpr std::size_t kHeldLines = 400;
constexpr std::size_t kWidthJoinedMax = std::size_t{32} << 10;
// The widest run of blanks that a break may fall into: between the columns of a table, and
// elsewhere.
constexpr std::size_t kBlanksMax = 16;
constexpr std::size_t kBlanksInText = 2;

std::string_view without_returns(std::string_view text) {
  while (!text.empty() && text.back() == '\r')
    text.remove_suffix(1);
  return text;
}

// Columns of a terminal: bytes, but for those that go on a character of UTF-8.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

bool is_blank_line(std::string_view text) {
  return without_blanks(text).empty();
}

// A field of a journal's entry, "__CURSOR=..." or "    MESSAGE=...", or the name of one that
// follows in bytes: entries say themselves how they go on.
bool opens_entry(std::string_view text) {
  text = without_blanks(text);
  const std::size_t name =
      std::min(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"), text.size());
  constexpr std::size_t kNameMin = 4;
  return name >= kNameMin && (name == text.size() || text[name] == '=') && !is_digit(text[0]);
}

std::size_t indentation(std::string_view text) {
  return std::min(text.find_first_not_of(' '), text.size());
}

// A row of a task table, or its header: blanks in columns, so that all of them may break
// in the same gap.
bool is_table_line(std::string_view first) {
  LogHead head;
  take_log_head(first, head, nullptr);
  return first.starts_with('[');
}

Junction by_grammar(std::string_view first, std::string_view next) {
  LogHead head;
  take_log_head(first, head, nullptr);
  return junction(classify(first), first, next, JunctionContext());
}

// What the breaks behind lines with a frame have in common.
struct Breaks {
  std::size_t width = 0;         // Of the widest line with a frame.
  std::size_t exact = 0;         // Lines that broke at it ...
  std::size_t near = 0;          // ... or shortly before it ...
  std::size_t far = 0;           // ... or elsewhere.
  std::size_t before_blank = 0;  // Those of the last two kinds that end in a blank.
  std::size_t blank_end = 0;     // All that do.
  std::size_t again_exact = 0;   // Continuations that break again, at the width.
  std::size_t indent = kBlanksMax;
  std::size_t table_lines = 0;

  std::size_t all() const { return exact + near + far; }
  void count(std::string_view first, std::string_view next);
};

void Breaks::count(std::string_view first, std::string_view next) {
  const bool at_width = first.size() == width || columns(first) == width;
  const bool blank = first.ends_with(' ');
  if (blank) ++blank_end;
  if (blank && !at_width) ++before_blank;
  ++(at_width ? exact : first.size() + kBlanksMax > width ? near : far);
  if (is_table_line(first)) {
    ++table_lines;
    if (indentation(next) < 2) indent = 0;
  } else {
    indent = std::min(indent, indentation(next));
  }
}

}  // namespace

std::string_view WidthRepair::text_of(const Held& line) const {
  return std::string_view(held_text_).substr(line.begin, line.size);
}

void WidthRepair::line(std::string_view text, std::uint64_t number) {
  if (joining_ || way_ != Way::unknown) {
    join(text, number);
  } else if (!held_.empty()) {
    const std::string_view bare = without_returns(text);
    const bool framed = begins_with_log_head(bare);
    if (opens_entry(bare) || (framed && held_.size() == 1) || bare.size() > kWidthMax) {
      release();
      watch(text, number);
      return;
    }
    hold(bare, number, framed);
  } else {
    watch(text, number);
  }
}

void WidthRepair::end_span() {
  longest_before_ = longest_;
  longest_ = 0;
  span_ = 0;
}

void WidthRepair::watch(std::string_view text, std::uint64_t number) {
  const bool first = may_be_first(text);
  note_length(text.size());
  if (quiet_ > 0) {
    --quiet_;
  } else if (first) {
    const std::string_view bare = without_returns(text);
    if (begins_with_log_head(bare)) return hold(bare, number, true);
  }
  sink_->on_whole_line(text, number);
}

void WidthRepair::hold(std::string_view text, std::uint64_t number, bool framed) {
  held_.push_back({held_text_.size(), text.size(), number, framed});
  held_text_ += text;
  if (framed) note_length(text.size());
  const bool full = held_.size() >= kHeldLines || held_text_.size() >= kHeldBytes;
  const bool after_break = framed && held_.size() > 1 && !held_[held_.size() - 2].framed;
  // A break is known by what follows it.
  if ((after_break && decide()) || full) {
    if (way_ == Way::unknown) quiet_ = kQuiet;
    release();
  }
}

// Looks at all that is held, and is sure of how lines were broken or is not.
bool WidthRepair::decide() {
  Breaks breaks;
  for (const Held& line : held_) {
    if (line.framed) breaks.width = std::max(breaks.width, line.size);
  }
  for_each_break([&](const Held& line, std::string_view first, std::string_view next) {
    if (line.framed) {
      breaks.count(first, next);
    } else if (first.size() == breaks.width) {
      ++breaks.again_exact;
    }
  });
  const std::size_t elsewhere = breaks.near + breaks.far;
  width_ = breaks.width;
  indent_ = 0;
  if (elsewhere >= 2 && breaks.before_blank == elsewhere) {
    way_ = Way::word;
    for (const Held& line : held_)
      width_ = std::max(width_, line.size);
    return true;
  }
  if (breaks.exact < 2 || breaks.exact < breaks.near + 2 * breaks.far) return false;
  if (breaks.indent >= 2) {
    // All may have broken in the gap between two columns.
    if (breaks.all() - breaks.table_lines < 2) return false;
    indent_ = breaks.indent;
  }
  stripped_ = breaks.blank_end == 0;
  if (!breaks_in_words(breaks.exact + breaks.again_exact)) return false;
  way_ = Way::column;
  return true;
}

// A mailer swallows the blank at which it breaks, and may break at one width by chance.
bool WidthRepair::breaks_in_words(std::size_t exact) const {
  constexpr std::size_t kNoChance = 4;
  std::size_t in_words = 0;
  std::size_t at_blanks = 0;
  for_each_break([&](const Held& line, std::string_view first, std::string_view next) {
    if (!line.framed || (first.size() != width_ && columns(first) != width_)) return;
    next.remove_prefix(std::min(indent_, indentation(next)));
    const bool blank_is_there = first.ends_with(' ') || next.starts_with(' ');
    const bool mark = std::string_view(",;:.=)]").find(next.front()) != std::string_view::npos;
    const Junction how = mark ? Junction::glue : by_grammar(first, next);
    if (how == Junction::glue) ++in_words;
    if (how == Junction::blank && !blank_is_there) ++at_blanks;
  });
  return at_blanks * 3 <= in_words && (in_words > 0 || exact >= kNoChance);
}

template <class OnBreak>
void WidthRepair::for_each_break(OnBreak on_break) const {
  for (std::size_t i = 0; i + 1 < held_.size(); ++i) {
    const std::string_view first = text_of(held_[i]);
    const std::string_view next = text_of(held_[i + 1]);
    if (held_[i + 1].framed || first.empty() || is_blank_line(next)) continue;
    on_break(held_[i], first, next);
  }
}

void WidthRepair::release() {
  std::vector<Held> lines;
  std::string text;
  lines.swap(held_);
  text.swap(held_text_);
  for (const Held& line : lines) {
    const std::string_view one = std::string_view(text).substr(line.begin, line.size);
    if (way_ != Way::unknown) {
      join(one, line.number);
    } else {
      sink_->on_whole_line(one, line.number);
    }
  }
}

bool WidthRepair::may_be_broken(std::string_view text) const {
  if (way_ == Way::word && text.ends_with(' ')) return true;
  if (text.size() == width_) return true;
  if (text.size() > width_) return columns(text) == width_;
  return way_ == Way::column && stripped_ &&
         text.size() + (in_table_ ? kBlanksMax : kBlanksInText) >= width_;
}

void WidthRepair::join(std::string_view text, std::uint64_t number) {
  const std::string_view bare = without_returns(text);
  if (joining_) {
    const bool goes_on = !is_blank_line(bare) && !opens_entry(bare) &&
                         joined_.size() < kWidthJoinedMax && !begins_with_log_head(bare);
    if (goes_on) {
      append(bare);
      return;
    }
    end_joined();
  }
  if (bare.size() > width_ && columns(bare) > width_) {
    if (way_ == Way::word && bare.size() <= kWidthMax) {
      width_ = bare.size();
    } else {
      way_ = Way::unknown;
      watch(text, number);
      return;
    }
  }
  in_table_ = stripped_ && bare.size() < width_ && bare.size() + kBlanksMax >= width_ &&
              is_table_line(bare);
  if (!may_be_broken(bare) || !begins_with_log_head(bare)) {
    sink_->on_whole_line(text, number);
    return;
  }
  joining_ = true;
  joined_.assign(bare);
  joined_number_ = number;
  note_missing(bare);
}

// Blanks that stood at the end of a piece and are gone.
void WidthRepair::note_missing(std::string_view piece) {
  missing_ = way_ == Way::column ? width_ - std::min(width_, piece.size()) : 0;
}

void WidthRepair::append(std::string_view text) {
  joined_.append(missing_, ' ');
  joined_ += text.substr(std::min(indent_, indentation(text)));
  ++rejoined_;
  if (way_ == Way::word && text.size() <= kWidthMax) width_ = std::max(width_, text.size());
  note_missing(text);
  // The indentation may stand outside the width.
  const bool goes_on = may_be_broken(text) || (indent_ > 0 && text.size() == width_ + indent_);
  if (!goes_on) end_joined();
}

void WidthRepair::end_joined() {
  joining_ = false;
  sink_->on_whole_line(joined_, joined_number_);
}

void WidthRepair::flush() {
  release();
  if (joining_) end_joined();
}

void WidthRepair::forget() {
  flush();
  way_ = Way::unknown;
  longest_ = longest_before_ = span_ = quiet_ = 0;
}

}  // namespace oomkit
