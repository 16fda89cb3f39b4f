#include "cli/explain_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "io/process_environment.h"

namespace oomkit {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
// An input that makes us wait so long is being written while we read.
constexpr std::chrono::milliseconds kLivePause(400);

}  // namespace

ExplainSession::ExplainSession(const ExplainRequest& request, ExplainOptions options,
                               std::unique_ptr<Renderer> renderer)
    : request_(request),
      options_(std::move(options)),
      renderer_(std::move(renderer)),
      buffer_(kBlockBytes) {}

Status ExplainSession::read(ByteSource& source, const std::function<bool()>& stop) {
  LogReader reader(source.name(), *this, {.plain_scan = request_.plain_scan});
  Status status;
  bool live = false;
  while (!stop()) {
    const auto before = monotonic_time();
    const Result<std::size_t> size = source.read(buffer_);
    if (!size) {
      status = tl::unexpected(size.error());
      break;
    }
    if (*size == 0) break;
    live = live || monotonic_time() - before > kLivePause;
    reader.feed(std::string_view(buffer_.data(), *size));
    if (live) renderer_->flush();
  }
  reader.finish();
  damage_.merge(reader.damage());
  if (source.truncated()) damage_.add(Damage::input_truncated);
  inputs_.push_back({reader.totals().name, reader.totals().bytes, reader.totals().lines});
  return status;
}

bool ExplainSession::wanted(std::size_t index, const OomReport& report) const {
  if (request_.only && *request_.only != index) return false;
  if (!request_.since && !request_.until) return true;
  // A report without a time cannot be said to lie outside.
  if (!report.at.time) return true;
  constexpr std::chrono::microseconds kNone(0);
  if (request_.since && distance_from(*request_.since, *report.at.time, request_.now) < kNone)
    return false;
  return !request_.until || distance_from(*request_.until, *report.at.time, request_.now) <= kNone;
}

void ExplainSession::on_report(OomReport&& report) {
  const std::size_t index = ++found_;
  const bool show = wanted(index, report);
  // What is not asked for by its time is not part of the story either; a report beside
  // the one asked for by its number is.
  if (!show && !request_.only) return;
  const Explanation explanation = explain(std::move(report), options_);
  const bool repeats = tracker_.add(index, explanation) == IncidentTracker::Added::repeats;
  // One that is asked for by its number is shown whatever it says, and programs get all.
  const bool all = request_.only || request_.render.format == OutputFormat::json;
  if (show && (!repeats || all)) {
    ++shown_;
    renderer_->report(index, explanation);
  }
  show_incidents();
}

void ExplainSession::on_other(OtherEvent&& event) {
  ++others_;
  if (!request_.only) renderer_->other(event);
}

void ExplainSession::show_incidents() {
  for (const Incident& incident : tracker_.take_closed()) {
    const auto& reports = incident.reports;
    if (request_.only && std::find(reports.begin(), reports.end(), *request_.only) == reports.end())
      continue;
    renderer_->incident(incident);
  }
}

void ExplainSession::end() {
  tracker_.finish();
  show_incidents();
  damage_.add(Damage::incidents_dropped, tracker_.dropped());
  renderer_->end(inputs_, damage_);
}

}  // namespace oomkit
