#include "sources/cgroup_text.h"

#include <limits>

#include "core/lines.h"

namespace oomkit {
namespace {

// v1 prints PAGE_COUNTER_MAX pages, from 3.19 on LONG_MAX rounded down to a page of up to
// 64 KiB; before, LLONG_MAX itself.
constexpr std::int64_t kUnlimitedMin = std::numeric_limits<std::int64_t>::max() - 65536;

constexpr std::size_t kNamesMax = 512;

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
  const auto number = whole_number<std::int64_t>(trim(text));
  if (!number || *number < 0) return std::nullopt;
  return Bytes(*number);
}

std::optional<MemcgLimit> parse_limit(std::string_view text) {
  if (trim(text) == "max") return MemcgLimit{};
  const auto bytes = parse_bytes(text);
  if (!bytes) return std::nullopt;
  if (bytes->count() >= kUnlimitedMin) return MemcgLimit{};
  return MemcgLimit{*bytes};
}

std::optional<Bytes> parse_protection(std::string_view text) {
  if (trim(text) == "max") return Bytes(std::numeric_limits<std::int64_t>::max());
  return parse_bytes(text);
}

bool parse_oom_control(std::string_view text, MemcgNode& memcg) {
  bool sound = !text.empty();
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string_view name = take_word(line);
    const auto value = whole_number<std::int64_t>(take_word(line));
    if (!value) {
      sound = false;
    } else if (name == "oom_kill_disable") {
      memcg.oom_kill_disable = *value != 0;
    } else if (name == "under_oom") {
      memcg.under_oom = *value != 0;
    } else if (name == "oom_kill") {
      memcg.events.set(name, *value);
    }
  }
  return sound;
}

bool parse_memcg_stat(std::string_view text, MemcgStat& stat) {
  constexpr std::string_view kTotal = "total_";
  bool sound = true;
  std::size_t names = 0;
  bool totals = false;
  // Two passes, so that no name is searched for: first whether there are totals at all.
  for (std::string_view rest = text; !rest.empty();)
    totals |= take_line(rest).substr(0, kTotal.size()) == kTotal;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    std::string_view name = take_word(line);
    const auto value = whole_number<std::int64_t>(take_word(line));
    if (name.empty() || !value) {
      sound = false;
      continue;
    }
    const bool is_total = name.substr(0, kTotal.size()) == kTotal;
    const bool hierarchical = name.substr(0, 13) == "hierarchical_";
    if (totals && !is_total && !hierarchical) continue;
    if (is_total) name.remove_prefix(kTotal.size());
    if (++names > kNamesMax) return false;
    stat.add(name, *value);
  }
  return sound;
}

bool parse_processes(std::string_view text, std::vector<std::int64_t>& pids,
                     std::uint64_t& foreign) {
  bool sound = true;
  while (!text.empty()) {
    const auto pid = whole_number<std::int64_t>(trim(take_line(text)));
    if (!pid || *pid < 0) {
      sound = false;
    } else if (*pid == 0) {
      ++foreign;
    } else {
      pids.push_back(*pid);
    }
  }
  return sound;
}

}  // namespace oomkit
