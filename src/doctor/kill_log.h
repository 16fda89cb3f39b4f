// The kernel's kills that a log tells of, counted as it is read.
#pragma once

#include <string>

#include "doctor/diagnosis.h"
#include "klog/reader.h"

namespace oomkit {

class KillLog final : public ReportSink {
 public:
  explicit KillLog(std::string source) { kills_.source = std::move(source); }

  void on_report(OomReport&& report) override;
  void on_other(OtherEvent&& /*event*/) override {}

  const LoggedKills& kills() const { return kills_; }

 private:
  LoggedKills kills_;
};

}  // namespace oomkit
