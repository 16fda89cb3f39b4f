// From inputs to a document: reads, explains and renders report by report.
//
// Nothing is kept but what the incident tracker needs, so that a file of any size, or a
// pipe without an end, goes through in the same memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/explain_request.h"
#include "explain/incident.h"
#include "io/byte_source.h"
#include "klog/reader.h"
#include "render/renderer.h"

namespace oomkit {

class ExplainSession final : public ReportSink {
 public:
  // `monotonic_time` tells a live input by how long it takes.
  ExplainSession(const ExplainRequest& request, ExplainOptions options,
                 std::unique_ptr<Renderer> renderer);

  void begin() { renderer_->begin(); }
  // Reads to the end, or until `stop` says so. What was read before an error counts.
  Status read(ByteSource& source, const std::function<bool()>& stop);
  void end();

  void on_report(OomReport&& report) override;
  void on_other(OtherEvent&& event) override;

  std::size_t found() const { return found_; }  // Reports in the inputs.
  std::size_t shown() const { return shown_; }  // Those that were asked for.
  std::size_t others() const { return others_; }
  const std::vector<InputLine>& inputs() const { return inputs_; }

 private:
  bool wanted(std::size_t index, const OomReport& report) const;
  void show_incidents();

  const ExplainRequest& request_;
  ExplainOptions options_;
  std::unique_ptr<Renderer> renderer_;
  IncidentTracker tracker_;
  std::vector<InputLine> inputs_;
  DamageCounts damage_;
  std::vector<char> buffer_;
  std::size_t found_ = 0;
  std::size_t shown_ = 0;
  std::size_t others_ = 0;
};

}  // namespace oomkit
