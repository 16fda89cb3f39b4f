#include "klog/repair_junction.h"

#include <algorithm>
#include <array>
#include <string>

#include "klog/line_text.h"
#include "klog/lines_head.h"
#include "klog/lines_memcg.h"
#include "klog/lines_tasks.h"
#include "klog/lines_verdict.h"

namespace oomkit {
namespace {

// Bytes that stand inside names, on both sides of which a terminal may break them.
constexpr bool is_name_byte(char c) {
  return is_word(c) || c == '.' || c == '/' || c == '-';
}

bool is_one_word(std::string_view text) {
  return !text.empty() && text.find(' ') == std::string_view::npos;
}

// A list to read across, not down.
// clang-format off
constexpr std::array<std::string_view, 58> kAmountKeys = {
    "free", "boost", "min", "low", "high", "reserved_highatomic", "free_highatomic",
    "active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable",
    "isolated(anon)", "isolated(file)", "isolated_anon", "isolated_file", "present", "managed",
    "mlocked", "dirty", "writeback", "writepending", "mapped", "mapped_file", "shmem",
    "shmem_thp", "shmem_pmdmapped", "anon_thp", "slab", "slab_reclaimable", "slab_unreclaimable",
    "kernel_stack", "shadow_call_stack", "pagetables", "sec_pagetables", "unstable", "bounce",
    "free_pcp", "local_pcp", "free_cma", "writeback_tmp", "pages_scanned", "all_unreclaimable?",
    "active", "inactive", "noreclaim", "zspages", "Balloon", "gpu_active", "gpu_reclaim",
    "cache", "rss", "rss_huge", "swap", "kernel_misc_reclaimable", "Active", "hugepages_total",
    "swapcached"};
// clang-format on

bool is_amount_key(std::string_view word) {
  return std::find(kAmountKeys.begin(), kAmountKeys.end(), word) != kAmountKeys.end();
}

std::string_view last_word(std::string_view text) {
  text = trim_right(text);
  const std::size_t blank = text.find_last_of(" \t");
  return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

std::string_view first_word(std::string_view text) {
  text = trim_left(text);
  return text.substr(0, text.find_first_of(" \t\r"));
}

std::string_view key_of(std::string_view word) {
  if (word.starts_with("all_unreclaimable?")) return "all_unreclaimable?";
  return word.substr(0, word.find_first_of(":="));
}

bool known(std::string_view word) {
  return is_amount_key(key_of(word));
}

// "key:123kB", "key:123KB", "pages_scanned:12", "yes", "no".
bool is_whole_amount(std::string_view word, bool with_unit) {
  if (word == "yes" || word == "no") return true;
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos || colon + 1 == word.size()) return false;
  std::string_view value = word.substr(colon + 1);
  const bool unit = value.ends_with("kB") || value.ends_with("KB");
  if (unit) value.remove_suffix(2);
  return all_digits(value) && (unit == with_unit || key_of(word) == "pages_scanned");
}

std::string joined(std::string_view first, std::string_view next, bool blank) {
  std::string text(trim_right(first));
  if (blank) text += ' ';
  return text.append(trim(next));
}

// "anon_thp: 12150" of kernels that print a blank there: the number is not whole.
bool ends_in_spaced_number(std::string_view first) {
  const std::string_view word = last_word(first);
  std::string_view digits = word;
  if (digits.ends_with("k")) digits.remove_suffix(1);
  const std::string_view before = trim_right(first.substr(0, first.size() - word.size()));
  return all_digits(digits) && before.ends_with(":");
}

// Streams of key:number, with a unit (zones, nodes, one-line statistics) or without.
Junction join_amounts(std::string_view first, std::string_view next, bool with_unit,
                      const JunctionContext& context) {
  const std::string_view a = last_word(first);
  const std::string_view b = first_word(next);
  if (b.empty() || b.size() > 64) return Junction::none;
  if (with_unit && ends_in_spaced_number(first)) {
    const bool rest = is_digit(b[0]) || b == "kB" || b == "B";
    return rest ? Junction::glue : Junction::none;
  }
  const bool a_whole = is_whole_amount(a, with_unit);
  // No key begins with a digit: it is the rest of a number.
  if (a_whole && !with_unit && is_digit(b[0]) && is_digit(a.back())) return Junction::glue;
  if (a.ends_with("?")) return b == "yes" || b == "no" ? Junction::blank : Junction::none;
  if (a_whole) {
    if (with_unit && contains(first, "all_unreclaimable? ")) {
      // Only 7.x goes on behind that, with words of its own.
      return known(b) ? Junction::blank : Junction::none;
    }
    if (known(b)) return Junction::blank;
    // A key of a newer kernel, unless it may be the end of a word.
    if (is_whole_amount(b, with_unit)) {
      return context.cut_in_words ? Junction::none : Junction::blank;
    }
    // "lowmem" is no key, but the beginning of one is: "mlo" of "mlocked:0kB".
    for (const std::string_view key : kAmountKeys) {
      if (key.starts_with(b)) return Junction::blank;
    }
    return Junction::none;
  }
  const std::string both = std::string(a) + std::string(b);
  if (known(both)) return Junction::glue;
  if (known(b)) return Junction::blank;
  if (contains(a, ":")) {
    const bool rest = is_digit(b[0]) || b.starts_with("kB") || b.starts_with("KB") || b == "B";
    return rest ? Junction::glue : Junction::none;
  }
  return is_whole_amount(b, with_unit) ? Junction::blank : Junction::none;
}

bool is_whole_block(std::string_view word) {
  if (word == "=") return true;
  if (word.starts_with("(")) return word.ends_with(")");
  const std::size_t star = word.find('*');
  if (star == std::string_view::npos || !word.ends_with("kB")) return false;
  return all_digits(word.substr(0, star)) &&
         all_digits(word.substr(star + 1, word.size() - star - 3));
}

// "Node 0 DMA: 1*4kB (U) 0*8kB ... = 1964kB"
Junction join_free_list(std::string_view first, std::string_view next) {
  const std::string_view b = first_word(next);
  const std::size_t equals = first.find('=');
  if (equals != std::string_view::npos) {
    const std::string_view total = trim(first.substr(equals + 1));
    if (total.ends_with("kB")) return Junction::none;
    if (total.empty()) return is_digit(b.empty() ? 'x' : b[0]) ? Junction::blank : Junction::none;
    const std::string both = std::string(total) + std::string(b);
    const bool whole = both.ends_with("kB") && all_digits(both.substr(0, both.size() - 2));
    return whole ? Junction::glue : Junction::none;
  }
  const std::string_view a = last_word(first);
  if (b.empty()) return Junction::none;
  const std::string both = std::string(a) + std::string(b);
  if (is_whole_block(a) || a.ends_with(":")) {
    const bool block = is_digit(b[0]) || b[0] == '(' || b[0] == '=';
    return block && (is_whole_block(b) || b.size() < 12) ? Junction::blank : Junction::none;
  }
  return is_whole_block(both) ? Junction::glue : Junction::none;
}

Junction join_hugepages(std::string_view first, std::string_view next) {
  if (contains(first, "hugepages_size=") && first.ends_with("kB")) return Junction::none;
  const std::string_view a = last_word(first);
  const std::string_view b = first_word(next);
  if (b.starts_with("hugepages_")) return Junction::blank;
  const std::string both = std::string(a) + std::string(b);
  return both.starts_with("hugepages_") && contains(both, "=") ? Junction::glue : Junction::none;
}

// What a line says, as a number: how many of the fields that its kind can have.
int fields_of(LineKind kind, std::string_view text) {
  LineNotes notes;
  switch (kind) {
    case LineKind::trigger: {
      const auto line = read_trigger(text, notes);
      return line ? line->fields : 0;
    }
    case LineKind::cpu: {
      const auto line = read_cpu_line(text);
      return line ? static_cast<int>(!line->comm.empty()) + static_cast<int>(!line->taint.empty()) +
                        2 * static_cast<int>(!line->release.empty())
                  : 0;
    }
    case LineKind::memcg_counter: {
      const auto line = read_memcg_counter(text, notes);
      if (!line) return 0;
      return static_cast<int>(line->usage.has_value()) +
             static_cast<int>(line->limit.has_value() || line->unlimited) +
             static_cast<int>(line->failcnt.has_value());
    }
    case LineKind::memcg_task_in: {
      const auto line = read_task_in(text);
      return line ? static_cast<int>(line->task_path.has_value()) +
                        static_cast<int>(line->limit_path.has_value())
                  : 0;
    }
    case LineKind::killed: {
      const auto line = read_killed(text, notes);
      return line ? line->fields : 0;
    }
    case LineKind::kill_choice: {
      const auto line = read_choice(text, notes);
      return line ? static_cast<int>(line->pid.has_value()) +
                        static_cast<int>(line->comm.has_value()) +
                        static_cast<int>(line->score.has_value()) + static_cast<int>(line->ended)
                  : 0;
    }
    case LineKind::reaped:
    case LineKind::unable_to_reap: {
      const auto line = read_reaper(text, notes);
      return line ? static_cast<int>(line->pid.has_value()) +
                        static_cast<int>(line->comm.has_value()) +
                        static_cast<int>(line->anon_rss.has_value()) +
                        static_cast<int>(line->file_rss.has_value()) +
                        static_cast<int>(line->shmem_rss.has_value())
                  : 0;
    }
    default:
      return 0;
  }
}

bool ended(LineKind kind, std::string_view text) {
  LineNotes notes;
  switch (kind) {
    case LineKind::trigger: {
      const auto line = read_trigger(text, notes);
      return line && line->ended;
    }
    case LineKind::killed: {
      const auto line = read_killed(text, notes);
      return line && line->ended;
    }
    case LineKind::kill_choice: {
      const auto line = read_choice(text, notes);
      return line && line->ended;
    }
    case LineKind::cpu: {
      const auto line = read_cpu_line(text);
      return line && !line->release.empty();
    }
    default:
      return false;
  }
}

// "gfp_mask=0x10" and "0cca": a mask is cut in two.
bool between_mask_digits(std::string_view first, std::string_view next) {
  if (first.ends_with("=") && next.starts_with("0x")) return true;
  if (first.ends_with("=0") && next.starts_with("x")) return true;
  const std::size_t begin = first.rfind("=0x");
  if (begin == std::string_view::npos || next.empty() || !is_hex(next.front())) return false;
  for (const char c : first.substr(begin + 3)) {
    if (!is_hex(c)) return false;
  }
  return true;
}

bool between_digits(std::string_view first, std::string_view next) {
  return !first.empty() && !next.empty() && is_digit(first.back()) && is_digit(next.front());
}

// "... Not tainted 2." and "6.28-1 #1": a release is cut in two.
bool in_release(std::string_view first) {
  const std::string_view word = last_word(first);
  const bool number = word.find_first_not_of("0123456789.") == std::string_view::npos;
  return number && !word.empty() && contains(first, "ainted");
}

// A mask's names, "(GFP_HIGHUSER_MOVABLE|__GFP_ZERO)", hold no blanks.
bool in_open_bracket(std::string_view first) {
  const std::size_t open = first.rfind('(');
  return open != std::string_view::npos && first.find(')', open) == std::string_view::npos &&
         first.substr(0, open).find("=0x") != std::string_view::npos;
}

// Lines of separate fields: joined in the way by which more of them can be read.
Junction join_fields(LineKind kind, std::string_view first, std::string_view next) {
  const std::string_view rest = trim(next);
  // The last number of a line, cut in two by a terminal.
  if (all_digits(rest) && rest.size() < 12 && between_digits(first, rest)) return Junction::glue;
  if (ended(kind, first) || rest.empty()) return Junction::none;
  if (kind == LineKind::trigger && between_mask_digits(first, rest)) return Junction::glue;
  if (kind == LineKind::trigger && in_open_bracket(first)) {
    return rest.find(' ') == std::string_view::npos || contains(rest, ")") ? Junction::glue
                                                                           : Junction::none;
  }
  const int before = fields_of(kind, first);
  const int with_blank = fields_of(kind, joined(first, next, true));
  const int with_glue = fields_of(kind, joined(first, next, false));
  if (with_blank <= before && with_glue <= before) {
    // A word of the key of the next field, or the first half of it.
    return kind == LineKind::trigger && (first.ends_with(",") || first.ends_with(":")) &&
                   contains(rest, "=")
               ? Junction::blank
               : Junction::none;
  }
  if (kind == LineKind::cpu && in_release(first) && with_glue > before) return Junction::glue;
  if (with_glue != with_blank) return with_glue > with_blank ? Junction::glue : Junction::blank;
  if (between_digits(first, rest)) return Junction::glue;
  if (first.ends_with("(") || rest.starts_with(")")) return Junction::glue;
  return is_name_byte(first.back()) && is_name_byte(rest.front()) ? Junction::either
                                                                  : Junction::blank;
}

// "oom-kill:constraint=...": no blanks in it but those of a name.
Junction join_oom_kill(std::string_view first, std::string_view next) {
  const std::string_view rest = trim(next);
  LineNotes notes;
  const auto before = read_oom_kill(first, notes);
  if (!before || rest.empty()) return Junction::none;
  if (before->ended) {
    return all_digits(rest) && rest.size() < 12 ? Junction::glue : Junction::none;
  }
  const bool in_name = first.rfind(",task=") != std::string_view::npos &&
                       first.find(",pid=", first.rfind(",task=")) == std::string_view::npos;
  const bool belongs = rest.find(' ') == std::string_view::npos || contains(rest, ",task=") ||
                       contains(rest, ",pid=");
  if (!belongs) return Junction::none;
  return in_name && !rest.starts_with(",pid=") ? Junction::either : Junction::glue;
}

Junction join_stat_begin(std::string_view first, std::string_view next,
                         const JunctionContext& context) {
  const auto begin = read_stat_begin(first);
  const std::string_view rest = trim(next);
  if (!begin || rest.empty()) return Junction::none;
  if (begin->path) {
    const Junction amounts = join_amounts(first, next, true, context);
    if (!begin->amounts.empty()) return amounts;
    return contains(rest, "KB ") && known(first_word(rest)) ? Junction::blank : Junction::none;
  }
  if (rest == ":" || rest.starts_with(": ") || rest.starts_with(":")) return Junction::glue;
  if (first.ends_with("for")) return rest.starts_with("/") ? Junction::blank : Junction::none;
  if (first.ends_with("stats")) return rest.starts_with("for ") ? Junction::blank : Junction::none;
  if (is_one_word(rest)) return Junction::glue;
  const bool path_end = contains(rest, ": cache:");
  return path_end && rest.find(' ') >= rest.find(':') ? Junction::glue : Junction::none;
}

Junction join_task_in(std::string_view first, std::string_view next,
                      const JunctionContext& context) {
  const std::string_view rest = trim(next);
  const auto line = read_task_in(first);
  if (!line || rest.empty() || rest.size() > 4096) return Junction::none;
  const bool one_word = is_one_word(rest);
  if (line->limit_path) {
    // A path of one word that goes on: names of cgroups that a person would type have none.
    const bool open_end = line->limit_path->size() > 1 && line->limit_path->ends_with("/");
    const bool like_path = open_end || context.cut_in_words ||
                           rest.find_first_of("/.-_:0123456789") != std::string_view::npos;
    return one_word && like_path ? Junction::glue : Junction::none;
  }
  if (first.ends_with(" of") && rest.starts_with("/")) return Junction::blank;
  const auto limit_with = [&](bool blank) {
    const auto both = read_task_in(joined(first, next, blank));
    return both && both->limit_path;
  };
  const bool with_blank = limit_with(true);
  const bool with_glue = limit_with(false);
  // In the middle of a path, or of a word of the sentence.
  if (with_glue != with_blank) return with_glue ? Junction::glue : Junction::blank;
  if (with_glue) return Junction::glue;
  constexpr std::string_view kSentence = " killed as a result of limit of ";
  if (contains(kSentence, rest)) return Junction::blank;
  return !line->task_path && is_one_word(rest) ? Junction::glue : Junction::none;
}

// "Tasks in /a are going to be killed due to memory.oom.group set"
Junction join_group(std::string_view first, std::string_view next) {
  const std::string_view rest = trim(next);
  if (first.ends_with(" set") || rest.empty()) return Junction::none;
  if (first.ends_with("Tasks in")) {
    return rest.starts_with("/") ? Junction::blank : Junction::none;
  }
  constexpr std::string_view kWords = " are going to be killed due to memory.oom.group set";
  if (kWords.ends_with(rest)) {
    // The rest begins with a word, or in the middle of one.
    const std::size_t before = kWords.size() - rest.size() - 1;
    return kWords[before] == ' ' ? Junction::blank : Junction::glue;
  }
  if (rest.ends_with(" are") || contains(rest, " are going")) return Junction::glue;
  for (const std::string_view word : {"are ", "going ", "to ", "be ", "killed ", "due "}) {
    if (rest.starts_with(word) && contains(kWords, rest)) return Junction::blank;
  }
  return Junction::none;
}

Junction join_header(std::string_view first, std::string_view next) {
  if (read_task_header(first)) return Junction::none;
  const std::string_view a = last_word(first);
  const std::string_view b = first_word(next);
  if (is_task_column(a) && is_task_column(b)) return Junction::blank;
  const std::string both = std::string(a) + std::string(b);
  if (is_task_column(both)) return Junction::glue;
  return is_task_column(b) ? Junction::blank : Junction::none;
}

struct RowHead {
  std::size_t numbers = 0;
  std::string_view comm;
};

// The numbers behind the bracket, at most `limit`, and what follows them.
RowHead head_of_row(std::string_view row, std::size_t limit) {
  RowHead head;
  LineNotes notes;
  std::size_t at = row.find(']');
  if (at == std::string_view::npos) return head;
  ++at;
  while (head.numbers < limit) {
    std::size_t begin = at;
    skip_blanks(row, begin);
    std::size_t end = begin;
    if (!take_number(row, end, notes) || (end < row.size() && !is_space(row[end]))) break;
    ++head.numbers;
    at = end;
  }
  head.comm = trim(row.substr(std::min(at, row.size())));
  return head;
}

Junction join_row(std::string_view first, std::string_view next, const JunctionContext& context) {
  const std::string_view rest = trim(next);
  constexpr std::size_t kCommBytes = 15;
  if (context.task_columns == 0 || rest.empty()) return Junction::none;
  const RowHead before = head_of_row(first, context.task_columns);
  if (before.numbers < context.task_columns) {
    if (!is_digit(rest[0]) && rest[0] != '-') return Junction::none;
    if (!before.comm.empty()) return before.comm == "-" ? Junction::glue : Junction::none;
    const std::string glued = joined(first, next, false);
    const std::string spaced = joined(first, next, true);
    const std::size_t limit = context.task_columns + 1;
    const RowHead with_glue = head_of_row(glued, limit);
    const RowHead with_blank = head_of_row(spaced, limit);
    const bool blank_fits = with_blank.numbers == context.task_columns && !with_blank.comm.empty();
    const bool glue_fits = with_glue.numbers == context.task_columns && !with_glue.comm.empty();
    if (blank_fits) return Junction::blank;
    if (glue_fits && between_digits(first, rest)) return Junction::glue;
    // The row goes on in a third line, or the comm is missing.
    return with_blank.numbers <= context.task_columns ? Junction::either : Junction::none;
  }
  if (context.next_framed || rest.size() > kCommBytes + 4) return Junction::none;
  if (before.comm.empty()) {
    const RowHead glued = head_of_row(joined(first, next, false), context.task_columns);
    if (between_digits(first, rest) && !glued.comm.empty()) return Junction::glue;
    return rest.size() <= kCommBytes ? Junction::blank : Junction::none;
  }
  // A name cut in two, or one with a blank in it: "tmux: server", "Web Content".
  const bool fits = before.comm.size() + 1 + rest.size() <= kCommBytes;
  const bool one_word = is_one_word(rest);
  if (context.cut_in_words) return fits && one_word ? Junction::glue : Junction::none;
  const bool open_name = before.comm.ends_with(":") || before.comm.size() <= 3;
  return fits && open_name && context.cut_at_blanks ? Junction::blank : Junction::none;
}

Junction join_reserve(std::string_view first, std::string_view next) {
  const std::string_view rest = trim(next);
  if (rest.empty() || first.size() > 400) return Junction::none;
  for (const char c : rest) {
    if (!is_digit(c) && c != ' ') return Junction::none;
  }
  return between_digits(first, rest) ? Junction::either : Junction::blank;
}

Junction join_swap(std::string_view first, std::string_view next) {
  if (first.ends_with("kB")) return Junction::none;
  const std::string_view rest = trim(next);
  if (!rest.ends_with("B") || rest.size() > 24) return Junction::none;
  return is_digit(first.back()) || first.ends_with("k") ? Junction::glue : Junction::blank;
}

Junction join_failure(std::string_view first, std::string_view next) {
  const std::string_view rest = trim(next);
  if (contains(first, "mode:0x")) {
    const std::size_t open = first.rfind('(');
    const bool inside =
        open != std::string_view::npos && first.find(')', open) == std::string_view::npos;
    return inside && contains(rest, ")") ? Junction::glue : Junction::none;
  }
  if (rest.starts_with("mode:0x") || rest.starts_with("order:")) return Junction::blank;
  return Junction::none;
}

Junction join_panic(std::string_view first, std::string_view next) {
  for (const std::string_view end : {"enabled", "selected", "selected.", "...", "on memory"}) {
    if (first.ends_with(end)) return Junction::none;
  }
  const std::string_view rest = trim(next);
  for (const std::string_view end : {"enabled", "selected", "selected.", "...", "memory"}) {
    if (rest.ends_with(end) && rest.size() < 64) return Junction::blank;
  }
  return Junction::none;
}

// Neither half says anything: together they may. Only lines that cannot be mistaken.
Junction join_unknown(std::string_view first, std::string_view next) {
  if (first.size() > 2048 || next.size() > 2048) return Junction::none;
  const auto tells = [](LineKind kind) {
    return !is_weak(kind) && kind != LineKind::blank && kind != LineKind::elision &&
           kind != LineKind::frame && kind != LineKind::register_dump &&
           kind != LineKind::task_row && kind != LineKind::daemon && kind != LineKind::lines_lost &&
           kind != LineKind::hung_task;
  };
  const bool with_blank = tells(classify(joined(first, next, true)));
  const bool with_glue = tells(classify(joined(first, next, false)));
  if (!with_blank) return with_glue ? Junction::glue : Junction::none;
  if (!with_glue) return Junction::blank;
  // The name of a cpuset has no blanks.
  const bool in_cpuset = last_word(first).starts_with("cpuset=") && !next.starts_with("mems_");
  if (in_cpuset) return Junction::glue;
  return is_name_byte(first.back()) && is_name_byte(trim(next).front()) ? Junction::either
                                                                        : Junction::blank;
}

}  // namespace

Junction junction(LineKind kind, std::string_view first, std::string_view next,
                  const JunctionContext& context) {
  first = trim_right(first);
  if (first.empty()) return Junction::none;
  switch (kind) {
    case LineKind::trigger:
    case LineKind::cpu:
    case LineKind::memcg_counter:
    case LineKind::killed:
    case LineKind::kill_choice:
    case LineKind::reaped:
    case LineKind::unable_to_reap:
      return join_fields(kind, first, next);
    case LineKind::stat_pair: {
      const std::string_view rest = trim(next);
      return all_digits(rest) && rest.size() < 20 && !context.next_framed ? Junction::glue
                                                                          : Junction::none;
    }
    case LineKind::counters:
      return join_amounts(first, next, false, context);
    case LineKind::node:
    case LineKind::zone:
      return join_amounts(first, next, true, context);
    case LineKind::free_list:
      return join_free_list(first, next);
    case LineKind::hugepages:
      return join_hugepages(first, next);
    case LineKind::lowmem_reserve:
      return join_reserve(first, next);
    case LineKind::swap_total:
      return join_swap(first, next);
    case LineKind::memcg_task_in:
      return join_task_in(first, next, context);
    case LineKind::memcg_stat_begin:
      return join_stat_begin(first, next, context);
    case LineKind::group_begin:
      return join_group(first, next);
    case LineKind::task_header:
      return join_header(first, next);
    case LineKind::task_row:
      return join_row(first, next, context);
    case LineKind::oom_kill:
      return join_oom_kill(first, next);
    case LineKind::page_failure:
      return join_failure(first, next);
    case LineKind::panic:
      return join_panic(first, next);
    case LineKind::unknown:
      return context.next_framed ? Junction::none : join_unknown(first, next);
    default:
      return Junction::none;
  }
}

}  // namespace oomkit
