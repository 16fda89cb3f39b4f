// The few functions that the model's value types have.
#include <array>

#include "core/text.h"
#include "model/kernel_version.h"
#include "model/memcg.h"
#include "model/oom_report.h"
#include "model/task.h"

namespace oomkit {

std::optional<KernelVersion> parse_kernel_version(std::string_view release) {
  Cursor cursor(release);
  KernelVersion version;
  const auto major = cursor.take_integer<std::uint16_t>();
  if (!major || !cursor.take(".")) return std::nullopt;
  const auto minor = cursor.take_integer<std::uint16_t>();
  if (!minor) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  if (cursor.take(".")) version.patch = cursor.take_integer<std::uint16_t>().value_or(0);
  return version;
}

std::string to_string(const KernelVersion& version) {
  std::string text = std::to_string(version.major) + "." + std::to_string(version.minor);
  if (version.major < 3 || version.patch != 0) text += "." + std::to_string(version.patch);
  return text;
}

std::optional<Bytes> pgtables_bytes(const Task& task, PageSize page_size) {
  if (task.pgtables) return task.pgtables;
  if (!task.nr_ptes) return std::nullopt;
  const Pages pages =
      Pages(*task.nr_ptes) + Pages(task.nr_pmds.value_or(0)) + Pages(task.nr_puds.value_or(0));
  return to_bytes(pages, page_size);
}

void MemcgStat::set(std::string_view name, std::int64_t value) {
  for (auto& entry : entries_) {
    if (entry.first == name) {
      entry.second = value;
      return;
    }
  }
  entries_.emplace_back(std::string(name), value);
}

void MemcgStat::add(std::string_view name, std::int64_t value) {
  entries_.emplace_back(std::string(name), value);
}

std::optional<std::int64_t> MemcgStat::find(std::string_view name) const {
  for (const auto& entry : entries_) {
    if (entry.first == name) return entry.second;
  }
  return std::nullopt;
}

std::optional<Bytes> MemcgStat::bytes(std::string_view name) const {
  const auto value = find(name);
  return value ? std::optional(Bytes(*value)) : std::nullopt;
}

std::string_view name_of(Constraint constraint) {
  constexpr std::array<std::string_view, 5> kNames = {"none", "cpuset", "memory_policy", "memcg",
                                                      "unknown"};
  return kNames[static_cast<std::size_t>(constraint)];
}
std::string_view name_of(ConstraintSource source) {
  constexpr std::array<std::string_view, 3> kNames = {"stated", "inferred", "absent"};
  return kNames[static_cast<std::size_t>(source)];
}
std::string_view name_of(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kNames = {"killed", "panic", "no_killable", "unknown"};
  return kNames[static_cast<std::size_t>(verdict)];
}
std::string_view name_of(Killer killer) {
  constexpr std::array<std::string_view, 8> kNames = {
      "kernel", "systemd-oomd", "earlyoom", "oomd", "nohang", "kubelet", "lmkd", "oomkit"};
  return kNames[static_cast<std::size_t>(killer)];
}
std::string_view name_of(Part part) {
  constexpr std::array<std::string_view, 8> kNames = {"trigger",     "stack",       "memory",
                                                      "memcg_usage", "memcg_stats", "task_table",
                                                      "constraint",  "kill_line"};
  return kNames[static_cast<std::size_t>(part)];
}
std::string_view name_of(OtherEvent::Kind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"page_alloc_failure", "page_alloc_stall",
                                                      "oom_disabled_stall", "slub_failure",
                                                      "vmalloc_failure",    "overcommit_refusal"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace oomkit
