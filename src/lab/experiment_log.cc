#include "lab/experiment_log.h"

#include <utility>

#include "klog/reader.h"

namespace oomkit {
namespace {

class Collector final : public ReportSink {
 public:
  explicit Collector(std::vector<Explanation>& explained) : explained_(explained) {}

  void on_report(OomReport&& report) override {
    explained_.push_back(explain(std::move(report), ExplainOptions()));
  }
  void on_other(OtherEvent&& event) override { static_cast<void>(event); }

 private:
  std::vector<Explanation>& explained_;
};

}  // namespace

std::vector<Explanation> explain_kernel_log(std::string_view log) {
  std::vector<Explanation> explained;
  Collector collector(explained);
  LogReader reader("the kernel's log", collector);
  reader.feed(log);
  reader.finish();
  return explained;
}

}  // namespace oomkit
