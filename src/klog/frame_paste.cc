#include "klog/frame_paste.h"

#include "core/text.h"
#include "klog/frame_blanks.h"
#include "klog/frame_head.h"
#include "klog/frame_kernel_text.h"
#include "klog/frame_time.h"

namespace oomkit {
namespace {

constexpr std::size_t kPastePrefixMax = 160;  // No prefix of these kinds is longer.

bool begins_log_line(std::string_view text) {
  return begins_with_log_head(text) || looks_like_kernel_text(text);
}

// "> ", ">> ", "> > ": all of them at once, with one blank behind the last.
bool take_quotes(std::string_view& rest) {
  std::string_view at = without_blanks(rest);
  if (at.empty() || at.front() != '>') return false;
  while (!at.empty() && at.front() == '>') {
    at.remove_prefix(1);
    // "> > x" is two quotes, "> x" is one whose blank goes with it.
    if (at.size() >= 2 && at[0] == ' ' && at[1] == '>') at.remove_prefix(1);
  }
  if (!at.empty() && at.front() == '=') return false;  // nohang's ">>=== STARTING".
  if (!at.empty() && at.front() == ' ') at.remove_prefix(1);
  rest = at;
  return true;
}

bool take_bar(std::string_view& rest, PasteMemory& memory) {
  const std::string_view at = without_blanks(rest);
  if (at.size() < 2 || at[0] != '|' || !is_blank(at[1])) return false;
  const std::string_view behind = at.substr(2);
  if (!memory.bar_quoted && !begins_log_line(behind)) return false;
  memory.bar_quoted = true;
  rest = behind;
  return true;
}

// "  1. ", "12) ", "123:" and "123-" of grep -n, "    12\t" of cat -n.
bool take_number(std::string_view& rest) {
  const std::string_view at = without_blanks(rest);
  std::size_t end = 0;
  while (end < at.size() && end < 9 && is_digit(at[end]))
    ++end;
  if (end == 0 || end >= at.size()) return false;
  const char mark = at[end];
  std::string_view behind = at.substr(end + 1);
  const bool listed = (mark == '.' || mark == ')') && !behind.empty() && is_blank(behind.front());
  const bool grepped = mark == ':' || mark == '-';
  if (listed || grepped) {
    if (!begins_log_line(behind)) return false;
  } else if (!is_blank(mark) || !begins_with_log_head(behind)) {
    // "12 pages reserved" is no numbered line.
    return false;
  }
  if (listed) behind.remove_prefix(1);
  rest = behind;
  return true;
}

// "kern.log:123:", "./kern.log-" of grep, "kern.log:" before a head that follows at once.
bool take_file_name(std::string_view& rest) {
  const std::string_view at = without_blanks(rest);
  const std::size_t limit = at.size() < kPastePrefixMax ? at.size() : kPastePrefixMax;
  for (std::size_t i = 1; i + 1 < limit && at[i - 1] != ' '; ++i) {
    const char mark = at[i];
    if (mark == ' ') return false;
    if (mark != ':' && mark != '-') continue;
    std::string_view behind = at.substr(i + 1);
    std::size_t digits = 0;
    while (digits < behind.size() && is_digit(behind[digits]))
      ++digits;
    if (digits > 0 && digits < behind.size() && behind[digits] == mark &&
        (begins_log_line(behind.substr(digits + 1)))) {
      rest = behind.substr(digits + 1);
      return true;
    }
    // A thread's name may have a colon, so without a number only a head will do.
    if (!is_blank(behind.front()) && begins_with_log_head(behind)) {
      rest = behind;
      return true;
    }
  }
  return false;
}

// "* ", "- ", "+ ", "`" and the like before a head.
bool take_bullet(std::string_view& rest) {
  std::string_view at = without_blanks(rest);
  constexpr std::string_view kBullets = "*-+`'\"$#(";
  std::size_t end = 0;
  while (end < at.size() && end < 4 && kBullets.find(at[end]) != std::string_view::npos)
    ++end;
  if (end == 0 || !begins_with_log_head(at.substr(end))) return false;
  const char mark = at[end - 1];
  rest = at.substr(end);
  if ((mark == '`' || mark == '"' || mark == '\'') && rest.back() == mark) rest.remove_suffix(1);
  return true;
}

// "web-1  | text" of docker compose.
bool take_service(std::string_view& rest, PasteMemory& memory) {
  const std::string_view at = without_blanks(rest);
  const std::size_t bar = at.substr(0, kPastePrefixMax).find('|');
  if (bar == std::string_view::npos || bar < 2 || !is_blank(at[bar - 1])) return false;
  std::string_view behind = at.substr(bar + 1);
  if (!behind.empty() && behind.front() == ' ') behind.remove_prefix(1);
  const std::string_view name = trim_right(at.substr(0, bar));
  for (const char c : name) {
    if (!is_alpha(c) && !is_digit(c) && c != '.' && c != '_' && c != '-' && c != '/') return false;
  }
  if (name != memory.service && !begins_log_line(behind)) return false;
  memory.service.assign(name);
  rest = behind;
  return true;
}

// Colour codes whose escape character was lost: "[1;31m".
bool take_bare_colour(std::string_view& rest) {
  if (rest.size() < 3 || rest[0] != '[') return false;
  std::size_t at = 1;
  while (at < rest.size() && at < 16 && (is_digit(rest[at]) || rest[at] == ';'))
    ++at;
  // "[m" alone ends a colour: it stands behind one, and "[migration/0]" is a task.
  if (at == 1 || at >= rest.size() || rest[at] != 'm') return false;
  rest.remove_prefix(at + 1);
  if (rest.size() >= 3 && rest.substr(rest.size() - 3) == "[0m") rest.remove_suffix(3);
  return true;
}

// "<p>", "<pre>", "<span class=...>" before a log line.
bool take_tag(std::string_view& rest) {
  const std::string_view at = without_blanks(rest);
  if (at.size() < 3 || at[0] != '<') return false;
  std::size_t name_end = at[1] == '/' ? 2 : 1;
  const std::size_t name_at = name_end;
  while (name_end < at.size() && at[name_end] >= 'a' && at[name_end] <= 'z')
    ++name_end;
  constexpr std::string_view kTags[] = {"p",  "pre", "code", "div", "span", "br",        "li",
                                        "ol", "ul",  "td",   "tr",  "tt",   "blockquote"};
  bool known = false;
  for (const std::string_view tag : kTags)
    known = known || at.substr(name_at, name_end - name_at) == tag;
  const std::size_t close = at.substr(0, kPastePrefixMax).find('>');
  if (!known || close == std::string_view::npos) return false;
  const std::string_view behind = at.substr(close + 1);
  if (!behind.empty() && !begins_log_line(behind) && behind.front() != '<') return false;
  rest = behind;
  return true;
}

bool looks_like_host(std::string_view word) {
  if (word.empty()) return false;
  for (const char c : word) {
    if (!is_alpha(c) && !is_digit(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

}  // namespace

bool take_paste_prefix(std::string_view& rest, PasteMemory& memory) {
  if (take_quotes(rest)) return true;
  const std::string_view at = without_blanks(rest);
  if (at.empty()) return false;
  if (at.front() == '|') return take_bar(rest, memory);
  if (at.front() == '[') return take_bare_colour(rest);
  if (at.front() == '<') return take_tag(rest);
  if (is_digit(at.front()) && take_number(rest)) return true;
  if (take_bullet(rest)) return true;
  return take_service(rest, memory) || take_file_name(rest);
}

void take_html_end(std::string_view& rest, PasteMemory& memory) {
  bool ended = false;
  for (int tags = 0; tags < 4; ++tags) {
    const std::string_view at = trim_right(rest);
    if (at.empty() || at.back() != '>') break;
    constexpr std::string_view kEnds[] = {"<br>",   "<br/>",  "<br />",  "</p>",
                                          "</pre>", "</div>", "</code>", "</span>"};
    std::size_t length = 0;
    for (const std::string_view end : kEnds) {
      if (at.size() >= end.size() && at.substr(at.size() - end.size()) == end) length = end.size();
    }
    if (length == 0) break;
    if (!memory.html && looks_like_task_row(rest)) break;
    rest = at.substr(0, at.size() - length);
    ended = true;
  }
  memory.html = ended;
}

bool is_block_fence(std::string_view line) {
  constexpr std::size_t kFenceMax = 40;
  line = without_blanks(line);
  if (line.empty() || line.size() > kFenceMax) return false;
  if (std::string_view("`~{<[").find(line[0]) == std::string_view::npos) return false;
  const std::string_view mark = trim(line);
  if (mark.substr(0, 3) == "```" || mark.substr(0, 3) == "~~~") {
    // "```console" opens a block; behind a space or a bracket it would be text.
    return mark.find_first_of(" [<:=") == std::string_view::npos;
  }
  return mark == "{code}" || mark == "{noformat}" || mark == "<pre>" || mark == "</pre>" ||
         mark == "<code>" || mark == "</code>" || mark == "[code]" || mark == "[/code]";
}

std::size_t find_uptime(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('[', from); at != std::string_view::npos;
       at = text.find('[', at + 1)) {
    if (strict_uptime_length(text.substr(at)) != 0) return at;
  }
  return std::string_view::npos;
}

std::size_t find_inner_head(std::string_view text) {
  const std::string_view front = text.substr(0, kPastePrefixMax);
  const std::size_t uptime = find_uptime(front, 1);
  constexpr std::string_view kKernel = " kernel: ";
  std::size_t kernel = front.find(kKernel.substr(1), 1);
  if (kernel != std::string_view::npos && front[--kernel] == ' ' && kernel < uptime) {
    const std::string_view behind = text.substr(kernel + kKernel.size());
    const std::size_t blank = front.substr(0, kernel).rfind(' ');
    const std::size_t host = blank == std::string_view::npos ? 0 : blank + 1;
    if (strict_uptime_length(without_blanks(behind)) != 0 || looks_like_kernel_text(behind)) {
      return looks_like_host(front.substr(host, kernel - host)) ? host : kernel + 1;
    }
  }
  if (uptime == std::string_view::npos) return uptime;
  // A priority belongs to the time behind it.
  if (uptime >= 3 && text[uptime - 1] == '>') {
    const std::size_t angle = front.substr(0, uptime).rfind('<');
    if (angle != std::string_view::npos && uptime - angle <= 5) return angle;
  }
  return uptime;
}

}  // namespace oomkit
