#include "klog/lines_memcg.h"

namespace oomkit {
namespace {

constexpr std::size_t kStatsMax = 256;

// A limit that is none: PAGE_COUNTER_MAX in kB with pages of 4 KiB to 64 KiB, RESOURCE_MAX
// of 3.x, and what 32-bit kernels have for it. All of 64 bits lie beyond 2^53 - 2^16.
bool is_no_limit(std::int64_t kib) {
  constexpr std::int64_t kBeyond = 9007199254740992 - 65536;
  constexpr std::int64_t k32Bit = 8589934588;
  return kib >= kBeyond || kib == k32Bit;
}

std::optional<KiB> kib_behind(std::string_view text, std::string_view key, LineNotes& notes) {
  const std::size_t found = text.find(key);
  if (found == std::string_view::npos) return std::nullopt;
  std::size_t at = found + key.size();
  skip_blanks(text, at);
  return take_kib(text, at, notes);
}

}  // namespace

std::optional<TaskInLine> read_task_in(std::string_view text) {
  text = trim(text);
  TaskInLine line;
  constexpr std::string_view kReached = "Memory limit reached of cgroup ";
  if (text.starts_with(kReached)) {
    line.limit_path = trim(text.substr(kReached.size()));
    return line;
  }
  constexpr std::string_view kTask = "Task in ";
  constexpr std::string_view kKilled = " killed as a result of limit of ";
  if (!text.starts_with(kTask)) return std::nullopt;
  text.remove_prefix(kTask.size());
  const std::size_t killed = text.rfind(kKilled);
  if (killed != std::string_view::npos) {
    line.task_path = text.substr(0, killed);
    const std::string_view limit = trim(text.substr(killed + kKilled.size()));
    if (!limit.empty()) line.limit_path = limit;
    return line;
  }
  const std::size_t partly = text.rfind(" killed");
  if (partly != std::string_view::npos) line.task_path = text.substr(0, partly);
  return line;
}

std::optional<CounterLine> read_memcg_counter(std::string_view text, LineNotes& notes) {
  text = trim(text);
  CounterLine line;
  if (text.starts_with("memory: ")) {
    line.which = CounterLine::Which::memory;
  } else if (text.starts_with("memory+swap: ")) {
    line.which = CounterLine::Which::memsw;
  } else if (text.starts_with("swap: ")) {
    line.which = CounterLine::Which::swap;
  } else if (text.starts_with("kmem: ")) {
    line.which = CounterLine::Which::kmem;
  } else {
    return std::nullopt;
  }
  line.usage = kib_behind(text, "usage ", notes);
  const std::uint32_t overflows = notes.overflows;
  const auto limit = kib_behind(text, ", limit ", notes);
  // 64-bit values beyond 2^63 are "no limit" as well, and no damage.
  if (limit ? is_no_limit(limit->count()) : notes.overflows > overflows) {
    notes.overflows = overflows;
    line.unlimited = true;
    line.no_limit = limit;
  } else {
    line.limit = limit;
  }
  const std::size_t failcnt = text.find(", failcnt ");
  if (failcnt != std::string_view::npos) {
    std::size_t at = failcnt + 10;
    const auto count = take_ended_number(text, at, notes);
    if (count && *count >= 0) line.failcnt = static_cast<std::uint64_t>(*count);
  }
  return line;
}

std::optional<StatBegin> read_stat_begin(std::string_view text) {
  text = trim(text);
  constexpr std::string_view kBegin = "Memory cgroup stats";
  if (!text.starts_with(kBegin)) return std::nullopt;
  text.remove_prefix(kBegin.size());
  StatBegin begin;
  if (text.starts_with(" for ")) {
    text.remove_prefix(5);
  } else if (!text.starts_with(":")) {
    return begin;
  }
  // The path may hold colons; the amounts begin with a known word.
  std::size_t amounts = text.rfind(": cache:");
  if (amounts == std::string_view::npos) amounts = text.rfind(": rss:");
  if (amounts != std::string_view::npos) {
    begin.path = text.substr(0, amounts);
    begin.amounts = text.substr(amounts + 2);
  } else if (text.ends_with(":")) {
    begin.path = text.substr(0, text.size() - 1);
  }
  return begin;
}

int read_stat_amounts(std::string_view amounts, MemcgStat& stat, LineNotes& notes) {
  int taken = 0;
  std::size_t at = 0;
  while (at < amounts.size() && stat.entries().size() < kStatsMax) {
    skip_blanks(amounts, at);
    const std::size_t begin = at;
    while (at < amounts.size() && is_word(amounts[at]))
      ++at;
    if (at == begin || at >= amounts.size() || amounts[at] != ':') break;
    const std::string_view key = amounts.substr(begin, at - begin);
    ++at;
    const std::size_t number_at = at;
    const auto amount = take_kib(amounts, at, notes);
    if (amount) {
      stat.set(key, to_bytes(*amount).count());
      ++taken;
    } else if (at == number_at) {
      break;
    }
  }
  return taken;
}

bool read_stat_pair(std::string_view text, MemcgStat& stat, LineNotes& notes) {
  text = trim(text);
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos || stat.entries().size() >= kStatsMax) return false;
  std::size_t at = blank + 1;
  const auto value = take_ended_number(text, at, notes);
  if (!value || at != text.size() || stat.find(text.substr(0, blank))) return false;
  stat.add(text.substr(0, blank), *value);
  return true;
}

ProtectionLine read_protection(std::string_view text, LineNotes& notes) {
  return {kib_behind(text, "min protection ", notes), kib_behind(text, "low protection ", notes)};
}

}  // namespace oomkit
