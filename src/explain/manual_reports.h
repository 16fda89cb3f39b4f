// Of everything that a kernel logs, what came of a sysrq f.
#pragma once

#include <string>
#include <vector>

#include "klog/reader.h"

namespace oomkit {

class ManualReports final : public ReportSink {
 public:
  void on_report(OomReport&& report) override {
    if (report.manual) reports_.push_back(std::move(report));
  }
  void on_other(OtherEvent&& event) override { static_cast<void>(event); }

  const std::vector<OomReport>& reports() const { return reports_; }

 private:
  std::vector<OomReport> reports_;
};

}  // namespace oomkit
