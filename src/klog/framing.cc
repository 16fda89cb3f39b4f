#include "klog/framing.h"

#include <array>
#include <string>

#include "core/text.h"
#include "core/utf8.h"
#include "klog/frame_blanks.h"
#include "klog/frame_clean.h"
#include "klog/frame_entry.h"
#include "klog/frame_head.h"
#include "klog/frame_json.h"
#include "klog/frame_kernel_text.h"
#include "klog/frame_paste.h"
#include "klog/frame_same.h"

namespace oomkit {
namespace {

constexpr std::size_t kDepth = 3;  // A journal's JSON in a container's JSON in a shipper's.

// Text that had to be rewritten, one set for each level of messages inside messages.
struct Buffers {
  std::string clean;
  std::string unescaped;
  std::string message;
};

bool is_kmsg_dictionary(std::string_view line) {
  if (line.size() < 4 || line[0] != ' ') return false;
  for (std::size_t at = 1; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '=') return at > 1;
    if (c != '_' && (c < 'A' || c > 'Z') && !is_digit(c)) return false;
  }
  return false;
}

// "-- Reboot --", "-- Boot 0123... --", "-- Logs begin at ...": journalctl's own lines.
bool is_journalctl_notice(std::string_view text) {
  if (text.substr(0, 3) != "-- ") return false;
  const std::string_view word = text.substr(3);
  for (const std::string_view notice :
       {"Reboot", "Boot ", "Logs begin", "Journal begins", "No en"}) {
    if (word.substr(0, notice.size()) == notice) return true;
  }
  return false;
}

// Length of "** 12 printk messages dropped **" at the front of `text`.
std::size_t dropped_notice_length(std::string_view text) {
  if (text.substr(0, 3) != "** ") return 0;
  Cursor cursor(text);
  cursor.advance(3);
  if (!cursor.take_integer<std::uint64_t>()) return 0;
  return cursor.take(" printk messages dropped **") ? cursor.offset() : 0;
}

// What stands in the brackets of syslog's "message repeated 3 times: [ text]".
std::string_view without_repetition(std::string_view text) {
  constexpr std::string_view kWords = "message repeated ";
  if (text.substr(0, kWords.size()) != kWords) return text;
  Cursor cursor(text);
  cursor.advance(kWords.size());
  if (!cursor.take_integer<std::uint64_t>() || !cursor.take(" times: [")) return text;
  std::string_view inside = cursor.rest();
  if (inside.empty() || inside.back() != ']') return text;
  inside.remove_suffix(1);
  return inside.substr(0, 1) == " " ? inside.substr(1) : inside;
}

}  // namespace

class Framer::State {
 public:
  explicit State(RecordSink& sink) : sink_(&sink) {}

  void line(std::string_view text, std::uint64_t number);
  const LogRecord* row(std::string_view text, std::uint64_t number);
  RowFrame row_frame() const;
  void skipped();
  void finish() { deliver_entry(); }

  LogEntry& entry() { return entry_; }
  DamageCounts& damage() { return damage_; }

 private:
  void deliver_entry();
  void clean_and_frame(std::string_view text, LogHead& head, std::size_t depth);
  void frame(std::string_view text, LogHead& head, OddBytes odd, std::size_t depth);
  bool open_json(std::string_view text, const LogHead& head, std::size_t depth);
  void split_message(std::string_view message, const LogRecord& base, std::size_t depth);
  void frame_inner(std::string_view text, LogHead& head, OddBytes odd, std::size_t depth);
  void unescape(std::string_view text, LogHead& head, OddBytes odd, std::size_t depth);
  void split_and_emit(std::string_view text, LogHead& head, OddBytes odd);
  void emit(std::string_view text, LogRecord& record, OddBytes odd);

  RecordSink* sink_;
  DamageCounts damage_;
  HeadMemory heads_;
  SameFrame same_frame_;
  PasteMemory pastes_;
  LogEntry entry_;
  bool after_kmsg_ = false;
  bool from_web_page_ = false;  // Once a line has shown it, all of the input is.
  std::array<Buffers, kDepth> buffers_;
};

void Framer::State::line(std::string_view text, std::uint64_t number) {
  if (after_kmsg_ && is_kmsg_dictionary(text)) return;
  after_kmsg_ = false;
  switch (entry_.take_line(text, number, damage_)) {
    case LogEntry::Took::swallowed:
      return;
    case LogEntry::Took::ended:
      deliver_entry();
      return;
    case LogEntry::Took::nothing:
      if (entry_.open()) deliver_entry();
      break;
  }
  if (!heads_.partial && heads_.monotonic_host.empty() && same_frame_.take(text, number)) {
    pastes_.html = false;
    sink_->on_record(same_frame_.record());
    return;
  }
  LogHead head;
  head.record.line = number;
  clean_and_frame(text, head, 0);
}

const LogRecord* Framer::State::row(std::string_view text, std::uint64_t number) {
  if (after_kmsg_ || heads_.partial || !heads_.monotonic_host.empty()) return nullptr;
  if (!entry_.passes(text) || !same_frame_.take_row(text, number)) return nullptr;
  pastes_.html = false;
  return &same_frame_.record();
}

// A line's first bytes decide whether it opens an entry: as many as the frame has of them at least.
RowFrame Framer::State::row_frame() const {
  constexpr std::size_t kFirstBytes = 9;
  const RowFrame frame = same_frame_.row_frame();
  return frame.prefix.size() >= kFirstBytes || frame.prefix.starts_with('[') ? frame : RowFrame();
}

void Framer::State::deliver_entry() {
  if (entry_.has_message()) {
    LogRecord base;
    entry_.fill(base);
    split_message(entry_.message(), base, 0);
  } else if (entry_.open()) {
    damage_.add(Damage::journal_binary_field);
  }
  entry_.clear();
}

void Framer::State::skipped() {
  entry_.clear();
  heads_.sequence.reset();
  heads_.partial = false;
  same_frame_.forget();
  after_kmsg_ = false;
}

void Framer::State::clean_and_frame(std::string_view text, LogHead& head, std::size_t depth) {
  const OddBytes odd = odd_bytes(text);
  if (odd.has(OddBytes::ampersand) && !from_web_page_) from_web_page_ = shows_web_page(text);
  text = clean_text(text, odd, from_web_page_, buffers_[depth].clean, damage_);
  // A terminal writes over a line after a carriage return; a log has two lines there.
  while (odd.has(OddBytes::control)) {
    std::size_t cut = text.find('\r');
    while (cut != std::string_view::npos && !begins_with_log_head(text.substr(cut + 1)))
      cut = text.find('\r', cut + 1);
    if (cut == std::string_view::npos) break;
    LogHead before = head;
    frame(trim_right(text.substr(0, cut)), before, odd, depth);
    text.remove_prefix(cut + 1);
  }
  frame(text, head, odd, depth);
}

void Framer::State::frame(std::string_view text, LogHead& head, OddBytes odd, std::size_t depth) {
  constexpr int kPrefixesMax = 6;
  if (is_block_fence(text)) return;
  // A journal's entry has given the kernel's bare words; at most their time may be left.
  const LogRecord& base = head.record;
  const bool whole_line = depth == 0 && !base.framed;
  const bool bare = base.framed && (base.ident == "kernel" || base.uptime);
  const std::string_view front = without_blanks(text);
  if (bare && (front.empty() || (front[0] != '[' && front[0] != '<'))) {
    unescape(text, head, odd, depth);
    return;
  }
  const std::string_view line = text;
  bool headed = take_log_head(text, head, &heads_);
  if (headed && whole_line && !heads_.partial) same_frame_.learn(line, text, head);
  for (int prefixes = 0; !headed && !bare && prefixes < kPrefixesMax; ++prefixes) {
    if (!take_paste_prefix(text, pastes_)) break;
    headed = take_log_head(text, head, &heads_);
  }
  if (head.kmsg) after_kmsg_ = depth == 0;
  if (depth + 1 < kDepth && open_json(text, head, depth)) return;
  if (!text.empty() && text.back() == '>') {
    take_html_end(text, pastes_);
  } else {
    pastes_.html = false;
  }
  if (!headed && is_block_fence(text)) return;
  if (headed || bare) {
    unescape(text, head, odd, depth);
  } else {
    frame_inner(text, head, odd, depth);
  }
}

// No head at the front. One may still stand further on, behind a shell's prompt or what is
// left of a line that another CPU's message ran into.
void Framer::State::frame_inner(std::string_view text, LogHead& head, OddBytes odd,
                                std::size_t depth) {
  const std::size_t inner = find_inner_head(text);
  if (inner != std::string_view::npos && dropped_notice_length(text) == 0) {
    const std::string_view before = text.substr(0, inner);
    std::string_view rest = text.substr(inner);
    LogHead inner_head = head;
    if (take_log_head(rest, inner_head, &heads_)) {
      if (looks_like_kernel_text(before)) split_and_emit(trim_right(before), head, odd);
      unescape(rest, inner_head, odd, depth);
      return;
    }
  }
  if (is_journalctl_notice(text)) head.record.framed = true;
  unescape(text, head, odd, depth);
}

bool Framer::State::open_json(std::string_view text, const LogHead& head, std::size_t depth) {
  std::string_view object = without_blanks(text);
  if (object.empty()) return false;
  if (object[0] != '{' && object[0] != 'd' && object[0] != '\x1e') return false;
  // "data: {" of journalctl -o json-sse, a record separator of json-seq.
  constexpr std::string_view kEvent = "data: {";
  if (object.substr(0, kEvent.size()) == kEvent) object.remove_prefix(kEvent.size() - 1);
  if (object[0] == '\x1e') object.remove_prefix(1);
  if (object.empty() || object[0] != '{') return false;
  const auto fields = scan_json_log(object);
  if (!fields) return false;
  LogRecord base = head.record;
  fill_from_json(base, *fields);
  base.framed = true;
  std::string& message = buffers_[depth].message;
  message.clear();
  const JsonValue::Kind kind = fields->message.kind;
  if (kind != JsonValue::Kind::string && kind != JsonValue::Kind::array) {
    // journalctl writes null for a message too long for it.
    damage_.add(Damage::journal_binary_field);
    return true;
  }
  append_json_text(message, fields->message, LogEntry::kMessageMax);
  if (fields->message.text.size() > LogEntry::kMessageMax) damage_.add(Damage::line_too_long);
  split_message(message, base, depth + 1);
  return true;
}

void Framer::State::split_message(std::string_view message, const LogRecord& base,
                                  std::size_t depth) {
  while (!message.empty() && (message.back() == '\n' || message.back() == '\r'))
    message.remove_suffix(1);
  const bool embedded = message.find('\n') != std::string_view::npos;
  for (bool first = true;; first = false) {
    const std::size_t end = message.find('\n');
    LogHead head;
    head.record = base;
    head.record.embedded = embedded;
    head.record.lost_before = base.lost_before && first;
    head.record.continues = base.continues && first;
    clean_and_frame(message.substr(0, end), head, depth);
    if (end == std::string_view::npos) return;
    message.remove_prefix(end + 1);
  }
}

void Framer::State::unescape(std::string_view text, LogHead& head, OddBytes odd,
                             std::size_t depth) {
  if (!odd.has(OddBytes::backslash) && !(odd.has(OddBytes::hash) && head.syslog)) {
    split_and_emit(text, head, odd);
    return;
  }
  std::string& buffer = buffers_[depth].unescaped;
  text = head.kmsg ? undo_kmsg_escapes(text, buffer)
                   : undo_written_escapes(text, odd, head.syslog, buffer);
  while (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  std::size_t end = text.find('\n');
  if (end != std::string_view::npos) head.record.embedded = true;
  const LogHead message = head;
  split_and_emit(text.substr(0, end), head, odd);
  while (end != std::string_view::npos) {
    text.remove_prefix(end + 1);
    end = text.find('\n');
    std::string_view piece = text.substr(0, end);
    LogHead next = message;
    next.record.lost_before = false;
    next.record.continues = false;
    if (!message.kmsg) take_log_head(piece, next, &heads_);
    split_and_emit(piece, next, odd);
  }
}

// One line, unless another one's time stands in it: then the kernel or a console put two
// together, or somebody lost the line breaks of a whole log.
void Framer::State::split_and_emit(std::string_view text, LogHead& head, OddBytes odd) {
  if (const std::string_view inside = without_repetition(text); inside.size() != text.size()) {
    text = inside;
    take_log_head(text, head, &heads_);
  }
  while (true) {
    if (const std::size_t notice = dropped_notice_length(text);
        notice != 0 && !trim(text.substr(notice)).empty()) {
      emit(text.substr(0, notice), head.record, odd);
      text = trim_left(text.substr(notice));
      head.record.lost_before = true;
      take_log_head(text, head, &heads_);
      continue;
    }
    std::size_t cut = head.kmsg ? std::string_view::npos : find_uptime(text, 0);
    if (cut == std::string_view::npos) break;
    if (cut >= 3 && text[cut - 1] == '>' && text[cut - 3] == '<') cut -= 3;
    emit(trim_right(text.substr(0, cut)), head.record, odd);
    text.remove_prefix(cut);
    head.record.lost_before = false;
    head.record.continues = false;
    head.record.caller = {};
    const std::size_t before = text.size();
    take_log_head(text, head, &heads_);
    if (text.size() == before) break;
  }
  emit(text, head.record, odd);
}

void Framer::State::emit(std::string_view text, LogRecord& record, OddBytes odd) {
  record.text = text;
  if (odd.has(OddBytes::high) && !is_utf8(record.text)) damage_.add(Damage::invalid_utf8);
  sink_->on_record(record);
}

Framer::Framer(RecordSink& sink) : state_(std::make_unique<State>(sink)) {}
Framer::~Framer() = default;

void Framer::line(std::string_view text, std::uint64_t number) {
  state_->line(text, number);
}
const LogRecord* Framer::row(std::string_view text, std::uint64_t number) {
  return state_->row(text, number);
}
RowFrame Framer::row_frame() const {
  return state_->row_frame();
}
std::size_t Framer::wants_raw() const {
  return state_->entry().wants_raw();
}
void Framer::raw(std::string_view bytes) {
  state_->entry().take_raw(bytes, state_->damage());
}
void Framer::skipped() {
  state_->skipped();
}
void Framer::finish() {
  state_->finish();
}
const DamageCounts& Framer::damage() const {
  return state_->damage();
}

}  // namespace oomkit
