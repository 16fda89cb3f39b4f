#include "explain/cgroup_reports.h"

#include <string_view>
#include <utility>

namespace oomkit {
namespace {

constexpr std::size_t kExplainedMax = 32;

// That `name` is the path's last part or one before it.
bool passes_through(const std::optional<std::string>& path, std::string_view name) {
  if (!path || name.empty()) return false;
  const std::string_view text = *path;
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (at > 0 && text[at - 1] == '/' && (end == text.size() || text[end] == '/')) return true;
  }
  return false;
}

}  // namespace

bool CgroupReports::is_about_us(const OomReport& report) const {
  if (passes_through(report.oom_group, name_)) return true;
  if (!report.at.memcg) return false;
  return passes_through(report.at.memcg->oom_path, name_) ||
         passes_through(report.at.memcg->task_path, name_);
}

void CgroupReports::on_report(OomReport&& report) {
  if (!is_about_us(report)) return;
  ++count_;
  if (explained_.size() < kExplainedMax) explained_.push_back(explain(std::move(report), {}));
}

}  // namespace oomkit
