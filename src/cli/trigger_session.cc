#include "cli/trigger_session.h"

#include <array>
#include <chrono>
#include <utility>

#include "explain/manual_reports.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;

std::string read_more(LiveSource& log) {
  std::string text;
  std::array<char, 16384> block{};
  constexpr std::size_t kTextMax = std::size_t{16} << 20;
  while (text.size() < kTextMax) {
    const auto count = log.read(block);
    if (!count || *count == 0) break;
    text.append(block.data(), *count);
  }
  return text;
}

bool tells_the_end(std::string_view text) {
  for (const char* word : {"Killed process", "no killable processes", "No task eligible"}) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// The kernel does it in a worker of its own, in its time.
std::string listen(LiveSource& log) {
  constexpr milliseconds kPause{50};
  constexpr int kAttempts = 100;
  std::string text;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    pause_for(kPause);
    const std::string more = read_more(log);
    text += more;
    // What follows a kill (a group's others, the reaper) comes without a pause.
    if (more.empty() && tells_the_end(text)) break;
  }
  return text;
}

}  // namespace

Result<TopReport> preview_trigger(Snapshot snapshot) {
  TopQuery query;
  query.scope = "host";
  query.manual = true;
  return make_top_report(std::move(snapshot), std::nullopt, query);
}

Result<TriggerOutcome> pull_trigger(SysrqDoor& door, Result<std::unique_ptr<LiveSource>> log) {
  if (const Status pressed = door.press('f'); !pressed) return tl::unexpected(pressed.error());
  TriggerOutcome outcome;
  if (!log) {
    outcome.log_problem = log.error().what;
    return outcome;
  }
  ManualReports manual;
  LogReader reader("the kernel's log", manual);
  reader.feed(listen(**log));
  reader.finish();
  outcome.reports = manual.reports();
  return outcome;
}

}  // namespace oomkit
