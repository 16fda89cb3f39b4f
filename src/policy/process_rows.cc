#include "policy/process_rows.h"

#include <algorithm>

namespace oomkit {
namespace {

constexpr std::int64_t kSmallestPage = 4096;  // No page is smaller, all are multiples of it.

}  // namespace

SmallProcess::SmallProcess(const TickProcess& whole)
    : oom_score(whole.oom_score),
      start_(whole.start),
      pid_(whole.pid),
      ppid_(whole.ppid),
      pgid_(whole.pgid),
      session_(whole.session),
      threads_(whole.threads),
      cgroup_(whole.cgroup),
      state_(whole.state),
      kernel_thread_(whole.kernel_thread) {
  if (whole.rss) {
    rss_grains_ = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>((*whole.rss).count() / kSmallestPage, 0, UINT32_MAX - 1));
  }
  const std::string_view name = whole.comm.substr(0, kName);
  std::copy(name.begin(), name.end(), comm_.begin());
}

TickProcess SmallProcess::whole() const {
  TickProcess row;
  row.pid = pid_;
  row.start = start_;
  row.ppid = ppid_;
  row.pgid = pgid_;
  row.session = session_;
  row.threads = threads_;
  row.cgroup = cgroup_;
  row.state = state_;
  row.kernel_thread = kernel_thread_;
  row.oom_score = oom_score;
  if (rss_grains_ != UINT32_MAX) row.rss = Bytes(rss_grains_ * kSmallestPage);
  const auto end = std::find(comm_.begin(), comm_.end(), '\0');
  row.comm = {comm_.data(), static_cast<std::size_t>(end - comm_.begin())};
  return row;
}

TickProcess ProcessRows::operator[](std::size_t row) const {
  if (small_.empty()) return whole_[row];
  const std::uint32_t close = small_[row].close;
  return close == kNoRow ? small_[row].whole() : whole_[close];
}

ProcessRows ProcessRows::first(std::size_t count) const {
  if (small_.empty()) return whole_.first(count);
  return {small_.first(count), whole_};
}

}  // namespace oomkit
