#include "doctor/facts.h"

#include <algorithm>

namespace oomkit {

Facts::Facts(const DoctorInput& input) : input_(input) {
  if (snapshot().kernel_release) version_ = parse_kernel_version(*snapshot().kernel_release);
  if (version_) prediction_ = predict_host(snapshot(), *version_);
  headroom_ = host_headroom(snapshot());
}

std::optional<std::int64_t> Facts::sysctl(std::string_view name) const {
  return snapshot().host_state ? snapshot().host_state->sysctl.find(name) : std::nullopt;
}

std::optional<Bytes> Facts::meminfo(std::string_view name) const {
  return snapshot().host_state ? snapshot().host_state->amount(name) : std::nullopt;
}

std::optional<std::int64_t> Facts::vmstat(std::string_view name) const {
  return snapshot().host_state ? snapshot().host_state->vmstat.find(name) : std::nullopt;
}

bool Facts::boot_options_known() const {
  return snapshot().host_state && snapshot().host_state->boot_options.has_value();
}

std::optional<std::string> Facts::boot_option(std::string_view name) const {
  if (!boot_options_known()) return std::nullopt;
  // Of several, the last holds.
  const auto& options = *snapshot().host_state->boot_options;
  for (auto option = options.rbegin(); option != options.rend(); ++option) {
    const std::size_t equals = std::min(option->find('='), option->size());
    if (std::string_view(*option).substr(0, equals) != name) continue;
    return equals < option->size() ? option->substr(equals + 1) : std::string();
  }
  return std::nullopt;
}

std::vector<std::size_t> Facts::tasks_named(std::string_view comm) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < snapshot().tasks.size(); ++i) {
    const bool kernel_thread =
        !snapshot().task_states.empty() && snapshot().task_states[i].kernel_thread == true;
    if (!kernel_thread && snapshot().tasks[i].comm == comm) found.push_back(i);
  }
  return found;
}

bool Facts::systemd_is_init() const {
  return std::any_of(snapshot().tasks.begin(), snapshot().tasks.end(),
                     [](const Task& task) { return task.pid == 1 && task.comm == "systemd"; });
}

const MemcgNode* Facts::memcg_of(std::size_t task) const {
  if (!snapshot().memcgs || snapshot().task_states.empty()) return nullptr;
  const auto memcg = snapshot().task_states[task].memcg;
  return memcg ? &snapshot().memcgs->nodes[*memcg] : nullptr;
}

std::optional<Bytes> Facts::memory_of(std::size_t task) const {
  const Task& of = snapshot().tasks[task];
  if (!of.rss || !snapshot().page_size) return std::nullopt;
  return to_bytes(*of.rss + of.swapents.value_or(Pages(0)), *snapshot().page_size);
}

std::optional<Bytes> Facts::effective_limit(std::size_t memcg) const {
  std::optional<Bytes> smallest;
  const auto& nodes = snapshot().memcgs->nodes;
  for (std::optional<std::size_t> at = memcg; at; at = nodes[*at].parent) {
    const auto& limit = nodes[*at].limit;
    if (limit && limit->size) smallest = std::min(smallest.value_or(*limit->size), *limit->size);
  }
  return smallest;
}

}  // namespace oomkit
