#include "lab/sweep.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "lab/model_world.h"
#include "scenario/parse.h"

namespace oomkit {
namespace {

SweepRun refused(SweepRun run, std::string why) {
  run.outcome = "refused";
  run.problem = std::move(why);
  return run;
}

std::string outcome_of(const RunRecord& record) {
  if (record.ended == "panic") return "panic";
  std::string text;
  std::vector<std::string> named;
  for (const std::string& victim : record.victims) {
    if (std::find(named.begin(), named.end(), victim) != named.end()) continue;
    named.push_back(victim);
    text += (text.empty() ? "" : ", ") + victim;
  }
  return text.empty() ? "nobody" : text;
}

SweepRun run_one(const SweepPlan& plan, std::string_view source, std::int64_t index,
                 const ResidentPlan* resident) {
  SweepRun run = begin_run(plan, index);
  const ParsedScenario parsed = parse_scenario(scenario_text(plan, source, choose(plan, index)));
  if (!parsed.diagnostics.empty())
    return refused(std::move(run), parsed.diagnostics.front().message);
  if (auto why = why_not_in_model(parsed.scenario, {run.kernel}, resident))
    return refused(std::move(run), *std::move(why));
  SimulationOptions options;
  options.kernel = run.kernel;
  options.seed = run.seed;
  options.resident = resident;
  auto model = run_in_model(parsed.scenario, options);
  if (!model) return refused(std::move(run), model.error().what);
  RunRecord& record = model->rehearsal.record;
  run.outcome = outcome_of(record);
  run.victims = std::move(record.victims);
  run.duration_ms = record.duration_ms;
  for (const RunEvent& event : record.events) {
    const bool is_kill = event.kind == "oom_kill" || event.kind == "guard_kill";
    if (is_kill && !run.first_kill_ms) run.first_kill_ms = event.t_ms;
  }
  return run;
}

}  // namespace

SweepRun begin_run(const SweepPlan& plan, std::int64_t index) {
  const SweepChoice choice = choose(plan, index);
  SweepRun run;
  run.index = index;
  run.seed = choice.seed;
  run.kernel = plan.kernels[choice.kernel];
  for (const SweepValue& value : choice.values) {
    run.values.push_back(value.shown);
    run.numbers.push_back(value.number);
  }
  return run;
}

std::optional<std::string> why_not_in_model(const Scenario& scenario,
                                            const std::vector<std::string>& kernels,
                                            const ResidentPlan* resident) {
  for (const std::string& kernel : kernels) {
    if (const auto beyond = beyond_model(scenario, kernel, resident != nullptr); !beyond.empty())
      return beyond.front().message;
    SimulationOptions options;
    options.kernel = kernel;
    if (const Status begins = can_begin(scenario, options); !begins) return begins.error().what;
  }
  return std::nullopt;
}

std::vector<SweepRun> run_sweep(const SweepPlan& plan, std::string_view source,
                                const SweepShare& share,
                                const std::function<void(std::int64_t)>& progress) {
  const std::int64_t all = count_runs(plan);
  const std::int64_t count = all > share.first ? (all - share.first - 1) / share.stride + 1 : 0;
  std::vector<SweepRun> runs(static_cast<std::size_t>(count));
  std::atomic<std::int64_t> next = 0;
  std::mutex telling;
  std::int64_t done = 0;
  const auto work = [&] {
    for (std::int64_t i = next++; i < count; i = next++) {
      runs[static_cast<std::size_t>(i)] =
          run_one(plan, source, share.first + i * share.stride, share.resident);
      const std::lock_guard lock(telling);
      progress(++done);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < share.threads; ++i)
      threads.emplace_back(work);
    work();
  }
  return runs;
}

}  // namespace oomkit
