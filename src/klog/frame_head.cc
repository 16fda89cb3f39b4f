#include "klog/frame_head.h"

#include <charconv>

#include "core/text.h"
#include "klog/frame_blanks.h"
#include "klog/frame_kernel_text.h"
#include "klog/frame_time.h"
#include "klog/frame_words.h"

namespace oomkit {
namespace {

// What may stand behind the head just taken.
enum class Behind { any_head, caller_or_source, nothing };

void drop(std::string_view& rest, std::size_t length) {
  rest.remove_prefix(length);
  if (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
}

// Does the colon at `colon` end "kernel:" or "name[12]:"?
bool ends_ident(std::string_view text, std::size_t colon) {
  constexpr std::string_view kKernel = "kernel";
  if (colon == 0) return false;
  if (text[colon - 1] == ']') return true;
  return colon >= kKernel.size() && text.substr(colon - kKernel.size(), kKernel.size()) == kKernel;
}

class HeadTaker {
 public:
  HeadTaker(LogHead& head, HeadMemory* memory) : head_(&head), memory_(memory) {}

  // One head off the front of `rest`, which has no leading blanks.
  bool take_one(std::string_view& rest) {
    switch (rest.front()) {
      case '[':
        return take_bracket(rest);
      case '<':
        return take_priority(rest);
      default:
        return is_digit(rest.front()) ? take_number(rest) : take_word(rest);
    }
  }

  // What the kernel's own time, or its ident, leaves: a caller, or a journal's source words.
  void take_tail(std::string_view& rest);

  Behind behind() const { return behind_; }

 private:
  bool take_bracket(std::string_view& rest);
  bool take_priority(std::string_view& rest);
  bool take_number(std::string_view& rest);
  bool take_word(std::string_view& rest);
  bool take_bare_source(std::string_view& rest);
  bool take_rfc5424(std::string_view& rest);
  bool take_kmsg(std::string_view& rest);
  bool take_logcat(std::string_view& rest);
  bool take_stream(std::string_view& rest);
  void take_behind_stamp(std::string_view& rest, bool host_possible);
  bool take_remembered_source(std::string_view& rest);
  void number_kmsg(std::uint64_t sequence, std::string_view flags);
  void source_taken(std::string_view line, const SourceWords& words);
  LogRecord& record() { return head_->record; }

  LogHead* head_;
  HeadMemory* memory_;
  Behind behind_ = Behind::any_head;
};

bool HeadTaker::take_bracket(std::string_view& rest) {
  HostTime uptime{};
  if (const std::size_t length = uptime_length(rest, uptime); length != 0) {
    record().uptime = uptime;
    drop(rest, length);
    behind_ = Behind::caller_or_source;
    return true;
  }
  std::string_view stamp;
  if (const std::size_t length = bracket_stamp_length(rest, stamp); length != 0) {
    if (!stamp.empty()) record().stamp = stamp;
    drop(rest, length);
    behind_ = Behind::caller_or_source;
    // Serial loggers put the wall clock before the kernel's own bracket.
    const std::string_view next = without_blanks(rest);
    if (!next.empty() && (strict_uptime_length(next) != 0 || next[0] == '<')) {
      behind_ = Behind::any_head;
    }
    return true;
  }
  if (take_caller(rest, record())) {
    behind_ = Behind::nothing;
    return true;
  }
  return false;
}

bool HeadTaker::take_priority(std::string_view& rest) {
  std::string_view at = rest;
  if (!take_angle_priority(at, record())) return false;
  rest = at;
  if (take_rfc5424(rest)) behind_ = Behind::any_head;
  return true;
}

// "1 2026-11-21T12:22:51Z host app procid msgid [id k=\"v\"] text" behind the priority.
bool HeadTaker::take_rfc5424(std::string_view& rest) {
  if (rest.substr(0, 2) != "1 ") return false;
  Cursor cursor(rest);
  cursor.advance(2);
  const auto stamp = cursor.take_until(" ");
  const auto host = cursor.take_until(" ");
  const auto app = cursor.take_until(" ");
  const auto procid = cursor.take_until(" ");
  const auto msgid = cursor.take_until(" ");
  if (!stamp || !host || !app || !procid || !msgid) return false;
  if (*stamp != "-" && iso_stamp_length(*stamp) != stamp->size()) return false;
  std::string_view data = cursor.rest();
  if (!data.empty() && data[0] == '-') {
    data.remove_prefix(1);
  } else {
    // Elements stand in brackets; a bracket inside a quoted value is text.
    bool quoted = false;
    std::size_t at = 0;
    for (; at < data.size(); ++at) {
      if (data[at] == '\\' && quoted) {
        ++at;
      } else if (data[at] == '"') {
        quoted = !quoted;
      } else if (data[at] == ']' && !quoted && (at + 1 >= data.size() || data[at + 1] != '[')) {
        break;
      }
    }
    if (data.empty() || data[0] != '[' || at >= data.size()) return false;
    data.remove_prefix(at + 1);
  }
  if (*stamp != "-") record().stamp = *stamp;
  if (*host != "-") record().host = *host;
  if (*app != "-") record().ident = *app;
  rest = data;
  if (rest.substr(0, 4) == " \xEF\xBB\xBF") rest.remove_prefix(3);
  drop(rest, 0);
  head_->syslog = true;
  return true;
}

bool HeadTaker::take_number(std::string_view& rest) {
  if (const std::size_t length = iso_stamp_length(rest); length != 0) {
    record().stamp = rest.substr(0, length);
    // dmesg --time-format iso has a comma before its six decimals, and no host.
    const bool dmesg = length > 26 && rest[19] == ',';
    rest.remove_prefix(length);
    if (!rest.empty() && (rest[0] == ':' || rest[0] == '|')) rest.remove_prefix(1);
    take_behind_stamp(rest, !dmesg);
    return true;
  }
  if (take_kmsg(rest) || take_logcat(rest)) return true;
  if (const std::size_t length = epoch_stamp_length(rest); length != 0) {
    record().stamp = rest.substr(0, length);
    rest.remove_prefix(length);
    take_behind_stamp(rest, true);
    return true;
  }
  HostTime uptime{};
  if (const std::size_t length = uptime_length(rest, uptime); length != 0) {
    record().uptime = uptime;
    drop(rest, length);
    behind_ = Behind::caller_or_source;
    return true;
  }
  return take_word(rest);
}

bool HeadTaker::take_word(std::string_view& rest) {
  // Each of these has a colon near its front, and that colon tells which it can be.
  constexpr std::size_t kLookAt = 256;
  const std::size_t colon = rest.substr(0, kLookAt).find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  if (const std::size_t length = calendar_stamp_length(rest); length != 0) {
    record().stamp = rest.substr(0, length);
    rest.remove_prefix(length);
    if (!rest.empty() && rest[0] == ':') rest.remove_prefix(1);
    take_behind_stamp(rest, true);
    return true;
  }
  if (take_decoded_priority(rest, record())) return true;
  if (!ends_ident(rest, colon)) return false;
  if (take_known_ident(rest, record())) {
    take_tail(rest);
    return true;
  }
  return take_bare_source(rest);
}

// "host kernel: text" whose time was cut off.
bool HeadTaker::take_bare_source(std::string_view& rest) {
  constexpr std::string_view kKernel = " kernel: ";
  const std::size_t host_end = rest.substr(0, 256).find(' ');
  if (host_end == std::string_view::npos || rest.substr(host_end, kKernel.size()) != kKernel) {
    return false;
  }
  const std::string_view behind = rest.substr(host_end + kKernel.size());
  if (strict_uptime_length(without_blanks(behind)) == 0 && !looks_like_kernel_text(behind)) {
    return false;
  }
  SourceWords words;
  if (!take_source(rest, record(), words)) return false;
  head_->syslog = true;
  take_tail(rest);
  return true;
}

// "stdout F " of the container runtime interface, "00O " of a GitLab job.
bool HeadTaker::take_stream(std::string_view& rest) {
  const std::string_view stream = rest.substr(0, 7);
  const bool cri = (stream == "stdout " || stream == "stderr ") && rest.size() >= 8 &&
                   (rest[7] == 'F' || rest[7] == 'P') && (rest.size() == 8 || rest[8] == ' ');
  if (cri) {
    if (memory_ != nullptr) {
      record().continues = memory_->partial;
      memory_->partial = rest[7] == 'P';
    }
    drop(rest, 8);
    return true;
  }
  if (rest.size() >= 4 && is_digit(rest[0]) && is_digit(rest[1]) &&
      (rest[2] == 'O' || rest[2] == 'E') && (rest[3] == ' ' || rest[3] == '+')) {
    rest.remove_prefix(4);
    return true;
  }
  return false;
}

bool HeadTaker::take_remembered_source(std::string_view& rest) {
  const std::string& source = memory_->source;
  if (source.empty() || rest.substr(0, source.size()) != source) return false;
  if (rest.size() > source.size() && rest[source.size()] != ' ') return false;
  record().host = rest.substr(0, memory_->source_host);
  record().ident = rest.substr(source.size() - 1 - memory_->source_ident, memory_->source_ident);
  drop(rest, source.size());
  return true;
}

void HeadTaker::source_taken(std::string_view line, const SourceWords& words) {
  if (memory_ == nullptr || !words.plain) return;
  memory_->source.assign(line.substr(0, words.length));
  memory_->source_host = words.host_length;
  memory_->source_ident = words.ident_length;
}

void HeadTaker::take_behind_stamp(std::string_view& rest, bool host_possible) {
  const std::string_view at = without_blanks(rest);
  if (!host_possible || at.empty()) {
    drop(rest, 0);
    behind_ = Behind::caller_or_source;
    return;
  }
  std::string_view next = at;
  if (memory_ != nullptr && take_remembered_source(next)) {
    head_->syslog = true;
    rest = next;
    take_tail(rest);
    return;
  }
  if (take_stream(next)) {
    rest = next;
    return;
  }
  take_dotted_priority(next, record());
  SourceWords words;
  const std::string_view line = next;
  if (take_source(next, record(), words)) {
    if (line.data() == at.data()) source_taken(line, words);
    head_->syslog = true;
    rest = next;
    take_tail(rest);
    return;
  }
  drop(rest, 0);
}

void HeadTaker::take_tail(std::string_view& rest) {
  behind_ = Behind::nothing;
  std::string_view at = without_blanks(rest);
  if (record().ident == "kernel" && !at.empty() && at[0] == '<') {
    if (!take_angle_priority(at, record())) return;
    rest = at;
    at = without_blanks(rest);
  }
  if (at.empty() || (at[0] != '[' && !is_digit(at[0]))) return;
  HostTime uptime{};
  if (const std::size_t length = uptime_length(at, uptime); length != 0) {
    record().uptime = uptime;
    // A relay's name ("klogd", "vmunix") does not matter: the kernel wrote this.
    record().ident = "kernel";
    drop(at, length);
    behind_ = Behind::caller_or_source;
    rest = at;
  } else if (record().ident == "kernel" && take_caller(at, record())) {
    rest = at;
  }
}

// "6,1234,5678901,-,caller=T123;text"
bool HeadTaker::take_kmsg(std::string_view& rest) {
  Cursor cursor(rest);
  const auto priority = cursor.take_integer<std::uint32_t>();
  if (!priority || !cursor.take(",")) return false;
  const auto sequence = cursor.take_integer<std::uint64_t>();
  if (!sequence || !cursor.take(",")) return false;
  const auto microseconds = cursor.take_integer<std::uint64_t>();
  if (!microseconds || *microseconds > 9'000'000'000'000'000 || !cursor.take(",")) return false;
  const std::string_view tail = cursor.rest().substr(0, 256);
  const std::size_t end = tail.find(';');
  if (end == std::string_view::npos || tail.substr(0, end).find(' ') != std::string_view::npos) {
    return false;
  }
  const std::string_view fields = tail.substr(0, end);
  const std::size_t comma = fields.find(',');
  constexpr std::string_view kCaller = "caller=";
  if (const std::size_t at = fields.find(kCaller); at != std::string_view::npos) {
    const std::string_view caller = fields.substr(at + kCaller.size());
    record().caller = caller.substr(0, caller.find(','));
  }
  record().level = static_cast<int>(*priority & 7U);
  record().uptime = HostTime(static_cast<std::int64_t>(*microseconds) * 1000);
  number_kmsg(*sequence, fields.substr(0, comma));
  rest.remove_prefix(cursor.offset() + end + 1);
  head_->kmsg = true;
  behind_ = Behind::nothing;
  // What a program wrote into the kernel's log bears its name in the text.
  if (*priority >> 3U != 0) {
    take_known_ident(rest, record());
  } else {
    record().ident = "kernel";
  }
  return true;
}

void HeadTaker::number_kmsg(std::uint64_t sequence, std::string_view flags) {
  if (memory_ == nullptr) return;
  const bool plus = flags.find('+') != std::string_view::npos;
  if (plus) memory_->fragments_by_plus = true;
  // Up to 4.9 'c' began a line of fragments and '+' went on with it; since 4.10 'c' goes on.
  const bool fragment = flags.find('c') != std::string_view::npos;
  record().continues = plus || (fragment && !memory_->fragments_by_plus);
  // A smaller number is another boot's, or a second reading of the buffer.
  record().lost_before = memory_->sequence && sequence > *memory_->sequence + 1;
  memory_->sequence = sequence;
}

// "11-21 12:22:51.572  1234  5678 I lowmemorykiller: text"
bool HeadTaker::take_logcat(std::string_view& rest) {
  const std::size_t stamp = logcat_stamp_length(rest);
  if (stamp == 0) return false;
  Cursor cursor(rest);
  cursor.advance(stamp);
  cursor.skip_spaces();
  if (!cursor.take_integer<std::uint32_t>() || !cursor.skip_spaces()) return false;
  if (!cursor.take_integer<std::uint32_t>() || !cursor.skip_spaces()) return false;
  constexpr std::string_view kLetters = "FEWIDV";
  constexpr int kLevels[] = {2, 3, 4, 6, 7, 7};
  const std::size_t letter = kLetters.find(cursor.peek());
  if (letter == std::string_view::npos) return false;
  cursor.advance(1);
  if (!cursor.take(" ")) return false;
  const auto tag = cursor.take_until(":");
  if (!tag) return false;
  record().stamp = rest.substr(0, stamp);
  record().level = kLevels[letter];
  record().ident = trim(*tag);
  drop(rest, cursor.offset());
  behind_ = Behind::nothing;
  return true;
}

// Does `text` begin with the host that journalctl -o short-monotonic has shown?
bool monotonic(std::string_view text, const HeadMemory* memory) {
  if (memory == nullptr || memory->monotonic_host.empty()) return false;
  const std::string& host = memory->monotonic_host;
  return text.substr(0, host.size()) == host && text.substr(host.size(), 1) == " ";
}

// Behind the kernel's time: who printed it, or journalctl -o short-monotonic's host and
// ident. Those two may be any words once a line has shown them before "kernel:".
void take_caller_or_source(std::string_view& rest, LogRecord& record, HeadMemory* memory) {
  const std::string_view at = without_blanks(rest);
  if (!at.empty() && at[0] == '[') {
    std::string_view bracket = at;
    if (!take_caller(bracket, record)) return;
    rest = bracket;
  }
  constexpr std::size_t kLookAt = 256;
  const std::size_t colon = rest.substr(0, kLookAt).find(':');
  if (colon == std::string_view::npos || !(ends_ident(rest, colon) || monotonic(rest, memory))) {
    return;
  }
  if (take_known_ident(rest, record) || !record.ident.empty()) return;
  if (!monotonic(rest, memory)) {
    const std::size_t blank = rest.find(' ');
    if (blank == std::string_view::npos || blank > colon) return;
    std::string_view behind = rest.substr(blank + 1);
    LogRecord probe;
    if (!take_known_ident(behind, probe)) return;
  }
  SourceWords words;
  if (!take_source(rest, record, words)) return;
  if (memory != nullptr && words.plain && record.ident == "kernel") {
    memory->monotonic_host.assign(record.host);
  }
}

}  // namespace

bool take_log_head(std::string_view& rest, LogHead& head, HeadMemory* memory) {
  constexpr int kNestingMax = 8;
  HeadTaker taker(head, memory);
  bool taken = false;
  for (int depth = 0; depth < kNestingMax && taker.behind() == Behind::any_head; ++depth) {
    std::string_view at = without_blanks(rest);
    if (at.empty() || !taker.take_one(at)) break;
    rest = at;
    taken = true;
  }
  if (taker.behind() == Behind::caller_or_source) take_caller_or_source(rest, head.record, memory);
  if (taken) head.record.framed = true;
  return taken;
}

bool begins_with_log_head(std::string_view text) {
  constexpr std::size_t kLookAt = 1024;
  LogHead head;
  text = text.substr(0, kLookAt);
  return take_log_head(text, head, nullptr);
}

}  // namespace oomkit
