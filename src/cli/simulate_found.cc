#include "cli/simulate_found.h"

#include <algorithm>
#include <chrono>

#include "cli/host_input.h"
#include "core/size_text.h"
#include "lab/found_start.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "scenario/units.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kAfterGrowth = 30s;
constexpr std::size_t kKillsTold = 5;

std::string kill_sentence(const RunEvent& kill, bool first) {
  std::string text = first ? "" : "Then ";
  text += visible(kill.comm.value_or("?"));
  if (kill.pid) text += " (pid " + std::to_string(*kill.pid) + ")";
  text += " dies after " + duration_text(static_cast<double>(kill.t_ms) / 1000.0) + ", ";
  if (kill.kind == "guard_kill")
    return text + "killed by the guard (" + visible(kill.by.value_or("?")) + ").\n";
  if (kill.constraint == "memcg" && kill.cgroup)
    return text + "killed at the limit of " + visible(*kill.cgroup) + ".\n";
  return text + "killed because the host has no memory left.\n";
}

}  // namespace

Result<std::vector<SimulatedRun>> simulate_found(const FoundArguments& arguments) {
  OOMKIT_TRY(HostInput input, HostInput::create({arguments.snapshot, "/"}));
  OOMKIT_TRY(const Snapshot snapshot, input.read(HostQuery::everything()));
  auto found = start_from(snapshot);
  if (!found) return fail(found.error().code, arguments.snapshot + ": " + found.error().what);
  FoundStart start = *std::move(found);
  std::chrono::milliseconds longest{0};
  for (const std::string& text : arguments.what_if) {
    OOMKIT_TRY(const AskedGrowth growth, parse_growth(text));
    longest = std::max(longest, growing_time(growth));
    add_growth(growth, start.scenario, &start.host);
  }
  start.scenario.end.after = longest + kAfterGrowth;
  if (arguments.time) {
    OOMKIT_TRY(start.scenario.end.after, parse_duration(*arguments.time));
  }
  std::vector<std::string> kernels = arguments.kernels;
  if (kernels.empty()) kernels.push_back(start.kernel);
  std::vector<SimulatedRun> runs;
  for (const std::string& kernel : kernels) {
    SimulationOptions options;
    options.kernel = kernel;
    options.seed = arguments.seed;
    options.trace = arguments.trace;
    options.found = &start.host;
    options.resident = arguments.resident;
    auto run = run_in_model(start.scenario, options);
    if (!run) return fail(run.error().code, arguments.snapshot + ": " + run.error().what);
    runs.push_back({arguments.snapshot, kernel, *std::move(run)});
  }
  return runs;
}

std::string found_answer(const std::vector<SimulatedRun>& runs) {
  std::string text;
  for (const SimulatedRun& run : runs) {
    const RunRecord& record = run.model.rehearsal.record;
    if (runs.size() > 1) text += "As kernel " + run.kernel + ":\n";
    std::size_t told = 0;
    std::size_t kills = 0;
    std::size_t refused = 0;
    for (const RunEvent& event : record.events) {
      if (event.kind == "panic") text += "The kernel panics.\n";
      if (event.kind == "refused" && refused++ == 0)
        text += visible(event.comm.value_or("?")) + " is refused memory after " +
                duration_text(static_cast<double>(event.t_ms) / 1000.0) + ", by overcommit.\n";
      if (event.kind != "oom_kill" && event.kind != "guard_kill") continue;
      if (kills++ >= kKillsTold) continue;
      text += kill_sentence(event, told++ == 0);
    }
    if (kills > told) text += "And " + std::to_string(kills - told) + " more.\n";
    const std::string time = duration_text(static_cast<double>(record.duration_ms) / 1000.0);
    if (kills == 0 && record.ended != "panic") text += "Nobody dies within " + time + ".\n";
    if (record.host.available)
      text += "Available after " + time + ": " + size_text(*record.host.available) + ".\n";
  }
  return text;
}

}  // namespace oomkit
