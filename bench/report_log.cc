#include "bench/report_log.h"

#include "klog/writer.h"
#include "tests/support/random_report.h"

namespace oomkit::bench {

namespace {

// What one memory-starved host of ordinary size prints, nothing lost and nothing left out.
bool is_whole(const OomReport& report) {
  constexpr std::size_t kTasksMin = 100;
  constexpr std::size_t kTasksMax = 300;
  const std::size_t tasks = report.at.tasks.size();
  return report.trigger && !report.stack.empty() && tasks >= kTasksMin && tasks <= kTasksMax &&
         report.verdict == Verdict::killed;
}

}  // namespace

ReportLog::ReportLog(std::uint64_t seed, test::FrameStyle style, Reports reports)
    : random_(seed), style_(style) {
  constexpr std::size_t kPool = 300;
  const bool whole = reports == Reports::whole;
  const test::RandomReportOptions options{.tasks_max = whole ? 300U : 60U, .nasty_names = false};
  const std::vector<KernelVersion>& versions = test::kernel_versions();
  while (reports_.size() < kPool) {
    const KernelVersion& version = versions[random_.next() % versions.size()];
    const OomReport report = test::random_report(random_, version, options);
    if (whole && !is_whole(report)) continue;
    std::string text = write_report(report, version);
    if (!text.empty()) reports_.push_back(std::move(text));
  }
}

void ReportLog::append_report(std::string& out) {
  const std::string& report = reports_[random_.next() % reports_.size()];
  out += test::frame_lines(report, style_, time_);
  const auto pause = std::chrono::milliseconds(random_.between(100, 60'000));
  time_.wall += pause;
  time_.uptime += pause;
}

}  // namespace oomkit::bench
