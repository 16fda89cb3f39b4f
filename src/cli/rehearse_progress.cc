#include "cli/rehearse_progress.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "core/size_text.h"
#include "io/process_environment.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/width.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;

constexpr auto kPause = 100ms;
constexpr std::size_t kProcessesShown = 2;

std::string state_text(const RunProgress& progress) {
  const std::string since =
      " " + duration_text(static_cast<double>(progress.elapsed.count()) / 1000.0);
  switch (progress.phase) {
    case RunProgress::Phase::preparing:
      return "is prepared";
    case RunProgress::Phase::booting:
      return "boots" + since;
    case RunProgress::Phase::setting_up:
      return "sets up" + since;
    case RunProgress::Phase::running:
      break;
    case RunProgress::Phase::ending:
      return "ends" + since;
    case RunProgress::Phase::over:
      return "is done" + since;
  }
  std::string text = "runs" + since;
  if (progress.guest == nullptr) return text;
  auto processes = progress.guest->processes;
  std::stable_sort(processes.begin(), processes.end(),
                   [](const auto& a, const auto& b) { return a.rss > b.rss; });
  for (std::size_t i = 0; i < std::min(processes.size(), kProcessesShown); ++i)
    text += ", " + visible(processes[i].comm) + " " + size_text(processes[i].rss);
  if (progress.guest->oom_kills > 0)
    text += ", " + std::to_string(progress.guest->oom_kills) + " killed";
  return text;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

RehearseProgress::RehearseProgress(std::vector<std::string> names, bool on, int columns)
    : names_(std::move(names)),
      states_(names_.size()),
      on_(on),
      columns_(static_cast<std::size_t>(std::max(columns, 20))) {}

RehearseProgress::~RehearseProgress() {
  if (on_) print("\r\x1b[K");
}

void RehearseProgress::show(const RunProgress& progress) {
  if (!on_) return;
  states_[progress.run] = state_text(progress);
  const bool done = progress.phase == RunProgress::Phase::over;
  if (done) {
    ++over_;
    states_[progress.run].clear();
  }
  if (!done && monotonic_time() - drawn_ < kPause) return;
  drawn_ = monotonic_time();
  draw();
}

void RehearseProgress::draw() {
  std::string line;
  if (names_.size() > 1)
    line = std::to_string(over_) + " of " + std::to_string(names_.size()) + " done";
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (states_[i].empty()) continue;
    line += (line.empty() ? "" : "; ") + visible(names_[i]) + " " + states_[i];
  }
  print("\r\x1b[K" + shortened(line, columns_ - 1));
}

}  // namespace oomkit
