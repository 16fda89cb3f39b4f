#include "klog/repair_width.h"

#include <algorithm>

#include "core/text.h"
#include "klog/frame_blanks.h"
#include "klog/frame_head.h"
#include "klog/line_kind.h"
#include "klog/repair_junction.h"

namespace oomkit {
namespace {

constexpr std::size_t kSpan = 128;
constexpr std::size_t kQuiet = 256;
constexpr std::size_t kHeldLines = 400;
constexpr std::size_t kJoinedMax = std::size_t{32} << 10;
// A break may fall into the widest run of blanks that a kernel prints in a line.
constexpr std::size_t kBlanksMax = 16;

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

// A journal's export entries say themselves how they go on.
bool opens_entry(std::string_view text) {
  return text.starts_with("__") || text == "MESSAGE" || text.starts_with("MESSAGE=");
}

std::size_t indentation(std::string_view text) {
  return std::min(text.find_first_not_of(' '), text.size());
}

// What the breaks between held lines have in common.
struct Breaks {
  std::size_t width = 0;      // Of the widest line with a frame.
  std::size_t exact = 0;      // Lines with a frame that broke at it ...
  std::size_t near = 0;       // ... or at a blank shortly before it ...
  std::size_t far = 0;        // ... or elsewhere.
  std::size_t blank_end = 0;  // Of all: those that have a blank at their end.
  std::size_t indent = kBlanksMax;
  std::size_t glued = 0;    // Exact ones in mid-word, by the words ...
  std::size_t swallowed = 0;  // ... and those at a blank that is nowhere.
  std::size_t inner_exact = 0;  // Continuations that are broken again, at the width.
};

Junction by_grammar(std::string_view first, std::string_view next) {
  LogHead head;
  take_log_head(first, head, nullptr);
  return junction(classify(first), first, next, JunctionContext());
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

void WidthRepair::note_length(std::size_t size) {
  longest_ = std::max(longest_, size);
  if (++span_ < kSpan) return;
  longest_before_ = longest_;
  longest_ = 0;
  span_ = 0;
}

void WidthRepair::watch(std::string_view text, std::uint64_t number) {
  const bool longest = text.size() >= kWidthMin && text.size() <= kWidthMax &&
                       text.size() >= longest_ && text.size() >= longest_before_;
  note_length(text.size());
  if (quiet_ > 0) {
    --quiet_;
  } else if (longest) {
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

// Looks at all that is held, and is sure of a width or is not.
bool WidthRepair::decide() {
  Breaks breaks;
  for (const Held& line : held_) {
    if (line.framed) breaks.width = std::max(breaks.width, line.size);
  }
  const std::size_t width = breaks.width;
  for (std::size_t i = 0; i + 1 < held_.size(); ++i) {
    const std::string_view first = text_of(held_[i]);
    const std::string_view next = text_of(held_[i + 1]);
    if (held_[i + 1].framed || is_blank_line(next) || first.empty()) continue;
    if (first.back() == ' ') ++breaks.blank_end;
    if (!held_[i].framed) {
      if (first.size() == width) ++breaks.inner_exact;
      continue;
    }
    const bool exact = first.size() == width || columns(first) == width;
    breaks.indent = std::min(breaks.indent, indentation(next));
    ++(exact ? breaks.exact : first.size() + kBlanksMax > width ? breaks.near : breaks.far);
    if (!exact) continue;
    const Junction how = by_grammar(first, next);
    const bool blank_is_there = first.back() == ' ' || next.front() == ' ';
    if (how == Junction::glue) ++breaks.glued;
    if (how == Junction::blank && !blank_is_there) ++breaks.swallowed;
  }
  const std::size_t all = breaks.exact + breaks.near + breaks.far;
  if (breaks.exact >= 2 && breaks.swallowed == 0 && breaks.exact >= breaks.near + 2 * breaks.far &&
      (breaks.glued > 0 || breaks.exact + breaks.inner_exact >= 4)) {
    way_ = Way::column;
  } else {
    return false;
  }
  static_cast<void>(all);
  width_ = width;
  indent_ = breaks.indent >= 2 && breaks.glued > 0 ? breaks.indent : 0;
  stripped_ = breaks.blank_end == 0;
  return true;
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
  if (text.size() == width_) return true;
  if (text.size() > width_) return columns(text) == width_;
  return stripped_ && text.size() + kBlanksMax > width_;
}

void WidthRepair::join(std::string_view text, std::uint64_t number) {
  const std::string_view bare = without_returns(text);
  if (joining_) {
    const bool goes_on = !is_blank_line(bare) && bare.size() <= width_ + indent_ &&
                         !opens_entry(bare) && joined_.size() < kJoinedMax &&
                         !begins_with_log_head(bare);
    if (goes_on) {
      append(bare);
      return;
    }
    end_joined();
  }
  if (bare.size() > width_ && columns(bare) > width_) {
    way_ = Way::unknown;
    watch(text, number);
    return;
  }
  if (!may_be_broken(bare) || !begins_with_log_head(bare)) {
    sink_->on_whole_line(text, number);
    return;
  }
  joining_ = true;
  joined_.assign(bare);
  joined_number_ = number;
  missing_ = width_ - std::min(width_, bare.size());
}

void WidthRepair::append(std::string_view text) {
  joined_.append(missing_, ' ');
  joined_ += text.substr(std::min(indent_, indentation(text)));
  ++rejoined_;
  missing_ = width_ - std::min(width_, text.size());
  const bool indented_beyond = indent_ > 0 && text.size() == width_ + indent_;
  if (indented_beyond) missing_ = 0;
  if (!may_be_broken(text) && !indented_beyond) end_joined();
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
