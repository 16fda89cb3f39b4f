#include "klog/reader_lines.h"

#include <algorithm>
#include <cstring>

namespace oomkit {
namespace {

constexpr std::size_t kNoByte = std::string_view::npos;

std::size_t find_newline(std::string_view text, std::size_t from) {
  const void* found = std::memchr(text.data() + from, '\n', text.size() - from);
  return found == nullptr ? kNoByte
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// Where the line begins that holds text[at], not looking before text[from].
std::size_t begin_of_line(std::string_view text, std::size_t from, std::size_t at) {
  const void* found = memrchr(text.data() + from, '\n', at - from);
  return found == nullptr
             ? from
             : static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + 1;
}

// `lines` is made of whole lines: the first one that begins in its last `size` bytes.
std::size_t first_line_within(std::string_view lines, std::size_t size) {
  if (lines.size() <= size) return 0;
  if (size == 0) return lines.size();
  return find_newline(lines, lines.size() - size - 1) + 1;
}

std::uint64_t count_newlines(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

void HotLines::feed(std::string_view block) {
  // A slice is no longer than what is kept of a line. So a line that must be cut never
  // lies in one slice as a whole, and only continue_line() has to know about cutting.
  for (; !block.empty(); block.remove_prefix(std::min(block.size(), kLineMax))) {
    const std::string_view slice = block.substr(0, kLineMax);
    feed_slice(slice);
    position_ += slice.size();
  }
}

void HotLines::feed_slice(std::string_view slice) {
  std::size_t at = 0;
  while (at < slice.size()) {
    if (wish_.raw_bytes > 0) {
      at = take_raw(slice, at);
    } else if (in_line_) {
      const std::size_t newline = find_newline(slice, at);
      continue_line(slice.substr(at, newline == kNoByte ? kNoByte : newline - at));
      if (newline == kNoByte) return;
      at = newline + 1;
      end_line();
    } else if (hot_) {
      at = run_hot(slice, at, position_);
    } else {
      at = run_cold(slice, at);
    }
  }
}

void HotLines::finish() {
  if (!in_line_) return;
  end_line();
  ends_in_line_ = hot_;
}

// Gives lines from text[at], where one begins, until the text ends or nobody wants more.
std::size_t HotLines::run_hot(std::string_view text, std::size_t at, std::uint64_t text_position) {
  std::size_t anchor = 0;  // The first one at or after some line, as far as it is known.
  bool anchor_known = false;
  while (at < text.size()) {
    if (wish_.raw_bytes > 0) {
      at = take_raw(text, at);
      // They may end inside a line, of which only the rest counts.
      if (anchor_known && anchor < find_newline(text, at)) anchor_known = false;
      continue;
    }
    const std::uint64_t position = text_position + at;
    if (!wish_.busy && position >= hot_until_) {
      hot_ = false;
      given_until_ = position;
      return at;
    }
    if (wish_.rows && wish_.busy) {
      at = take_rows(text, at, text_position);
      if (at == text.size()) return at;
    }
    const std::size_t newline = find_newline(text, at);
    if (newline == kNoByte) {
      begin_line(text.substr(at), text_position + at);
      return text.size();
    }
    // While a report is open anchors say nothing new; looked for only when none is.
    if (!wish_.busy && (!anchor_known || anchor < at)) {
      anchor = at + scan_(text.substr(at), 0).found;
      anchor_known = true;
    }
    const bool has_anchor = !wish_.busy && anchor < newline;
    give_line(text.substr(at, newline - at), text_position + newline + 1, has_anchor);
    at = newline + 1;
  }
  return at;
}

// Passes by whole lines from text[at], where one begins. On an anchor goes hot, and goes
// back in the text as far as a lost head may reach.
std::size_t HotLines::run_cold(std::string_view text, std::size_t at) {
  const std::size_t end = begin_of_line(text, at, text.size());
  if (end == at) {
    begin_line(text.substr(at), position_ + at);
    return text.size();
  }
  // Nothing before text[at] is looked at: binary bytes may have ended there, inside a line.
  const ScanResult result = scan_(text.substr(at, end - at), 0);
  const std::size_t found = at + result.found;
  lines_ += result.lines;
  if (found == end) {
    keep(text.substr(at, end - at));
    return end;
  }
  const std::size_t line = begin_of_line(text, at, found);
  const std::string_view before = text.substr(at, line - at);
  go_hot(before, position_ + line);
  return at + first_line_within(before, kBefore);
}

// A line that begins at `line_position` has an anchor, and lines_ is the number of lines
// before it. `before` is what was passed by since the lines in kept_. Gives those of
// kept_; the caller goes on with those of `before` that are near enough.
void HotLines::go_hot(std::string_view before, std::uint64_t line_position) {
  const std::size_t from_before = first_line_within(before, kBefore);
  const std::string_view near = before.substr(from_before);
  const std::size_t from_kept =
      before.size() >= kBefore ? kept_.size() : first_line_within(kept_, kBefore - before.size());
  const std::string_view kept = std::string_view(kept_).substr(from_kept);

  const std::uint64_t kept_position = line_position - before.size() - kept.size();
  const std::uint64_t first_position =
      from_before > 0 ? line_position - near.size() : kept_position;
  lines_ -= count_newlines(kept) + count_newlines(near);
  hot_ = true;
  hot_until_ = line_position + 1;
  if (first_position > given_until_) sink_->skipped();
  run_hot(kept, 0, kept_position);
  kept_.clear();
}

std::size_t HotLines::take_raw(std::string_view text, std::size_t at) {
  const std::string_view bytes = text.substr(at, wish_.raw_bytes);
  lines_ += count_newlines(bytes);
  wish_ = sink_->raw(bytes);
  return at + bytes.size();
}

std::size_t HotLines::take_rows(std::string_view text, std::size_t at,
                                std::uint64_t text_position) {
  const HotLineSink::Taken taken = sink_->rows(text.substr(at), lines_ + 1);
  if (taken.lines == 0) return at;
  lines_ += taken.lines;
  hot_until_ = std::max(hot_until_, text_position + at + taken.bytes + kAfter);
  return at + taken.bytes;
}

void HotLines::give_line(std::string_view line, std::uint64_t end_position, bool has_anchor) {
  wish_ = sink_->line(line, ++lines_);
  if (wish_.busy || has_anchor) hot_until_ = std::max(hot_until_, end_position + kAfter);
}

void HotLines::begin_line(std::string_view text, std::uint64_t position) {
  in_line_ = true;
  line_.clear();
  line_size_ = 0;
  line_position_ = position;
  continue_line(text);
}

void HotLines::continue_line(std::string_view text) {
  line_.append(text.substr(0, kLineMax - line_.size()));
  line_size_ += text.size();
}

// line_ holds a line of line_size_ bytes, or what is kept of it.
void HotLines::end_line() {
  in_line_ = false;
  const bool cut = line_size_ > kLineMax;
  if (cut) ++lines_cut_;
  const std::uint64_t end_position = line_position_ + line_size_ + 1;
  const bool has_anchor = !(hot_ && wish_.busy) && scan_(line_, 0).found < line_.size();
  if (hot_) {
    give_line(line_, end_position, has_anchor);
    return;
  }
  line_ += '\n';
  if (has_anchor) {
    go_hot({}, line_position_);
    // Not give_line(): the lines before it may have led into raw bytes, and those may end
    // inside this line with nobody wanting the rest of it.
    const std::size_t given = run_hot(line_, 0, line_position_);
    if (cut) hot_until_ = std::max(hot_until_, end_position + kAfter);
    if (given < line_.size()) pass_rest_of_line(given);
    return;
  }
  ++lines_;
  if (line_size_ < kBefore) {
    keep(line_);
  } else {
    kept_.clear();  // No line up to this one can be near enough to any later one.
  }
}

// line_ is whole, with its '\n', and what stands in it before `given` is done with.
void HotLines::pass_rest_of_line(std::size_t given) {
  line_.pop_back();
  line_.erase(0, given);
  line_position_ += given;
  line_size_ = line_.size();
  end_line();
}

void HotLines::keep(std::string_view lines) {
  if (lines.size() >= kBefore) {
    kept_ = lines.substr(first_line_within(lines, kBefore));
    return;
  }
  kept_ += lines;
  constexpr std::size_t kTooMuch = 4 * kBefore;
  if (kept_.size() > kTooMuch) kept_.erase(0, first_line_within(kept_, kBefore));
}

}  // namespace oomkit
