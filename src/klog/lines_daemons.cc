#include "klog/lines_daemons.h"

#include <algorithm>

namespace oomkit {
namespace {

using What = DaemonLine::What;

std::size_t skip_to(std::string_view text, std::string_view words) {
  const std::size_t found = text.find(words);
  return found == std::string_view::npos ? found : found + words.size();
}

constexpr std::size_t kNone = std::string_view::npos;

DaemonLine line_of(Killer killer, What what) {
  DaemonLine line;
  line.killer = killer;
  line.what = what;
  return line;
}

std::optional<std::int64_t> number_behind(std::string_view text, std::string_view words) {
  std::size_t at = skip_to(text, words);
  if (at == kNone) return std::nullopt;
  LineNotes notes;
  skip_blanks(text, at);
  return take_number(text, at, notes);
}

// "VmRSS 4568 MiB", "VmRSS: 3268608 KiB", "12345kB".
std::optional<KiB> size_behind(std::string_view text, std::string_view words) {
  std::size_t at = skip_to(text, words);
  if (at == kNone) return std::nullopt;
  LineNotes notes;
  skip_blanks(text, at);
  const auto number = take_number(text, at, notes);
  if (!number || *number < 0 || *number > (std::int64_t{1} << 40)) return std::nullopt;
  skip_blanks(text, at);
  const std::string_view unit = text.substr(at);
  if (unit.starts_with("MiB") || unit.starts_with("M")) return KiB(*number * 1024);
  if (unit.starts_with("KiB") || unit.starts_with("kB") || unit.starts_with("KB")) {
    return KiB(*number);
  }
  return std::nullopt;
}

// "SIGTERM" at the beginning of the text.
std::string_view signal_at(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_alpha(text[end]) || is_digit(text[end])))
    ++end;
  return text.starts_with("SIG") && end > 3 ? text.substr(0, end) : std::string_view();
}

// "sending SIGTERM to process 9994 uid 1000 "termshark": badness 1181, VmRSS 4568 MiB"
DaemonLine read_earlyoom_kill(std::string_view text, std::size_t sending) {
  DaemonLine line = line_of(Killer::earlyoom, What::kill);
  line.signal = signal_at(text.substr(sending));
  text = text.substr(sending);
  std::size_t at = skip_to(text, " to process ");
  LineNotes notes;
  line.pid = as_pid(take_number(text, at, notes));
  if (!line.pid || at == text.size()) return {};
  text = text.substr(at);
  const std::size_t open = text.find('"');
  if (open == kNone) return line;
  line.uid = number_behind(text.substr(0, open), "uid ");
  std::size_t close = kNone;
  for (const std::string_view end : {"\": badness ", "\": oom_score ", "\": VmRSS "})
    close = std::min(close, text.find(end, open));
  if (close == kNone) close = text.find('"', open + 1);
  if (close == kNone) return line;
  line.comm = text.substr(open + 1, close - open - 1);
  std::string_view values = text.substr(close);
  values = values.substr(0, values.find("cmdline \""));
  line.score = number_behind(values, "badness ");
  if (!line.score) line.score = number_behind(values, "oom_score ");
  line.oom_score_adj = as_int(number_behind(values, "oom_score_adj "));
  line.rss = size_behind(values, "VmRSS ");
  return line;
}

DaemonLine read_earlyoom(std::string_view text, std::string_view ident) {
  const std::size_t sending = skip_to(text, "sending SIG");
  if (sending != kNone && contains(text, " to process ")) {
    return read_earlyoom_kill(text, sending - 3);
  }
  DaemonLine line = line_of(Killer::earlyoom, What::none);
  const std::size_t low = text.find("low memory! ");
  if (low != kNone) {
    line.what = What::reason;
    line.reason = trim(text.substr(low));
    return line;
  }
  const bool its_own = ident == "earlyoom" || text.starts_with("earlyoom");
  const std::size_t escalating = skip_to(text, "escalating to SIG");
  if (escalating != kNone) {
    line.what = What::escalation;
    line.signal = signal_at(text.substr(escalating - 3));
  } else if (contains(text, "process ") && contains(text, "exited after ")) {
    line.what = What::outcome;
  } else if (its_own && (contains(text, "kill failed:") || contains(text, " did not exit"))) {
    line.what = What::failed;
  } else if (its_own && contains(text, "Killing process ")) {
    line.what = What::kill;
    line.pid = as_pid(number_behind(text, "Killing process "));
    const std::size_t pid = skip_to(text, "Killing process ");
    const std::size_t blank = text.find(' ', pid);
    if (blank != kNone) line.comm = trim(text.substr(blank));
    if (!line.pid) return {};
  }
  return line;
}

DaemonLine read_systemd_oomd(std::string_view text) {
  DaemonLine line = line_of(Killer::systemd_oomd, What::kill);
  const std::size_t by = text.find(": systemd-oomd killed ");
  if (by != kNone) {
    line.by_manager = true;
    line.cgroup = trim(text.substr(0, by));
    return line;
  }
  if (contains(text, "dry-run")) return {};
  const std::size_t due = text.find(" due to memory ");
  if (due != kNone) {
    std::size_t begin = skip_to(text, "Killed ");
    std::size_t end = due;
    if (begin == kNone) {
      begin = skip_to(text, "Marked ");
      end = text.find(" for killing due to memory ");
    }
    if (begin == kNone || end == kNone || begin >= end) return {};
    line.cgroup = trim(text.substr(begin, end - begin));
    if (!line.cgroup->starts_with("/")) return {};
    line.reason = trim(text.substr(due + 8));
    return line;
  }
  const std::size_t rule = text.find("Rule '");
  const std::size_t met = text.find("' conditions met for cgroup ");
  if (rule == kNone || met == kNone || !contains(text, "taking action kill")) return {};
  const std::size_t begin = met + 28;
  line.cgroup = text.substr(begin, text.find(" for ", begin) - begin);
  line.reason = trim(text.substr(rule));
  return line;
}

// "oomd kill: 0.10 0.20 0.30 a/b.slice 1048576 ruleset:[r] detectorgroup:[d] killer:x v2"
DaemonLine read_oomd_kill(std::string_view text, std::size_t at) {
  if (contains(text, "killer:(dry)")) return {};
  DaemonLine line = line_of(Killer::oomd, What::kill);
  std::string_view rest = text.substr(at);
  for (int word = 0; word < 3; ++word) {
    rest = trim_left(rest);
    rest.remove_prefix(std::min(rest.find(' '), rest.size()));
  }
  rest = trim_left(rest);
  line.cgroup = rest.substr(0, rest.find(' '));
  if (line.cgroup->empty()) return {};
  const std::size_t ruleset = rest.find("ruleset:[");
  if (ruleset != kNone) line.reason = trim(rest.substr(ruleset));
  return line;
}

DaemonLine read_oomd(std::string_view text) {
  const std::size_t kill = skip_to(text, "oomd kill: ");
  if (kill != kNone) return read_oomd_kill(text, kill);
  DaemonLine line = line_of(Killer::oomd, What::detail);
  const std::size_t picked = skip_to(text, "Picked \"");
  const std::size_t based = text.find(" based on ");
  if (picked != kNone && based != kNone) {
    const std::size_t close = text.find("\" (", picked);
    if (close != kNone) line.cgroup = text.substr(picked, close - picked);
    line.reason = trim(text.substr(based + 1));
    return line;
  }
  const std::size_t killed = skip_to(text, "Killed ");
  if (killed == kNone) return {};
  std::size_t at = killed;
  LineNotes notes;
  if (!take_number(text, at, notes) || !text.substr(at).starts_with(": ")) return {};
  std::string_view list = text.substr(at + 1);
  const auto first = take_listed_victim(list);
  if (!first) return {};
  line.what = What::kill;
  line.pid = first->pid;
  line.comm = first->comm;
  line.more_victims = list;
  return line;
}

// A line of nohang's report: fields that count only between its rulers.
DaemonLine read_nohang(std::string_view text, std::string_view ident) {
  DaemonLine line = line_of(Killer::nohang, What::none);
  if (contains(text, " to the victim")) {
    for (const std::string_view verb : {"Sending SIG", "Send SIG"}) {
      const std::size_t at = skip_to(text, verb);
      if (at == kNone) continue;
      line.what = What::kill;
      line.signal = signal_at(text.substr(at - 3));
      return line;
    }
  }
  const bool its_own = ident == "nohang" || contains(text, "nohang[");
  if (!its_own && !contains(text, "Victim VmRSS:")) return line;
  line.rss = size_behind(text, "VmRSS:");
  line.pid = as_pid(number_behind(text, " PID:"));
  line.score = number_behind(text, "adness:");
  line.uid = number_behind(text, "EUID:");
  const std::size_t name = skip_to(text, "Name:");
  if (name != kNone) {
    const std::string_view value = trim(text.substr(name));
    line.comm = value.substr(0, value.find(", badness"));
  }
  if (line.rss || line.pid || line.score || line.comm) line.what = What::detail;
  const std::size_t excess = text.find("Available [");
  if (line.what == What::none && excess != kNone && contains(text, "<=")) {
    line.what = What::reason;
    line.reason = trim(text);
  }
  if (contains(text, "The victim died in ")) line.what = What::outcome;
  return line;
}

// "Kill 'com.app' (123), uid 10012, oom_score_adj 900 to free 12345kB rss, ...; reason: x"
DaemonLine read_lmkd(std::string_view text) {
  std::size_t at = skip_to(text, "Kill '");
  if (at == kNone) at = skip_to(text, "Killing '");
  if (at == kNone) return {};
  const std::size_t close = text.find("' (", at);
  if (close == kNone) return {};
  DaemonLine line = line_of(Killer::lmkd, What::kill);
  line.comm = text.substr(at, close - at);
  std::size_t pid = close + 3;
  LineNotes notes;
  line.pid = as_pid(take_number(text, pid, notes));
  const std::string_view rest = text.substr(pid);
  if (!line.pid || !rest.starts_with("), ")) return {};
  line.uid = number_behind(rest, " uid ");
  line.oom_score_adj = as_int(number_behind(rest, " oom_score_adj "));
  if (!line.oom_score_adj) line.oom_score_adj = as_int(number_behind(rest, ", adj "));
  line.rss = size_behind(rest, " to free ");
  const std::size_t reason = skip_to(rest, "reason: ");
  if (reason != kNone) line.reason = trim(rest.substr(reason));
  return line;
}

DaemonLine read_kubelet(std::string_view text) {
  const std::size_t at = skip_to(text, "System OOM encountered, victim process: ");
  if (at == kNone) return {};
  const std::size_t pid = text.find(", pid: ", at);
  if (pid == kNone) return {};
  DaemonLine line = line_of(Killer::kubelet, What::kill);
  line.comm = text.substr(at, pid - at);
  line.pid = as_pid(number_behind(text.substr(pid), ", pid: "));
  return line.pid ? line : DaemonLine{};
}

}  // namespace

std::optional<ListedVictim> take_listed_victim(std::string_view& list) {
  list = trim_left(list);
  std::size_t at = 0;
  LineNotes notes;
  const auto pid = as_pid(take_number(list, at, notes));
  if (!pid || at >= list.size() || list[at] != '(') return std::nullopt;
  // A comm may hold a bracket: it ends before a blank, the next pid or an error mark.
  std::size_t close = list.find(')', at);
  while (close != kNone && close + 1 < list.size() && list[close + 1] != ' ' &&
         list[close + 1] != '[') {
    close = list.find(')', close + 1);
  }
  if (close == kNone) return std::nullopt;
  const ListedVictim victim{*pid, list.substr(at + 1, close - at - 1)};
  list.remove_prefix(close + 1);
  if (list.starts_with("[")) list.remove_prefix(std::min(list.find(' '), list.size()));
  return victim;
}

DaemonLine read_daemon_line(std::string_view text, std::string_view ident) {
  DaemonLine line;
  if (contains(text, "SIG") || contains(text, "memory!") || contains(text, "exited after") ||
      ident == "earlyoom") {
    line = read_earlyoom(text, ident);
    if (line.what != What::none) return line;
  }
  if (contains(text, "oomd") || contains(text, " due to memory ") ||
      contains(text, "conditions met for cgroup")) {
    line = read_systemd_oomd(text);
    if (line.what != What::none) return line;
  }
  if (contains(text, "Killed ") || contains(text, "oomd kill: ") || contains(text, "Picked \"")) {
    line = read_oomd(text);
    if (line.what != What::none) return line;
  }
  if (contains(text, "victim") || contains(text, "Victim") || contains(text, "nohang") ||
      ident == "nohang") {
    line = read_nohang(text, ident);
    if (line.what != What::none) return line;
    line = read_kubelet(text);
    if (line.what != What::none) return line;
  }
  if (contains(text, "Kill")) line = read_lmkd(text);
  return line;
}

}  // namespace oomkit
