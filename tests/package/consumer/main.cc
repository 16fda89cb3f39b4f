// What somebody else would write: read a log with the library, explain each kill.
#include <cstdio>
#include <string>

#include "explain/explanation.h"
#include "klog/reader.h"

namespace {

class Explaining final : public oomkit::ReportSink {
 public:
  void on_report(oomkit::OomReport&& report) override {
    const oomkit::Explanation explanation = oomkit::explain(std::move(report), {});
    std::printf("%s\n", explanation.headline.c_str());
    ++kills;
    if (!explanation.report.victims.empty()) pid = explanation.report.victims.front().pid;
  }
  void on_other(oomkit::OtherEvent&&) override {}

  int kills = 0;
  std::optional<std::int64_t> pid;
};

}  // namespace

int main() {
  Explaining sink;
  oomkit::LogReader reader("console", sink);
  reader.feed(
      "[  411.204101] Out of memory: Killed process 4242 (hog) total-vm:1048576kB, "
      "anon-rss:524288kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1104kB oom_score_adj:0\n");
  reader.finish();
  return sink.kills == 1 && sink.pid == 4242 ? 0 : 1;
}
