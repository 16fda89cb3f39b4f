#include "lab/model_world.h"

#include <chrono>
#include <utility>

#include "klog/writer.h"
#include "lab/complete.h"
#include "lab/kernel_log.h"
#include "model/kernel_version.h"
#include "scenario/expectation.h"

namespace oomkit {
namespace {

// "[   12.345678] ", as printk writes it.
std::string model_stamp(HostTime at) {
  const std::int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(at).count();
  std::string seconds = std::to_string(us / 1'000'000);
  std::string fraction = std::to_string(us % 1'000'000);
  seconds.insert(0, seconds.size() < 5 ? 5 - seconds.size() : 0, ' ');
  fraction.insert(0, 6 - fraction.size(), '0');
  return "[" + seconds + "." + fraction + "] ";
}

void append_lines(std::string& text, HostTime at, std::string_view lines) {
  const std::string stamp = model_stamp(at);
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    text.append(stamp).append(lines.substr(0, end)).append("\n");
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

KernelLog log_of(const Simulation& simulation) {
  KernelLog log;
  log.begin = simulation.begin;
  const auto version = parse_kernel_version(simulation.release).value_or(KernelVersion{});
  for (const SimulatedWords& words : simulation.log) {
    append_lines(log.text, words.at,
                 words.report ? write_report(*words.report, version) : words.line);
    log.last = words.at;
    if (!words.report || words.report->verdict != Verdict::panic) continue;
    log.panic = words.report->panic_text;
    log.panic_time = words.at;
  }
  return log;
}

}  // namespace

Result<ModelRun> run_in_model(const Scenario& scenario, const SimulationOptions& options) {
  OOMKIT_TRY(Simulation simulation, simulate(scenario, options));
  const KernelLog log = log_of(simulation);
  Transcript transcript;
  transcript.hello = GuestHello{};
  transcript.hello->release = simulation.release;
  transcript.begin_us =
      std::chrono::duration_cast<std::chrono::microseconds>(simulation.begin).count();
  transcript.parts = std::move(simulation.parts);
  for (ToldDecision& told : simulation.decisions)
    transcript.decisions.push_back({told.t_ms, std::move(told.record)});
  if (simulation.ended) transcript.end = GuestEnd{simulation.ended_by, simulation.duration_ms};
  ModelRun run;
  Rehearsal& rehearsal = run.rehearsal;
  rehearsal.record = complete_record({.scenario = scenario,
                                      .release = simulation.release,
                                      .seed = options.seed,
                                      .wall_ms = 0,
                                      .outcome = {}},
                                     transcript, log);
  rehearsal.record.world = "model";
  rehearsal.record.wall_ms.reset();  // The same run is the same bytes.
  judge(scenario, rehearsal.record);
  rehearsal.decisions = std::move(transcript.decisions);
  rehearsal.kernel_log = log.text;
  run.trace = std::move(simulation.trace);
  return run;
}

}  // namespace oomkit
