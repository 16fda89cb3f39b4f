#include "klog/frame_words.h"

#include <array>

#include "core/text.h"
#include "klog/frame_blanks.h"
#include "klog/frame_kernel_text.h"
#include "klog/frame_time.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 24> kFacilities = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",     "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "security", "console", "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5",   "local6",  "local7"};

struct LevelWord {
  std::string_view word;
  int level;
};
constexpr LevelWord kLevels[] = {
    {"emerg", 0},    {"emergency", 0}, {"panic", 0}, {"alert", 1},         {"crit", 2},
    {"critical", 2}, {"fatal", 2},     {"err", 3},   {"error", 3},         {"warn", 4},
    {"warning", 4},  {"notice", 5},    {"info", 6},  {"informational", 6}, {"debug", 7},
};

// Who writes about memory that ran out, and relays of the kernel's own words.
constexpr std::string_view kKnownIdents[] = {
    "kernel",
    "earlyoom",
    "systemd-oomd",
    "oomd",
    "nohang",
    "systemd",
    "kubelet",
    "k3s",
    "dockerd",
    "containerd",
    "oomkit",
    "lmkd",
    "lowmemorykiller",
    "klogd",
    "vmunix",
    "bustd",
    "thrash-protect",
    "psi-monitor",
    "low-memory-monitor",
};

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_facility(std::string_view word) {
  for (const std::string_view facility : kFacilities) {
    if (word == facility) return true;
  }
  return false;
}

bool is_known_ident(std::string_view word) {
  for (const std::string_view ident : kKnownIdents) {
    if (word == ident) return true;
  }
  return false;
}

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != ' ' && text[at] != '\t')
    ++at;
  return at;
}

// "sshd[12]:" or "kernel:" at `at`: where the word with its colon ends, 0 if it is none.
struct IdentWord {
  std::size_t end = 0;
  std::string_view name;
  bool has_pid = false;
};

IdentWord ident_at(std::string_view text, std::size_t at) {
  constexpr std::size_t kIdentMax = 96;
  constexpr std::string_view kKernel = "kernel:";
  // rsyslog can be told to put no blank behind the colon.
  if (text.substr(at, kKernel.size()) == kKernel) {
    return {at + kKernel.size(), text.substr(at, kKernel.size() - 1), false};
  }
  const std::size_t end = word_end(text.substr(0, at + kIdentMax), at);
  if (end < at + 2 || text[end - 1] != ':') return {};
  std::string_view name = text.substr(at, end - 1 - at);
  bool has_pid = false;
  if (name.back() == ']') {
    const std::size_t bracket = name.rfind('[');
    if (bracket == std::string_view::npos || bracket == 0) return {};
    for (const char c : name.substr(bracket + 1, name.size() - bracket - 2)) {
      if (!is_digit(c)) return {};
    }
    has_pid = bracket + 2 < name.size();
    name = name.substr(0, bracket);
  }
  if (name.find_first_of("=,;\"<>[]") != std::string_view::npos) return {};
  return {end, name, has_pid};
}

bool is_log_host(std::string_view word) {
  constexpr std::size_t kHostMax = 255;
  if (word.empty() || word.size() > kHostMax || word.back() == ':') return false;
  for (const char c : word) {
    const bool plain = is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
    if (!plain && std::string_view("-._:/@+%").find(c) == std::string_view::npos) return false;
  }
  return true;
}

void take_blank(std::string_view& rest, std::size_t at) {
  rest.remove_prefix(at);
  if (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
}

}  // namespace

std::optional<int> level_of_word(std::string_view word) {
  for (const LevelWord& known : kLevels) {
    if (word.size() != known.word.size()) continue;
    if (word == known.word) return known.level;
    std::size_t same = 0;
    while (same < word.size() && lower_case(word[same]) == known.word[same])
      ++same;
    if (same == word.size()) return known.level;
  }
  return std::nullopt;
}

bool take_decoded_priority(std::string_view& rest, LogRecord& record) {
  constexpr std::string_view kKernel = "kern  :";
  std::size_t colon = kKernel.size() - 1;
  if (rest.substr(0, kKernel.size()) != kKernel) {
    colon = rest.substr(0, 12).find(':');
    if (colon == std::string_view::npos || !is_facility(trim_right(rest.substr(0, colon)))) {
      return false;
    }
  }
  const std::string_view behind = rest.substr(colon + 1);
  const std::size_t second = behind.substr(0, 12).find(':');
  if (second == std::string_view::npos) return false;
  const auto level = level_of_word(trim(behind.substr(0, second)));
  if (!level) return false;
  record.level = level;
  take_blank(rest, colon + 1 + second + 1);
  return true;
}

bool take_dotted_priority(std::string_view& rest, LogRecord& record) {
  const std::size_t end = word_end(rest.substr(0, 24), 0);
  const std::string_view word = rest.substr(0, end);
  const std::size_t dot = word.find('.');
  if (dot == std::string_view::npos || !is_facility(word.substr(0, dot))) return false;
  const auto level = level_of_word(word.substr(dot + 1));
  if (!level) return false;
  record.level = level;
  rest.remove_prefix(after_blanks(rest, end));
  return true;
}

bool take_angle_priority(std::string_view& rest, LogRecord& record) {
  if (rest.size() < 3 || rest[0] != '<') return false;
  if (rest[2] == '>' && (rest[1] == 'c' || rest[1] == 'd')) {
    record.continues = rest[1] == 'c';
    rest.remove_prefix(3);
    return true;
  }
  int priority = 0;
  std::size_t at = 1;
  for (; at < rest.size() && at < 4 && is_digit(rest[at]); ++at)
    priority = priority * 10 + (rest[at] - '0');
  if (at == 1 || at >= rest.size() || rest[at] != '>' || priority > 191) return false;
  // Two digits in angle brackets mark the faulting byte of a "Code:" line as well.
  if (at > 2 && at + 1 < rest.size() && rest[at + 1] == ' ') return false;
  record.level = priority & 7;
  rest.remove_prefix(at + 1);
  return true;
}

bool take_caller(std::string_view& rest, LogRecord& record) {
  if (rest.empty() || rest[0] != '[') return false;
  const std::size_t begin = after_blanks(rest, 1);
  if (begin >= rest.size() || (rest[begin] != 'T' && rest[begin] != 'C')) return false;
  std::size_t end = begin + 1;
  while (end < rest.size() && is_digit(rest[end]))
    ++end;
  if (end == begin + 1 || end - begin > 12 || end >= rest.size() || rest[end] != ']') return false;
  record.caller = rest.substr(begin, end - begin);
  take_blank(rest, end + 1);
  return true;
}

bool take_known_ident(std::string_view& rest, LogRecord& record) {
  const IdentWord ident = ident_at(rest, 0);
  if (ident.end == 0 || !is_known_ident(ident.name)) return false;
  if (!ident.has_pid && ident.name != "kernel") return false;
  record.ident = ident.name;
  take_blank(rest, ident.end);
  return true;
}

bool take_source(std::string_view& rest, LogRecord& record, SourceWords& words) {
  const IdentWord first = ident_at(rest, 0);
  if (first.end != 0) {
    // No host: behind a bare time a word with a colon may well be the kernel's.
    if (!first.has_pid && first.name != "kernel") return false;
    record.ident = first.name;
    take_blank(rest, first.end);
    return true;
  }
  const std::size_t host_end = word_end(rest, 0);
  const std::string_view host = rest.substr(0, host_end);
  if (!is_log_host(host) || host_end >= rest.size()) return false;
  const std::size_t second_at = after_blanks(rest, host_end);
  std::string_view behind = rest.substr(second_at);
  HostTime ignored{};
  const bool dotted = take_dotted_priority(behind, record);
  const IdentWord ident = ident_at(behind, 0);
  if (ident.end == 0) {
    if (!dotted && uptime_length(behind, ignored) == 0) return false;
    record.host = host == "-" ? std::string_view() : host;
    rest = behind;
    return true;
  }
  if (!ident.has_pid && ident.name != "kernel" && !dotted) {
    if (begins_like_kernel_text(rest)) return false;
    if (trim_left(behind.substr(ident.end)).substr(0, 15) == "page allocation") return false;
  }
  record.host = host == "-" ? std::string_view() : host;
  record.ident = ident.name;
  if (!dotted && !ident.has_pid && second_at == host_end + 1) {
    words = {true, second_at + ident.end, host_end, ident.name.size()};
  }
  rest = behind;
  take_blank(rest, ident.end);
  return true;
}

}  // namespace oomkit
