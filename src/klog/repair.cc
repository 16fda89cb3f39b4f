#include "klog/repair.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace oomkit {
namespace {

// A wrapped line of the longest kind, two cgroup paths of 4 KiB, is far below.
constexpr std::size_t kJoinedMax = std::size_t{16} << 10;
constexpr int kStrangersMax = 24;

// Kinds of line that what continues another may look like by chance.
bool may_continue(LineKind kind) {
  return kind == LineKind::unknown || kind == LineKind::counters || kind == LineKind::register_dump;
}

template <std::size_t Size>
std::string_view keep(std::array<char, Size>& target, std::string_view text) {
  const std::size_t size = std::min(text.size(), Size);
  std::copy_n(text.begin(), size, target.begin());
  return {target.data(), size};
}

}  // namespace

void LineJoiner::Waiting::take(const LogRecord& record, LineKind kind,
                               std::optional<HostTime> uptime) {
  there = true;
  text.assign(record.text.substr(0, kJoinedMax));
  line.kind = kind;
  line.line = line.last_line = record.line;
  line.uptime = uptime;
  line.cut = false;
  if (record.frame != 0 && record.frame == frame) return;
  frame = record.frame;
  line.stamp = keep(stamp, record.stamp);
  line.ident = keep(ident, record.ident);
}

void LineJoiner::add(const LogRecord& record, LogicalLineSink& sink) {
  if (record.plain_row) {
    begin_rows(sink);
    hold_row(record);
    return;
  }
  const LineKind kind = classify(record.text);
  if (record.framed && record.uptime) last_uptime_ = record.uptime;
  if (kind == LineKind::blank) {
    if (!record.framed) (held_.there ? blank_after_ : blank_before_) = true;
    return;
  }
  if (held_.there) {
    if (try_join(record, kind)) return;
    if (try_join_stranger(record, kind, sink)) return;
    if (kind == LineKind::unknown && ++strangers_ <= kStrangersMax &&
        held_.line.kind != LineKind::unknown) {
      pass(record, kind, sink);
      return;
    }
    flush(sink);
  }
  held_.take(record, kind,
             record.uptime   ? record.uptime
             : record.framed ? std::nullopt
                             : last_uptime_);
  stranger_.there = false;
  blank_after_ = false;
  strangers_ = 0;
}

void LineJoiner::begin_rows(LogicalLineSink& sink) {
  flush(sink);
  stranger_.there = false;
  blank_after_ = false;
  strangers_ = 0;
}

LogicalLine LineJoiner::row_line(const LogRecord& frame, const PlainRow& row) {
  LogicalLine line;
  line.text = row.text;
  line.kind = LineKind::task_row;
  line.line = line.last_line = row.line;
  line.uptime = row.uptime;
  line.stamp = frame.stamp.substr(0, held_.stamp.size());
  line.ident = frame.ident.substr(0, held_.ident.size());
  line.blank_before = std::exchange(blank_before_, false);
  return line;
}

// Words of a stranger in between: of no interest to a report, but a daemon's line is told
// by who speaks, and what says nothing may be the first half of something.
void LineJoiner::pass(const LogRecord& record, LineKind kind, LogicalLineSink& sink) {
  stranger_.take(record, kind, record.uptime);
  if (record.ident.empty()) return;
  LogicalLine line = stranger_.line;
  line.text = record.text;
  sink.on_line(line);
}

bool LineJoiner::try_join_stranger(const LogRecord& record, LineKind kind, LogicalLineSink& sink) {
  if (!stranger_.there) return false;
  const bool follows = record.line == stranger_.line.last_line + 1;
  if (!follows || record.framed || record.embedded || !may_continue(kind)) return false;
  const Junction how = junction(LineKind::unknown, stranger_.text, record.text, JunctionContext());
  if (how == Junction::none) return false;
  flush(sink);
  std::swap(held_, stranger_);
  held_.line.stamp = {held_.stamp.data(), held_.line.stamp.size()};
  held_.line.ident = {held_.ident.data(), held_.line.ident.size()};
  stranger_.there = false;
  stranger_.frame = 0;  // Its views were the held one's.
  append(held_, record, how);
  blank_after_ = false;
  return true;
}

// How a line goes on that the frame says goes on.
bool LineJoiner::try_join(const LogRecord& record, LineKind kind) {
  std::string& text = held_.text;
  if (record.continues) {
    text.append(record.text.substr(0, kJoinedMax - std::min(text.size(), kJoinedMax)));
    held_.line.kind = classify(text);
    held_.line.last_line = record.line;
    return true;
  }
  if (record.embedded || text.size() + record.text.size() > kJoinedMax) return false;
  const LineKind held_kind = held_.line.kind;
  const bool torn_node = held_kind == LineKind::node_prefix &&
                         (kind == LineKind::zone || kind == LineKind::free_list) &&
                         !record.text.starts_with("Node ");
  Junction how = Junction::blank;
  if (!torn_node) {
    if (!may_continue(kind) || (held_kind == LineKind::unknown && strangers_ > 0)) return false;
    const JunctionContext context{task_columns_, record.framed, spaced_ > glued_, glued_ > spaced_};
    how = junction(held_kind, text, record.text, context);
    // A block of counters has several lines, and each begins with words of its own.
    const bool own_line = held_kind == LineKind::counters && kind == LineKind::counters;
    if (own_line && how == Junction::blank) return false;
  }
  if (how == Junction::either && held_kind == LineKind::lowmem_reserve && glued_ == spaced_) {
    // One number or two: neither is said.
    held_.line.cut = true;
    return true;
  }
  // A word does not go on behind somebody's comment.
  if (how == Junction::glue && strangers_ > 0) return false;
  if (how == Junction::none) return false;
  append(held_, record, how);
  return true;
}

void LineJoiner::append(Waiting& waiting, const LogRecord& record, Junction how) {
  std::string& text = waiting.text;
  const bool blank_is_there = text.ends_with(' ') || record.text.starts_with(' ');
  if (how == Junction::glue) ++glued_;
  // A terminal may break at a blank by chance, but it does not swallow it.
  if (how == Junction::blank && !blank_is_there) ++spaced_;
  if (how == Junction::either) {
    how = blank_is_there || glued_ <= spaced_ ? Junction::blank : Junction::glue;
  }
  text.resize(trim_right(text).size());
  if (how == Junction::blank) text += ' ';
  text.append(trim(record.text));
  const LineKind kind = waiting.line.kind;
  if (kind == LineKind::unknown || kind == LineKind::node_prefix) {
    waiting.line.kind = classify(text);
  }
  waiting.line.last_line = record.line;
  strangers_ = 0;
  ++rejoined_;
}

void LineJoiner::flush(LogicalLineSink& sink, bool cut) {
  if (!held_.there) return;
  held_.there = false;
  LogicalLine line = held_.line;
  line.text = held_.text;
  line.cut = line.cut || cut;
  line.blank_before = blank_before_;
  blank_before_ = blank_after_;
  blank_after_ = false;
  sink.on_line(line);
}

std::uint64_t LineJoiner::take_rejoined() {
  return std::exchange(rejoined_, 0);
}

}  // namespace oomkit
