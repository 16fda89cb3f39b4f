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

void LineJoiner::add(const LogRecord& record, LogicalLineSink& sink) {
  const LineKind kind = classify(record.text);
  if (record.framed && record.uptime) last_uptime_ = record.uptime;
  if (kind == LineKind::blank) {
    if (!record.framed) {
      (holding_ ? blank_after_ : held_.blank_before) = true;
    }
    return;
  }
  if (holding_) {
    if (try_join(record, kind)) return;
    if (kind == LineKind::unknown && ++strangers_ <= kStrangersMax &&
        held_.kind != LineKind::unknown) {
      pass(record, kind, sink);
      return;
    }
    flush(sink);
  }
  hold(record, kind);
}

// Words of a stranger in between: of no interest to a report, but they may be the first
// half of something, and a daemon's line is told by who speaks.
void LineJoiner::pass(const LogRecord& record, LineKind kind, LogicalLineSink& sink) {
  if (record.ident.empty()) return;
  LogicalLine line;
  line.text = record.text;
  line.kind = kind;
  line.line = line.last_line = record.line;
  line.uptime = record.uptime;
  line.stamp = record.stamp;
  line.ident = record.ident;
  sink.on_line(line);
}

bool LineJoiner::try_join(const LogRecord& record, LineKind kind) {
  if (record.continues) {
    text_.append(record.text.substr(0, kJoinedMax - std::min(text_.size(), kJoinedMax)));
    held_.kind = classify(text_);
    held_.last_line = record.line;
    return true;
  }
  if (record.embedded || text_.size() + record.text.size() > kJoinedMax) return false;
  const bool torn_node = held_.kind == LineKind::node_prefix &&
                         (kind == LineKind::zone || kind == LineKind::free_list) &&
                         !record.text.starts_with("Node ");
  Junction how = Junction::blank;
  if (!torn_node) {
    if (!may_continue(kind)) return false;
    if (held_.kind == LineKind::unknown && strangers_ > 0) return false;
    const JunctionContext context{task_columns_, record.framed, glued_ + spaced_ > 0};
    how = junction(held_.kind, text_, record.text, context);
    // A block of counters has several lines, and each begins with words of its own.
    if (held_.kind == LineKind::counters && kind == LineKind::counters && how == Junction::blank) {
      return false;
    }
  }
  if (how == Junction::none) return false;
  const bool blank_is_there = text_.ends_with(' ') || record.text.starts_with(' ');
  if (how == Junction::glue) ++glued_;
  if (how == Junction::blank) ++spaced_;
  if (how == Junction::either) {
    how = blank_is_there || glued_ <= spaced_ ? Junction::blank : Junction::glue;
  }
  text_.resize(trim_right(text_).size());
  if (how == Junction::blank) text_ += ' ';
  text_.append(trim(record.text));
  if (held_.kind == LineKind::unknown || torn_node) held_.kind = classify(text_);
  held_.last_line = record.line;
  strangers_ = 0;
  ++rejoined_;
  return true;
}

void LineJoiner::hold(const LogRecord& record, LineKind kind) {
  const bool blank_before = held_.blank_before;
  text_.assign(record.text.substr(0, kJoinedMax));
  held_ = LogicalLine();
  held_.kind = kind;
  held_.line = held_.last_line = record.line;
  held_.uptime = record.uptime ? record.uptime : record.framed ? std::nullopt : last_uptime_;
  held_.stamp = keep(stamp_, record.stamp);
  held_.ident = keep(ident_, record.ident);
  held_.blank_before = blank_before;
  holding_ = true;
  blank_after_ = false;
  strangers_ = 0;
}

void LineJoiner::flush(LogicalLineSink& sink, bool cut) {
  if (!holding_) return;
  holding_ = false;
  held_.text = text_;
  held_.cut = cut;
  sink.on_line(held_);
  held_.blank_before = blank_after_;
  blank_after_ = false;
}

std::uint64_t LineJoiner::take_rejoined() {
  return std::exchange(rejoined_, 0);
}

}  // namespace oomkit
