#include "klog/line_kind.h"

#include <array>

#include "klog/line_text.h"
#include "klog/lines_daemons.h"
#include "klog/lines_head.h"

namespace oomkit {
namespace {

// comm has at most 15 bytes: a trigger line whose task is named after another line of a
// report is told from that line by where " invoked oom-killer" stands.
constexpr std::string_view kInvoked = " invoked oom-killer";
constexpr std::size_t kCommBytes = 15;

bool is_trigger_of_odd_comm(std::string_view text) {
  return text.substr(0, kCommBytes + kInvoked.size()).find(kInvoked) != std::string_view::npos;
}

bool is_zone_name(std::string_view word) {
  return word == "DMA" || word == "DMA32" || word == "Normal" || word == "HighMem" ||
         word == "Movable" || word == "Device";
}

// "DMA free:7124kB ...", "DMA: 5*4kB ...", "DMA per-cpu:".
LineKind classify_zone(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_word(text[end]))
    ++end;
  if (!is_zone_name(text.substr(0, end))) return LineKind::unknown;
  const std::string_view rest = text.substr(end);
  if (rest.starts_with(" free:")) return LineKind::zone;
  if (rest.starts_with(" per-cpu")) return LineKind::per_cpu;
  if (rest.starts_with(": empty")) return LineKind::per_cpu;
  if (rest == ":" || (rest.starts_with(": ") && rest.size() > 2 && is_digit(rest[2]))) {
    return LineKind::free_list;
  }
  return LineKind::unknown;
}

LineKind classify_node(std::string_view text) {
  std::size_t at = 5;
  while (at < text.size() && is_digit(text[at]))
    ++at;
  if (at == 5) return LineKind::unknown;
  if (at == text.size()) return LineKind::node_prefix;
  if (text[at] != ' ') return LineKind::unknown;
  const std::string_view rest = trim_left(text.substr(at));
  if (rest.empty()) return LineKind::node_prefix;
  if (rest.starts_with("hugepages_total=")) return LineKind::hugepages;
  if (rest.starts_with("active_anon:")) return LineKind::node;
  return classify_zone(rest);
}

// "active_anon:115555 inactive_anon:65 ...", in pages: without a unit.
bool is_counters(std::string_view text) {
  static constexpr std::array<std::string_view, 16> kFirst = {
      "active_anon",   "active_file",
      "unevictable",   "slab_reclaimable",
      "mapped",        "free",
      "free_cma",      "sec_pagetables",
      "Active",        "Active_anon",
      "active",        "inactive_file",
      "bounce",        "kernel_misc_reclaimable",
      "inactive_anon", "pagetables"};
  const std::size_t colon = text.find(':');
  if (colon > 24) return false;  // Also when there is none.
  std::size_t at = colon + 1;
  if (at == text.size() || !is_digit(text[at])) return false;
  while (at < text.size() && is_digit(text[at]))
    ++at;
  if (at < text.size() && text[at] != ' ' && text[at] != '#') return false;
  const std::string_view key = text.substr(0, colon);
  for (const std::string_view first : kFirst) {
    if (key == first) return true;
  }
  return false;
}

// "rss 1150976": a line of memory.stat.
bool is_stat_pair(std::string_view text) {
  if (!is_alpha(text[0])) return false;
  std::size_t at = 0;
  while (at < text.size() && (is_word(text[at])))
    ++at;
  if (at == 0 || at >= text.size() || text[at] != ' ') return false;
  ++at;
  if (at < text.size() && text[at] == '-') ++at;
  return at < text.size() && all_digits(text.substr(at));
}

bool is_page_total(std::string_view text) {
  static constexpr std::array<std::string_view, 17> kTotals = {"total pagecache pages",
                                                               "pages in swap cache",
                                                               "pages RAM",
                                                               "pages of RAM",
                                                               "pages HighMem/MovableOnly",
                                                               "pages HighMem",
                                                               "pages reserved",
                                                               "reserved pages",
                                                               "pages cma reserved",
                                                               "pages hwpoisoned",
                                                               "pages shared",
                                                               "pages non-shared",
                                                               "free pages",
                                                               "slab pages",
                                                               "pages swap cached",
                                                               "pages of HIGHMEM",
                                                               "pages in pagetable cache"};
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at]))
    ++at;
  if (at == 0 || at >= text.size() || text[at] != ' ') return false;
  const std::string_view words = text.substr(at + 1);
  for (const std::string_view total : kTotals) {
    if (words == total) return true;
  }
  return false;
}

// "kmalloc-2048           59164KB      59164KB".
bool is_slab_row(std::string_view text) {
  if (!text.ends_with("KB")) return false;
  int amounts = 0;
  while (amounts < 2) {
    if (!text.ends_with("KB")) return false;
    text.remove_suffix(2);
    const std::size_t before = text.size();
    while (!text.empty() && is_digit(text.back()))
      text.remove_suffix(1);
    if (text.size() == before || text.empty() || text.back() != ' ') return false;
    text = trim_right(text);
    ++amounts;
  }
  return !text.empty() && text.find(':') == std::string_view::npos;
}

// Bare words of the stack ("ffff88072ae10800 ffff8807a4835c48"), rows of a dump ("3fa0:").
bool is_hex_words(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_hex(text[at]))
    ++at;
  if (at == 4 && at < text.size() && text[at] == ':') return true;
  return (at == 8 || at == 16) && (at == text.size() || text[at] == ' ');
}

bool is_register_dump(std::string_view text) {
  static constexpr std::array<std::string_view, 30> kBegins = {"Code:",
                                                               "RIP:",
                                                               "RSP:",
                                                               "RAX:",
                                                               "RBX:",
                                                               "RDX:",
                                                               "RBP:",
                                                               "R10:",
                                                               "R13:",
                                                               "EIP:",
                                                               "EAX:",
                                                               "ESI:",
                                                               "DS:",
                                                               "FS:",
                                                               "CS:",
                                                               "CR2:",
                                                               "DR0:",
                                                               "DR3:",
                                                               "ORIG_",
                                                               "EFLAGS",
                                                               "<TASK>",
                                                               "</TASK>",
                                                               "Exception stack(",
                                                               "Stack :",
                                                               "Stack:",
                                                               "<IRQ>",
                                                               "</IRQ>",
                                                               "<EOI>",
                                                               "Function entered at",
                                                               "Tainted: ["};
  for (const std::string_view begin : kBegins) {
    if (text.starts_with(begin)) return true;
  }
  return is_hex_words(text);
}

// "...", "[...]", "(...)", "--", U+2026, "[snip]", "<cut>".
bool is_elision(std::string_view text) {
  if (text == "--") return true;
  if (text.size() > 80) return false;
  const bool opened = text.starts_with("...") || text.starts_with("[...");
  if (opened && text.size() > 6 && (text.ends_with("...") || text.ends_with("...]"))) return true;
  constexpr std::string_view kEllipsis = "\xe2\x80\xa6";
  std::size_t dots = 0;
  std::string_view word;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      ++dots;
    } else if (text.substr(i).starts_with(kEllipsis)) {
      dots += 3;
      i += 2;
    } else if (is_alpha(text[i])) {
      if (!word.empty()) return false;
      std::size_t end = i;
      while (end < text.size() && is_alpha(text[end]))
        ++end;
      word = text.substr(i, end - i);
      i = end - 1;
    } else if (std::string_view("[]()<>{} /").find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  if (word.empty()) return dots >= 2;
  const bool bracketed = !is_alpha(text.front()) || dots >= 2;
  return bracketed && (equal_fold(word, "snip") || equal_fold(word, "snipped") ||
                       equal_fold(word, "cut") || equal_fold(word, "elided") ||
                       equal_fold(word, "omitted") || equal_fold(word, "truncated"));
}

// "[ 3882]     0  3882", the beginning of a task row.
bool is_task_row(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* at = text.data() + 1;
  at += scan_blanks(at, end);
  if (at != end && *at == '-') ++at;
  const std::size_t digits = scan_digits(at, end).length;
  if (digits == 0 || digits > kDigitsMax) return false;
  at += digits;
  if (at == end || *at != ']') return false;
  ++at;
  at += scan_blanks(at, end);
  return at != end && (is_digit(*at) || *at == '-');
}

LineKind classify_bracket(std::string_view text) {
  if (is_task_row(text)) return LineKind::task_row;
  std::size_t at = 1;
  skip_blanks(text, at);
  if (text.substr(at).starts_with("pid")) {
    const std::string_view rest = trim_left(text.substr(at + 3));
    if (rest.starts_with("]") && trim_left(rest.substr(1)).starts_with("uid")) {
      return LineKind::task_header;
    }
  }
  if (read_frame(text)) return LineKind::frame;
  return is_elision(text) ? LineKind::elision : LineKind::unknown;
}

// The lines about a killing, whatever stands before "Kill".
LineKind classify_kill(std::string_view text) {
  std::size_t at = text.find("Kill");
  if (at == std::string_view::npos) at = text.find("kill process");
  if (at == std::string_view::npos) return LineKind::unknown;
  const std::string_view words = text.substr(at);
  if (words.starts_with("Killed process ")) return LineKind::killed;
  if (words == "Killed" || words == "Killed process") return LineKind::killed;
  if (starts_fold(words, "kill process")) {
    return contains(words, ") sharing same memory") ? LineKind::shares_memory
                                                    : LineKind::kill_choice;
  }
  return LineKind::unknown;
}

LineKind classify_out_of_memory(std::string_view text) {
  if (is_trigger_of_odd_comm(text)) return LineKind::trigger;
  if (contains(text, "no killable process")) return LineKind::no_killable;
  if (contains(text, ": OOM victim ")) return LineKind::already_exiting;
  return classify_kill(text);
}

LineKind classify_memory_line(std::string_view text) {
  if (equal_fold(trim_right(text), "mem-info:")) return LineKind::mem_info;
  if (is_trigger_of_odd_comm(text)) return LineKind::trigger;
  if (text.starts_with("Memory cgroup stats")) return LineKind::memcg_stat_begin;
  if (text.starts_with("Memory cgroup out of memory")) return classify_out_of_memory(text);
  if (text.starts_with("Memory cgroup min protection ")) return LineKind::memcg_protection;
  if (text.starts_with("Memory limit reached of cgroup ")) return LineKind::memcg_task_in;
  if (text.starts_with("Memory allocations:") || text.starts_with("Memory allocations (")) {
    return LineKind::allocations_begin;
  }
  if (text.starts_with("Missed ") && text.ends_with(" kernel messages")) {
    return LineKind::lines_lost;
  }
  return classify_zone(text);
}

bool is_oom_panic(std::string_view text) {
  const std::size_t at = text.find("not syncing:");
  if (at == std::string_view::npos) return false;
  const std::string_view why = trim_left(text.substr(at + 12));
  return starts_fold(why, "out of memory") || contains(why, "deadlocked on memory") ||
         contains(why, "panic_on_oom");
}

LineKind classify_c_to_k(std::string_view text) {
  switch (text[0]) {
    case 'B':
      return text.starts_with("Backtrace:") ? LineKind::trace_begin : LineKind::unknown;
    case 'C':
      if (text.starts_with("CPU: ")) {
        return is_trigger_of_odd_comm(text) ? LineKind::trigger : LineKind::cpu;
      }
      if (text.starts_with("CPU ") && contains(text, "hi:")) return LineKind::per_cpu;
      if (starts_fold(text, "call trace:")) return LineKind::trace_begin;
      if (text.starts_with("COMPACTION is disabled")) return LineKind::register_dump;
      return is_register_dump(text) ? LineKind::register_dump : LineKind::unknown;
    case 'F':
      if (text.starts_with("Free swap")) return LineKind::swap_total;
      return text.starts_with("Function entered") ? LineKind::register_dump : LineKind::unknown;
    case 'H':
      if (text.starts_with("Hardware name:")) return LineKind::hardware;
      return classify_zone(text);
    case 'I':
      return text.starts_with("INFO: task ") && contains(text, " blocked for more than ")
                 ? LineKind::hung_task
                 : LineKind::unknown;
    case 'K':
      if (starts_fold(text, "kernel panic - ")) {
        return is_oom_panic(text) ? LineKind::panic : LineKind::unknown;
      }
      return is_trigger_of_odd_comm(text) ? LineKind::trigger : classify_kill(text);
    default:
      return LineKind::unknown;
  }
}

LineKind classify_n_to_p(std::string_view text) {
  switch (text[0]) {
    case 'N':
      if (text.starts_with("Node ")) return classify_node(text);
      if (text.starts_with("Name ") && text.ends_with("Total")) return LineKind::slab_begin;
      if (text.starts_with("No available memory")) return classify_out_of_memory(text);
      return classify_zone(text);
    case 'O':
      if (starts_fold(text, "out of memory")) return classify_out_of_memory(text);
      if (text.starts_with("OOM request ignored")) return LineKind::request_ignored;
      return is_register_dump(text) ? LineKind::register_dump : LineKind::unknown;
    case 'P':
      if (text.starts_with("Pid: ") && contains(text, "comm: ")) return LineKind::cpu;
      return LineKind::unknown;
    default:
      return LineKind::unknown;
  }
}

bool is_manual_request(std::string_view text) {
  return contains(text, "Manual OOM execution");
}

LineKind classify_s_to_w(std::string_view text) {
  switch (text[0]) {
    case 'S':
      if (text.starts_with("Swap cache")) return LineKind::per_cpu;
      if (text.starts_with("SLUB: Unable to allocate memory") ||
          text.starts_with("SLAB: Unable to allocate memory")) {
        return LineKind::slub_failure;
      }
      if (text.starts_with("SysRq") && is_manual_request(text)) return LineKind::sysrq;
      if (text.starts_with("Suppressed ") && contains(text, " messages from ")) {
        return LineKind::lines_lost;
      }
      return is_register_dump(text) ? LineKind::register_dump : LineKind::unknown;
    case 'T':
      if (text.starts_with("Tasks state (memory")) return LineKind::task_title;
      if (is_trigger_of_odd_comm(text)) return LineKind::trigger;
      if (text.starts_with("Task in ") &&
          (text.find(" killed") != std::string_view::npos || text.size() < 9)) {
        return LineKind::memcg_task_in;
      }
      if (text.starts_with("Task in /")) return LineKind::memcg_task_in;
      if (text == "Tasks in" || text.starts_with("Tasks in /")) return LineKind::group_begin;
      if (text.starts_with("Total swap")) return LineKind::swap_total;
      return is_register_dump(text) ? LineKind::register_dump : LineKind::unknown;
    case 'U':
      return text.starts_with("Unreclaimable slab info:") ? LineKind::slab_begin
                                                          : LineKind::unknown;
    case 'W':
      return text.starts_with("Workqueue: ") ? LineKind::workqueue : LineKind::unknown;
    default:
      return LineKind::unknown;
  }
}

bool is_memcg_counter(std::string_view text) {
  return text.starts_with("memory: usage ") || text.starts_with("memory+swap: usage ") ||
         text.starts_with("swap: usage ") || text.starts_with("kmem: usage ");
}

LineKind classify_lower(std::string_view text) {
  switch (text[0]) {
    case 'c':
      if (text.starts_with("cache: ") && contains(text, "object size:")) {
        return LineKind::slub_detail;
      }
      // Behind an empty comm.
      return text.starts_with("cpuset=") && contains(text, " mems_allowed=") ? LineKind::cpuset
                                                                             : LineKind::unknown;
    case 'e':
      return text.starts_with("excessive unreclaimable slab") ? LineKind::register_dump
                                                              : LineKind::unknown;
    case 'h':
      return text.starts_with("hugepages_total=") ? LineKind::hugepages : LineKind::unknown;
    case 'i':  // A task may have an empty name.
      return text.starts_with(kInvoked.substr(1)) ? LineKind::trigger : LineKind::unknown;
    case 'k':
      if (is_memcg_counter(text)) return LineKind::memcg_counter;
      if (text.starts_with("kill process ")) return classify_kill(text);
      return text.starts_with("kernel panic") && is_oom_panic(text) ? LineKind::panic
                                                                    : LineKind::unknown;
    case 'l':
      return text.starts_with("lowmem_reserve[]:") ? LineKind::lowmem_reserve : LineKind::unknown;
    case 'm':
      return is_memcg_counter(text) ? LineKind::memcg_counter : LineKind::unknown;
    case 'n':
      return text.starts_with("node ") && contains(text, ": slabs:") ? LineKind::slub_detail
                                                                     : LineKind::unknown;
    case 'o':
      if (text.starts_with("oom-kill:")) {
        return is_trigger_of_odd_comm(text) ? LineKind::trigger : LineKind::oom_kill;
      }
      if (text.starts_with("oom_reaper: reaped ")) return LineKind::reaped;
      if (text.starts_with("oom_reaper: unable to reap")) return LineKind::unable_to_reap;
      if (text.starts_with("oom killer ") && contains(text, " has mm pinned by ")) {
        return LineKind::mm_pinned;
      }
      return LineKind::unknown;
    case 'p':
      return text.starts_with("protections[]:") ? LineKind::lowmem_reserve : LineKind::unknown;
    case 'r':
      return text.starts_with("reaped process ") ? LineKind::reaped : LineKind::unknown;
    case 's':
      if (is_memcg_counter(text)) return LineKind::memcg_counter;
      return text.starts_with("sysrq: ") && is_manual_request(text) ? LineKind::sysrq
                                                                    : LineKind::unknown;
    case 'u':
      return text.starts_with("unable to reap pid:") ? LineKind::unable_to_reap : LineKind::unknown;
    default:
      return LineKind::unknown;
  }
}

bool is_suppression(std::string_view text) {
  if (text.starts_with("printk: ") && text.ends_with("messages suppressed.")) return true;
  return contains(text, " callbacks suppressed") &&
         (contains(text, "oom_kill_process") || contains(text, "out_of_memory") ||
          contains(text, "dump_header") || contains(text, "__ratelimit"));
}

bool is_loss(std::string_view text) {
  return contains(text, " printk messages dropped") ||
         (contains(text, " lost ") && contains(text, " messages ")) ||
         contains(text, " messages lost due to rate-limiting");
}

// Lines whose words stand behind a name: comm, or a daemon's log prefix.
LineKind classify_by_words(std::string_view text) {
  if (contains(text, kInvoked)) return LineKind::trigger;
  if (contains(text, "page allocation ")) {
    if (contains(text, ": page allocation failure")) return LineKind::page_failure;
    if (contains(text, ": page allocation stalls for ")) return LineKind::page_failure;
  }
  if (contains(text, " mems_allowed=") && contains(text, " cpuset=")) return LineKind::cpuset;
  if (const DaemonLine daemon = read_daemon_line(text); daemon.what != DaemonLine::What::none) {
    return LineKind::daemon;
  }
  if (contains(text, "ut of memory: Kill")) return classify_kill(text);
  if (contains(text, "oom-kill:constraint=")) return LineKind::oom_kill;
  if (is_suppression(text)) return LineKind::suppressed;
  if (is_loss(text)) return LineKind::lines_lost;
  if (contains(text, "vmalloc: allocation failure") || contains(text, "vmalloc error: size ")) {
    return LineKind::vmalloc_failure;
  }
  if (contains(text, "__vm_enough_memory: pid:")) return LineKind::overcommit;
  if (is_slab_row(text)) return LineKind::slab_row;
  return LineKind::unknown;
}

LineKind classify_by_begin(std::string_view text) {
  const char first = text[0];
  if (first == '[') return classify_bracket(text);
  if (is_digit(first)) return is_page_total(text) ? LineKind::page_total : LineKind::unknown;
  if (first == 'M') return classify_memory_line(text);
  if (first == 'D') {
    return classify_zone(text) != LineKind::unknown ? classify_zone(text)
           : is_register_dump(text)                 ? LineKind::register_dump
                                                    : LineKind::unknown;
  }
  if (first >= 'B' && first <= 'K') return classify_c_to_k(text);
  if (first >= 'N' && first <= 'P') return classify_n_to_p(text);
  if (first >= 'S' && first <= 'W') return classify_s_to_w(text);
  if (first >= 'a' && first <= 'z') return classify_lower(text);
  return LineKind::unknown;
}

}  // namespace

LineKind classify(std::string_view text) {
  // By far the most frequent, and nothing behind its beginning matters.
  if (!text.empty() && text[0] == '[' && is_task_row(text)) return LineKind::task_row;
  text = trim(text);
  if (text.empty()) return LineKind::blank;
  if (const LineKind kind = classify_by_begin(text); kind != LineKind::unknown) return kind;
  if (is_stat_pair(text)) return LineKind::stat_pair;
  if (read_frame(text)) return LineKind::frame;
  if (is_counters(text)) return LineKind::counters;
  if (is_register_dump(text)) return LineKind::register_dump;
  if (is_elision(text)) return LineKind::elision;
  return classify_by_words(text);
}

}  // namespace oomkit
