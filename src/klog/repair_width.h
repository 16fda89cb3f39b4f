// Lines that a terminal broke at its width, put together before anything else reads them.
//
// A terminal, `fold` or a console of 80 columns breaks lines where the column is, in the
// middle of a number as well. No grammar can tell "12" and "345" from "12" alone, but the
// shape of the whole text can: every broken line has the very same width, no line is wider,
// and what follows a break has no time or host at its front while all other lines have one.
// Where several breaks of one width were seen, the pieces go together byte for byte, and the
// lines after this step are as they were. Where that is not certain nothing is done here,
// and the grammar of the lines (repair.h) decides what can be said.
//
// The first breaks are seen before the width is known, so lines from the first possible one
// on are held until it is, or until it is clear that there is none: at most kHeldBytes. In a
// log that nobody broke, only a line longer than all before it is ever held, and only until
// the next one comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oomkit {

class WholeLineSink {
 public:
  virtual ~WholeLineSink() = default;
  virtual void on_whole_line(std::string_view text, std::uint64_t number) = 0;
};

class WidthRepair final : public WholeLineSink {
 public:
  static constexpr std::size_t kWidthMin = 40;
  static constexpr std::size_t kWidthMax = 512;
  static constexpr std::size_t kSpan = 128;  // Lines.
  static constexpr std::size_t kHeldBytes = std::size_t{32} << 10;

  explicit WidthRepair(WholeLineSink& sink) : sink_(&sink) {}

  void line(std::string_view text, std::uint64_t number);
  void on_whole_line(std::string_view text, std::uint64_t number) override { line(text, number); }
  // For a line that neither is held nor may be a part of another: it is noted, and the caller
  // passes it on. False: nothing is noted, and line() is to be called.
  bool passes(std::string_view text) {
    if (joining_ || way_ != Way::unknown || !held_.empty()) return false;
    if (quiet_ > 0) {
      --quiet_;
    } else if (may_be_first(text)) {
      return false;
    }
    note_length(text.size());
    return true;
  }
  // For one that passes() does not let pass, but has a frame, as the next line has: it would be
  // held until that comes, for nothing.
  bool passes_before_frame(std::string_view text) {
    if (joining_ || way_ != Way::unknown || !held_.empty()) return false;
    note_length(text.size());
    note_length(text.size());  // Once when it comes, once when it is held.
    return true;
  }
  void flush();   // What is held is all there is.
  void forget();  // Lines are skipped: what follows need not be of the same text.
  bool holding() const { return !held_.empty() || joining_; }
  std::uint64_t rejoined() const { return rejoined_; }

 private:
  struct Held {
    std::size_t begin = 0;
    std::size_t size = 0;
    std::uint64_t number = 0;
    bool framed = false;
  };
  enum class Way { unknown, column, word };  // Broken at the width, or at the blank before it.

  void watch(std::string_view text, std::uint64_t number);
  void hold(std::string_view text, std::uint64_t number, bool framed);
  void join(std::string_view text, std::uint64_t number);
  void release();
  bool decide();
  bool breaks_in_words(std::size_t exact) const;
  template <class OnBreak>
  void for_each_break(OnBreak on_break) const;
  void note_missing(std::string_view piece);
  bool may_be_broken(std::string_view text) const;
  std::string_view text_of(const Held& line) const;
  // As long as a terminal that broke lines could be wide, as far as it is known.
  bool may_be_first(std::string_view text) const {
    if (text.size() > kWidthMax) return false;
    if (text.ends_with(' ')) return true;
    return text.size() >= kWidthMin && text.size() >= longest_ && text.size() >= longest_before_;
  }
  void note_length(std::size_t size) {
    longest_ = size > longest_ ? size : longest_;
    if (++span_ == kSpan) end_span();
  }
  void end_span();
  void end_joined();
  void append(std::string_view text);

  WholeLineSink* sink_;
  std::uint64_t rejoined_ = 0;

  // The longest line of late, as the longest of two spans of lines.
  std::size_t longest_ = 0;
  std::size_t longest_before_ = 0;
  std::size_t span_ = 0;

  std::string held_text_;
  std::vector<Held> held_;
  std::size_t quiet_ = 0;  // Lines for which nothing is held: the last look found nothing.

  Way way_ = Way::unknown;
  std::size_t width_ = 0;
  std::size_t indent_ = 0;  // What somebody put before each continuation.
  bool stripped_ = false;   // Blanks at the ends of lines are gone.
  bool in_table_ = false;   // The line that may be broken has columns.

  bool joining_ = false;
  std::string joined_;
  std::size_t missing_ = 0;  // Blanks that are gone from the end of joined_.
  std::uint64_t joined_number_ = 0;
};

}  // namespace oomkit
