#include "klog/lines_verdict.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace oomkit {
namespace {

// " (comm)": what stands in its brackets. Nothing behind a comm holds a bracket, so the
// line's last one is its end, if one of `ends` follows; a line that goes on with words of
// others is searched for those. `at` is moved behind the closing bracket.
std::optional<std::string_view> take_comm(std::string_view text, std::size_t& at,
                                          std::initializer_list<std::string_view> ends) {
  if (at >= text.size() || text[at] != '(') return std::nullopt;
  std::size_t close = text.size() - 1;
  while (close > at && text[close] != ')')
    --close;
  if (close == at) return std::nullopt;
  const std::string_view rest = text.substr(close);
  const bool expected = std::any_of(ends.begin(), ends.end(),
                                    [&](std::string_view end) { return rest.starts_with(end); });
  if (!expected) {
    for (const std::string_view end : ends) {
      const std::size_t found = text.rfind(end);
      if (found == std::string_view::npos || found <= at) continue;
      close = found;
      break;
    }
  }
  const std::string_view comm = text.substr(at + 1, close - at - 1);
  at = close + 1;
  return comm;
}

// A number that must be followed by something: it ends where that begins.
std::optional<std::int64_t> take_inner_number(std::string_view text, std::size_t& at,
                                              LineNotes& notes) {
  const auto number = take_number(text, at, notes);
  return at < text.size() ? number : std::nullopt;
}

std::string_view before(std::string_view text, std::size_t at) {
  std::string_view part = trim_right(text.substr(0, at));
  if (part.ends_with(":")) part.remove_suffix(1);
  return part;
}

// The value behind `key`, up to the first of the keys that may follow it; nothing if none
// does, for then the line breaks off inside the value.
std::optional<std::string_view> value_between(std::string_view text, std::string_view key,
                                              std::initializer_list<std::string_view> followers) {
  const std::size_t found = text.find(key);
  if (found == std::string_view::npos) return std::nullopt;
  const std::size_t begin = found + key.size();
  std::size_t end = std::string_view::npos;
  for (const std::string_view follower : followers)
    end = std::min(end, text.find(follower, begin));
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(begin, end - begin);
}

// ",task=java,pid=123,uid=0" from the right end. Gives what stands before it.
std::string_view read_oom_kill_tail(std::string_view text, OomKillLine& line, LineNotes& notes) {
  const std::size_t pid = text.rfind(",pid=");
  if (pid == std::string_view::npos) return text;
  std::size_t at = pid + 5;
  const auto number = take_inner_number(text, at, notes);
  if (number && text.substr(at).starts_with(",uid=")) {
    line.pid = as_pid(number);
    at += 5;
    const std::size_t digits = at;
    line.uid = take_ended_number(text, at, notes);
    line.ended = at > digits;
  }
  const std::size_t task = text.rfind(",task=", pid);
  if (task == std::string_view::npos) return text.substr(0, pid);
  line.task = text.substr(task + 6, pid - task - 6);
  return text.substr(0, task + 6);
}

void take_amount(KilledLine& line, std::string_view key, KiB amount) {
  struct Target {
    std::string_view key;
    std::optional<KiB> KilledLine::*member;
  };
  static constexpr std::array<Target, 6> kTargets = {{{"total-vm", &KilledLine::total_vm},
                                                      {"vsz", &KilledLine::total_vm},
                                                      {"anon-rss", &KilledLine::anon_rss},
                                                      {"file-rss", &KilledLine::file_rss},
                                                      {"shmem-rss", &KilledLine::shmem_rss},
                                                      {"pgtables", &KilledLine::pgtables}}};
  for (const Target& target : kTargets) {
    if (target.key == key) {
      line.*target.member = amount;
      ++line.fields;
      return;
    }
  }
}

constexpr bool is_key_byte(char c) {
  return is_word(c) || c == '-';
}

// "total-vm:4kB, anon-rss:4kB, UID:0 pgtables:8kB oom_score_adj:0", and ", UID 27," of
// vendors' kernels.
void read_killed_amounts(std::string_view text, KilledLine& line, LineNotes& notes) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_alpha(text[at])) {
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_key_byte(text[at]))
      ++at;
    const std::string_view key = text.substr(begin, at - begin);
    if (at == text.size() || (text[at] != ':' && text[at] != ' ')) continue;
    std::size_t value = at + 1;
    if (key == "UID") {
      const auto uid = take_ended_number(text, value, notes);
      if (uid) {
        line.uid = *uid;
        ++line.fields;
        at = value;
      }
    } else if (text[at] == ':' && key == "oom_score_adj") {
      line.oom_score_adj = as_int(take_ended_number(text, value, notes));
      line.ended = line.oom_score_adj.has_value();
      line.fields += line.ended ? 1 : 0;
      at = value;
    } else if (text[at] == ':') {
      if (const auto amount = take_kib(text, value, notes)) take_amount(line, key, *amount);
      at = value;
    }
  }
}

}  // namespace

std::string_view message_prefix(std::string_view before_kill) {
  // What a log format unknown to us has put before the message is not of the message.
  for (const std::string_view begin :
       {"Memory cgroup out of memory", "Out of memory", "Out of Memory", "No available memory"}) {
    const std::size_t at = before_kill.find(begin);
    if (at != std::string_view::npos) return trim(before_kill.substr(at));
  }
  return {};
}

std::optional<OomKillLine> read_oom_kill(std::string_view text, LineNotes& notes) {
  const std::size_t begin = text.find("oom-kill:");
  if (begin == std::string_view::npos) return std::nullopt;
  text = trim(text.substr(begin + 9));
  OomKillLine line;
  const std::string_view head = read_oom_kill_tail(text, line, notes);
  line.constraint = value_between(head, "constraint=", {","});
  line.nodemask = value_between(
      head, "nodemask=",
      {",cpuset=", ",mems_allowed=", ",global_oom", ",oom_memcg=", ",task_memcg=", ",task="});
  if (line.nodemask == "(null)") line.nodemask = std::nullopt;
  line.cpuset = value_between(head, ",cpuset=", {",mems_allowed="});
  line.mems_allowed = value_between(
      head, ",mems_allowed=", {",global_oom", ",oom_memcg=", ",task_memcg=", ",task="});
  line.oom_memcg = value_between(head, ",oom_memcg=", {",task_memcg="});
  const std::size_t task_memcg = head.find(",task_memcg=");
  if (task_memcg != std::string_view::npos && head.ends_with(",task=")) {
    line.task_memcg = head.substr(task_memcg + 12, head.size() - task_memcg - 18);
  }
  line.global_oom = contains(head.substr(0, task_memcg), ",global_oom");
  return line;
}

std::optional<ChoiceLine> read_choice(std::string_view text, LineNotes& notes) {
  text = trim(text);
  std::size_t at = text.find("Kill process ");
  if (at == std::string_view::npos) at = text.find("kill process ");
  if (at == std::string_view::npos) return std::nullopt;
  ChoiceLine line;
  line.prefix = message_prefix(before(text, at));
  at += 13;
  line.pid = as_pid(take_inner_number(text, at, notes));
  if (!line.pid) return line;
  skip_blanks(text, at);
  line.comm = take_comm(text, at, {") score ", ") sharing "});
  const std::string_view rest = text.substr(at);
  if (line.comm && rest.starts_with(" score ")) {
    at += 7;
    line.score = take_inner_number(text, at, notes);
  }
  line.and_children = rest.ends_with("and children.") || rest.ends_with("and children");
  line.ended = line.and_children || rest.ends_with(" child") || rest.ends_with("same memory");
  return line;
}

std::optional<KilledLine> read_killed(std::string_view text, LineNotes& notes) {
  text = trim(text);
  constexpr std::string_view kKilled = "Killed process ";
  std::size_t at = text.find(kKilled);
  if (at == std::string_view::npos) return std::nullopt;
  KilledLine line;
  line.prefix = message_prefix(before(text, at));
  at += kKilled.size();
  line.pid = as_pid(take_inner_number(text, at, notes));
  if (!line.pid) return line;
  ++line.fields;
  // el6: "Killed process 40738, UID 27, (mysqld) total-vm:6424316kB, ...".
  if (text.substr(at).starts_with(", UID ")) {
    at += 6;
    line.uid = take_inner_number(text, at, notes);
    if (line.uid) ++line.fields;
    while (at < text.size() && (text[at] == ',' || text[at] == ' '))
      ++at;
  } else {
    skip_blanks(text, at);
  }
  line.comm = take_comm(text, at, {") total-vm:", ") vsz:", "), UID ", ") anon-rss:"});
  if (!line.comm) return line;
  ++line.fields;
  read_killed_amounts(text.substr(at), line, notes);
  return line;
}

std::optional<ReaperLine> read_reaper(std::string_view text, LineNotes& notes) {
  text = trim(text);
  ReaperLine line;
  constexpr std::string_view kReaped = "reaped process ";
  constexpr std::string_view kUnable = "unable to reap pid:";
  std::size_t at = text.find(kReaped);
  if (at != std::string_view::npos) {
    at += kReaped.size();
  } else {
    at = text.find(kUnable);
    if (at == std::string_view::npos) return std::nullopt;
    at += kUnable.size();
    line.reaped = false;
  }
  line.pid = as_pid(take_inner_number(text, at, notes));
  skip_blanks(text, at);
  line.comm = take_comm(text, at, {"), now anon-rss:", "), now "});
  if (!line.comm) return line;
  const std::string_view now = text.substr(at);
  const auto amount = [&](std::string_view key) -> std::optional<KiB> {
    const std::size_t found = now.find(key);
    if (found == std::string_view::npos) return std::nullopt;
    std::size_t i = found + key.size();
    return take_kib(now, i, notes);
  };
  line.anon_rss = amount("anon-rss:");
  line.file_rss = amount("file-rss:");
  line.shmem_rss = amount("shmem-rss:");
  return line;
}

std::optional<ExitingLine> read_exiting(std::string_view text, LineNotes& notes) {
  text = trim(text);
  constexpr std::string_view kVictim = "OOM victim ";
  std::size_t at = text.find(kVictim);
  if (at == std::string_view::npos) return std::nullopt;
  ExitingLine line;
  line.prefix = message_prefix(before(text, at));
  at += kVictim.size();
  line.pid = as_pid(take_inner_number(text, at, notes));
  skip_blanks(text, at);
  line.comm = take_comm(text, at, {") is already exiting"});
  return line;
}

std::optional<std::string_view> read_group(std::string_view text) {
  text = trim(text);
  constexpr std::string_view kTasks = "Tasks in ";
  constexpr std::string_view kKilled = " are going to be killed";
  if (!text.starts_with(kTasks)) return std::nullopt;
  const std::size_t end = text.rfind(kKilled);
  if (end == std::string_view::npos || end < kTasks.size()) return std::nullopt;
  return text.substr(kTasks.size(), end - kTasks.size());
}

std::optional<std::string_view> read_panic(std::string_view text) {
  constexpr std::string_view kNotSyncing = "not syncing:";
  const std::size_t at = text.find(kNotSyncing);
  if (at == std::string_view::npos) return std::nullopt;
  return trim(text.substr(at + kNotSyncing.size()));
}

}  // namespace oomkit
