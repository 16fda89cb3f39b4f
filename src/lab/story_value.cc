#include "lab/story_value.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/size_text.h"
#include "scenario/check_value.h"

namespace oomkit {
namespace {

enum class Measure { count, memory, microseconds };

bool is_among(std::string_view word, const auto& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Files of one number, in bytes.
constexpr std::array<std::string_view, 13> kAmountFiles = {"memory.current",
                                                           "memory.max",
                                                           "memory.high",
                                                           "memory.low",
                                                           "memory.min",
                                                           "memory.peak",
                                                           "memory.swap.current",
                                                           "memory.swap.max",
                                                           "memory.usage_in_bytes",
                                                           "memory.max_usage_in_bytes",
                                                           "memory.limit_in_bytes",
                                                           "memory.soft_limit_in_bytes",
                                                           "memory.memsw.usage_in_bytes"};

// The lines of memory.stat that are amounts begin with these; the others count events.
constexpr std::array<std::string_view, 12> kAmountStats = {
    "anon",   "file",  "kernel", "sock",    "shmem",      "slab",
    "percpu", "cache", "rss",    "vmalloc", "pagetables", "zswap"};

bool is_amount_of_stat(std::string_view key) {
  return std::any_of(kAmountStats.begin(), kAmountStats.end(), [&](std::string_view word) {
    return key == word || (key.starts_with(word) && key[word.size()] == '_');
  });
}

Measure measure_of_file(std::string_view file, std::string_view key) {
  const std::string_view name = file.substr(file.rfind('/') + 1);
  if (is_among(name, kAmountFiles)) return Measure::memory;
  if (name == "memory.stat") return is_amount_of_stat(key) ? Measure::memory : Measure::count;
  if (name == "meminfo" || name == "smaps_rollup") return Measure::memory;
  if (name == "status" && (key.starts_with("Vm") || key.starts_with("Rss"))) return Measure::memory;
  if (key.ends_with(".total")) return Measure::microseconds;
  return Measure::count;
}

std::string_view file_of_label(const Scenario& scenario, std::string_view label) {
  std::string_view file;
  const auto look = [&](const Action& action) {
    if (action.kind == Action::Kind::read && action.name == label) file = action.file;
  };
  std::for_each(scenario.events.begin(), scenario.events.end(), look);
  for (const ListenerSpec& listener : scenario.listeners)
    std::for_each(listener.then.begin(), listener.then.end(), look);
  return file;
}

Measure measure_of(const CheckSubject& subject, const Scenario& scenario) {
  const std::string_view member = subject.member;
  if (member.starts_with("psi.")) return Measure::microseconds;
  switch (subject.kind) {
    case CheckSubject::Kind::cgroup:
      return member.starts_with("events.") ? Measure::count : Measure::memory;
    case CheckSubject::Kind::process:
      return member == "rss" || member == "swap" ? Measure::memory : Measure::count;
    case CheckSubject::Kind::host:
      return member.starts_with("vmstat.") ? Measure::count : Measure::memory;
    case CheckSubject::Kind::read:
      return measure_of_file(file_of_label(scenario, subject.name), member);
    case CheckSubject::Kind::events:
    case CheckSubject::Kind::state:
    case CheckSubject::Kind::log_finding:
    case CheckSubject::Kind::killed_by_kernel:
      break;
  }
  return Measure::count;
}

std::string time_text(std::int64_t microseconds) {
  const std::int64_t tenths = microseconds / 100'000;
  if (tenths >= 10) return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
  return std::to_string(microseconds / 1000) + " ms";
}

}  // namespace

std::string story_text(const CheckSubject& subject, const Scenario& scenario,
                       const RunRecord& record) {
  constexpr std::size_t kWordMax = 60;
  const auto value = value_of(subject, record);
  if (!value) return "-";
  if (!value->number) return value->text.substr(0, std::min(value->text.find('\n'), kWordMax));
  switch (measure_of(subject, scenario)) {
    case Measure::memory:
      return size_text(Bytes(*value->number));
    case Measure::microseconds:
      return time_text(*value->number);
    case Measure::count:
      break;
  }
  return std::to_string(*value->number);
}

}  // namespace oomkit
