// Of everything that a kernel logs, the reports about one cgroup: its limit was met, or a
// process in it was the victim of a larger shortage.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "explain/explanation.h"
#include "klog/reader.h"

namespace oomkit {

class CgroupReports final : public ReportSink {
 public:
  // `name`: of the cgroup's folder, unlike any other's.
  explicit CgroupReports(std::string name) : name_(std::move(name)) {}

  void on_report(OomReport&& report) override;
  void on_other(OtherEvent&& event) override { static_cast<void>(event); }

  // The first of them, explained; as many as one reads.
  const std::vector<Explanation>& explained() const { return explained_; }
  std::size_t count() const { return count_; }

 private:
  bool is_about_us(const OomReport& report) const;

  std::string name_;
  std::vector<Explanation> explained_;
  std::size_t count_ = 0;
};

}  // namespace oomkit
