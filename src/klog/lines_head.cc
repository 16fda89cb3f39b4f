#include "klog/lines_head.h"

#include <charconv>

namespace oomkit {
namespace {

constexpr std::string_view kInvokedWords = " invoked oom-killer";
constexpr std::size_t kCommBytesMax = 15;

// What stands before " invoked": the comm, and what an unknown log format has put before
// it. A comm has at most 15 bytes, so of a longer text it is the end.
std::string_view comm_of(std::string_view before) {
  before = trim(before);
  if (before.size() <= kCommBytesMax) return before;
  for (const std::string_view end : {"kernel: ", "] ", "> "}) {
    const std::size_t at = before.rfind(end);
    if (at != std::string_view::npos && at + end.size() < before.size()) {
      const std::string_view rest = trim(before.substr(at + end.size()));
      if (rest.size() <= kCommBytesMax) return rest;
    }
  }
  const std::size_t blank = before.rfind(' ');
  return blank == std::string_view::npos ? before : before.substr(blank + 1);
}

class TriggerFields {
 public:
  TriggerFields(std::string_view text, TriggerLine& line, LineNotes& notes)
      : text_(text), line_(&line), notes_(&notes) {}

  void read() {
    while (at_ < text_.size()) {
      if (!is_alpha(text_[at_])) {
        ++at_;
        continue;
      }
      const std::size_t begin = at_;
      while (at_ < text_.size() && is_word(text_[at_]))
        ++at_;
      if (at_ < text_.size() && text_[at_] == '=') {
        ++at_;
        take_field(text_.substr(begin, at_ - 1 - begin));
      }
    }
  }

 private:
  void take_field(std::string_view key) {
    if (key == "gfp_mask") {
      take_mask();
    } else if (key == "nodemask") {
      take_nodemask();
    } else if (key == "order") {
      line_->order = take_int(false);
    } else if (key == "oom_score_adj") {
      line_->oom_score_adj = take_int(true);
      line_->ended = line_->oom_score_adj.has_value();
    } else if (key == "oom_adj") {
      line_->oom_adj = take_int(true);
    } else if (key == "oomkilladj") {
      line_->oom_adj = take_int(true);
      line_->ended = line_->oom_adj.has_value();
    }
  }

  void take_mask() {
    const GfpMask gfp = take_gfp(text_, at_);
    if (at_ == text_.size() && !gfp.text) return;  // More must follow: it may be cut.
    line_->gfp_mask = gfp.mask;
    line_->gfp_text = gfp.text;
    line_->fields += gfp.mask ? 1 : 0;
    line_->fields += gfp.text ? 1 : 0;
  }

  // A list of nodes has commas of its own: "0-1,4", then ", order=".
  void take_nodemask() {
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != ' ' && !is_alpha(text_[end]) && text_[end] != '(')
      ++end;
    if (text_.substr(at_).starts_with("(null)")) {
      at_ += 6;
      ++line_->fields;
      return;
    }
    std::string_view value = text_.substr(at_, end - at_);
    if (end == text_.size()) return;
    while (value.ends_with(","))
      value.remove_suffix(1);
    if (!value.empty()) line_->nodemask = value;
    ++line_->fields;
    at_ = end;
  }

  std::optional<int> take_int(bool may_be_last) {
    const auto number = as_int(take_number(text_, at_, *notes_));
    if (at_ == text_.size() && (!may_be_last || notes_->cut)) return std::nullopt;
    if (number) ++line_->fields;
    return number;
  }

  std::string_view text_;
  TriggerLine* line_;
  LineNotes* notes_;
  std::size_t at_ = 0;
};

// The word before the build number, if a release may look like that: "5.14.0-333.el9",
// "6.8.1+nas", "5.x" of a log made anonymous.
bool is_release(std::string_view word) {
  std::size_t at = 0;
  while (at < word.size() && is_digit(word[at]))
    ++at;
  if (at == 0 || at > 2 || at + 1 >= word.size() || word[at] != '.') return false;
  return (at == 2 || word[0] >= '2') && (is_digit(word[at + 1]) || word[at + 1] == 'x');
}

std::string_view release_before_build(std::string_view text) {
  std::size_t hash = text.find(" #");
  while (hash != std::string_view::npos) {
    const std::string_view before = trim_right(text.substr(0, hash));
    const std::size_t blank = before.rfind(' ');
    std::string_view word = blank == std::string_view::npos ? before : before.substr(blank + 1);
    if (word.starts_with("(")) word.remove_prefix(1);  // 2.6.18: "Not tainted (2.6.18 #1)".
    if (is_release(word)) return word;
    hash = text.find(" #", hash + 1);
  }
  return {};
}

// Behind "Comm: ": the comm, "Kdump: loaded", the taint, the release and the build.
void read_comm_and_kernel(std::string_view text, CpuLine& line) {
  std::size_t taint = text.rfind(" Not tainted");
  if (taint == std::string_view::npos) taint = text.rfind(" Tainted: ");
  if (taint == std::string_view::npos) {
    if (text.ends_with(" Not")) line.comm = trim(text.substr(0, text.size() - 4));
    return;
  }
  std::string_view comm = trim(text.substr(0, taint));
  constexpr std::string_view kKdump = " Kdump: loaded";
  if (comm.ends_with(kKdump)) comm = trim(comm.substr(0, comm.size() - kKdump.size()));
  line.comm = comm;
  const std::string_view rest = text.substr(taint + 1);
  line.release = release_before_build(rest);
  if (rest.starts_with("Not tainted")) {
    line.taint = rest.substr(0, 11);
  } else if (!line.release.empty()) {
    line.taint = trim(rest.substr(0, static_cast<std::size_t>(line.release.data() - rest.data())));
  }
}

std::size_t skip_identifier(std::string_view text, std::size_t at) {
  while (at < text.size() && (is_word(text[at]) || text[at] == '.' || text[at] == '$'))
    ++at;
  return at;
}

// "+0x57/0x80"
bool is_offset(std::string_view text) {
  if (!text.starts_with("+0x")) return false;
  std::size_t at = 3;
  while (at < text.size() && is_hex(text[at]))
    ++at;
  return at > 3 && text.substr(at).starts_with("/0x");
}

// " (mm/oom_kill.c:468 (discriminator 1))", as decode_stacktrace.sh writes it.
bool is_source_place(std::string_view text) {
  if (!text.starts_with(" (")) return false;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 4 || colon + 1 >= text.size()) return false;
  const std::string_view file = text.substr(2, colon - 2);
  const bool source =
      file.ends_with(".c") || file.ends_with(".h") || file.ends_with(".S") || file.ends_with(".rs");
  return source && is_digit(text[colon + 1]) && file.find(' ') == std::string_view::npos;
}

// "[<c0012fcc>] (dump_backtrace) from [<c00131a4>] (show_stack+0x20/0x24)"
std::size_t skip_brackets(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == '[') {
    std::size_t i = at + 1;
    if (i < text.size() && text[i] == '<') ++i;
    const std::size_t digits = i;
    while (i < text.size() && is_hex(text[i]))
      ++i;
    if (i < digits + 8) return at;
    if (i < text.size() && text[i] == '>') ++i;
    if (i >= text.size() || text[i] != ']') return at;
    at = i + 1;
    skip_blanks(text, at);
  }
  return at;
}

}  // namespace

GfpMask take_gfp(std::string_view text, std::size_t& at) {
  GfpMask gfp;
  if (!text.substr(at).starts_with("0x")) return gfp;
  at += 2;
  std::uint64_t mask = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), mask, 16);
  if (error == std::errc()) gfp.mask = mask;
  at = static_cast<std::size_t>(end - text.data());
  if (at < text.size() && text[at] == '(') {
    const std::size_t close = text.find(')', at);
    if (close == std::string_view::npos) {
      at = text.size();
      gfp.text = std::nullopt;
      return gfp;
    }
    gfp.text = text.substr(at + 1, close - at - 1);
    at = close + 1;
  }
  return gfp;
}

std::optional<TriggerLine> read_trigger(std::string_view text, LineNotes& notes) {
  TriggerLine line;
  const std::size_t invoked = text.rfind(kInvokedWords);
  if (invoked != std::string_view::npos) {
    line.comm = comm_of(text.substr(0, invoked));
    text.remove_prefix(invoked + kInvokedWords.size());
  } else if (text.starts_with(kInvokedWords.substr(1))) {
    text.remove_prefix(kInvokedWords.size() - 1);  // The blank behind an empty comm was taken off.
  } else {
    return std::nullopt;
  }
  TriggerFields(text, line, notes).read();
  return line;
}

std::optional<CpusetLine> read_cpuset_line(std::string_view text) {
  const std::size_t mems = text.rfind(" mems_allowed=");
  if (mems == std::string_view::npos) return std::nullopt;
  const std::size_t cpuset = text.rfind(" cpuset=", mems);
  if (cpuset == std::string_view::npos) {
    if (!text.starts_with("cpuset=") || mems < 7) return std::nullopt;
    return CpusetLine{{}, text.substr(7, mems - 7), trim(text.substr(mems + 14))};
  }
  return CpusetLine{trim(text.substr(0, cpuset)), text.substr(cpuset + 8, mems - cpuset - 8),
                    trim(text.substr(mems + 14))};
}

std::optional<CpuLine> read_cpu_line(std::string_view text) {
  CpuLine line;
  LineNotes notes;
  std::size_t at = 0;
  const auto value_of = [&](std::string_view key) -> std::optional<std::int64_t> {
    const std::size_t found = text.find(key, at);
    if (found == std::string_view::npos) return std::nullopt;
    std::size_t i = found + key.size();
    const auto number = take_number(text, i, notes);
    if (!number || i == text.size()) return std::nullopt;
    at = i;
    return number;
  };
  text = trim_left(text);
  const std::size_t comm_word = text.find(text.starts_with("Pid: ") ? ", comm: " : " Comm: ");
  const std::string_view numbers = text.substr(0, comm_word);
  const std::string_view whole = text;
  text = comm_word == std::string_view::npos ? numbers : whole.substr(0, comm_word + 1);
  if (text.starts_with("Pid: ")) {
    line.pid = as_pid(value_of("Pid: "));
  } else {
    line.cpu = as_int(value_of("CPU: "));
    line.uid = value_of(" UID: ");
    line.pid = as_pid(value_of(" PID: "));
  }
  if (comm_word == std::string_view::npos) return line;
  const std::size_t comm = whole.find(": ", comm_word) + 2;
  read_comm_and_kernel(whole.substr(comm), line);
  return line;
}

std::optional<Frame> read_frame(std::string_view text) {
  std::size_t at = 0;
  skip_blanks(text, at);
  at = skip_brackets(text, at);
  Frame frame;
  if (text.substr(at).starts_with("? ")) {
    frame.reliable = false;
    at += 2;
  }
  if (at < text.size() && text[at] == '(') ++at;
  if (at < text.size() && text[at] == '.') ++at;  // ppc64's dot symbols.
  const std::size_t end = skip_identifier(text, at);
  if (end == at || is_digit(text[at])) return std::nullopt;
  frame.function = text.substr(at, end - at);
  std::string_view rest = text.substr(end);
  if (is_offset(rest) || is_source_place(rest)) return frame;
  // arm32: "A from B+0x1/0x2". B called A; the next line begins with B.
  if (rest.starts_with(")")) rest.remove_prefix(1);
  if (!rest.starts_with(" from ")) return std::nullopt;
  std::size_t caller = skip_brackets(rest, 6);
  if (caller < rest.size() && rest[caller] == '(') ++caller;
  const std::size_t caller_end = skip_identifier(rest, caller);
  if (caller_end == caller || !is_offset(rest.substr(caller_end))) return std::nullopt;
  frame.function = rest.substr(caller, caller_end - caller);
  return frame;
}

}  // namespace oomkit
