#include "explain/process_use.h"

#include <algorithm>

namespace oomkit {

std::string CommKey::text() const {
  std::array<char, sizeof(bytes_)> text{};
  std::memcpy(text.data(), bytes_.data(), text.size());
  return {text.begin(), std::find(text.begin(), text.end(), '\0')};
}

std::vector<ProcessUse> process_uses(const std::vector<Task>& tasks,
                                     std::optional<PageSize> page_size) {
  std::vector<ProcessUse> uses;
  if (!page_size) return uses;
  uses.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Task& task = tasks[i];
    const Known<Pages> resident = task.rss_anon ? task.rss_anon : task.rss;
    if (!resident) continue;
    uses.push_back({task.tgid.value_or(task.pid), CommKey(task.comm),
                    to_bytes(*resident, *page_size),
                    to_bytes(task.swapents.value_or(Pages(0)), *page_size), i});
  }
  return uses;
}

}  // namespace oomkit
