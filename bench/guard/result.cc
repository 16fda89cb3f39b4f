#include "result.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "guest/proc_text.h"

namespace oomkit::bench {
namespace {

using Json = nlohmann::json;

std::string capture_of(const Rehearsal& rehearsal, std::string_view path) {
  for (const GuestCapture& capture : rehearsal.captures) {
    if (capture.label == "trial" && capture.path == path) return capture.text;
  }
  return {};
}

// The one that a run lets grow in a way that scenarios cannot say (stuck.h).
constexpr const char* kStuckWord = "trial.stuck=";

bool has_stuck(const Scenario& scenario) {
  const auto& words = scenario.host.boot_parameters;
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word.starts_with(kStuckWord); });
}

void count_deaths(const Scenario& scenario, const RunRecord& record, TrialResult& result) {
  const std::vector<std::string> culprits =
      scenario.expect.victims.value_or(std::vector<std::string>());
  std::optional<std::int64_t> last_ms;
  for (const RunEvent& event : record.events) {
    if (event.kind == "oom_kill") ++result.kernel_kills;
    if (event.kind != "exit" || !event.comm || !event.value) continue;
    if (!event.value->starts_with("signal")) continue;
    if (!result.first_dead) {
      result.first_dead = event.comm;
      result.first_dead_ms = event.t_ms;
    }
    if (std::find(culprits.begin(), culprits.end(), *event.comm) == culprits.end()) {
      result.innocents_dead.push_back(*event.comm);
      continue;
    }
    ++result.culprits_dead;
    last_ms = event.t_ms;
  }
  if (last_ms && result.onset_ms)
    result.relief_ms = std::max<std::int64_t>(0, *last_ms - *result.onset_ms);
}

template <class T>
Json maybe(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class T = std::int64_t>
std::optional<T> maybe_of(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

}  // namespace

TrialResult judge_trial(const Scenario& scenario, const std::string& daemon,
                        const std::string& kernel, const Result<Rehearsal>& rehearsal) {
  TrialResult result;
  result.workload = scenario.name;
  result.daemon = daemon;
  result.kernel = kernel;
  const bool stuck = has_stuck(scenario);
  result.nobody_may_die =
      !stuck && scenario.expect.victims.value_or(std::vector<std::string>()).empty();
  if (!rehearsal) {
    result.why = rehearsal.error().what;
    return result;
  }
  const std::string findings = capture_of(*rehearsal, "findings");
  const auto found = [&](std::string_view name) {
    return guest::number_of(findings, name).value_or(0);
  };
  result.over = !findings.empty();
  if (!result.over) result.why = rehearsal->record.ended.value_or("it hung");
  const std::int64_t since = found("short_since_us");
  if (since > 0 && rehearsal->begin_us)
    result.onset_ms = std::max<std::int64_t>(0, since - *rehearsal->begin_us) / 1000;
  count_deaths(scenario, rehearsal->record, result);
  if (stuck && result.over && found("stuck_lives") == 0) ++result.culprits_dead;
  if (result.over && found("heartbeat_lives") == 0) result.innocents_dead.emplace_back("heartbeat");
  result.longest_gap_ms = found("longest_gap_us") / 1000;
  result.stalled_ms = found("stalled_us") / 1000;
  result.least_left_mib = found("least_left_kib") >> 10;
  result.daemon_lives = daemon == "none" || found("after.processes") > 0;
  result.resident_kib = found("before.resident_kib");
  result.killer_resident_kib = found("before.killer_resident_kib");
  result.locked_kib = found("before.locked_kib");
  result.cpu_us = found("after.cpu_us") - found("before.cpu_us");
  result.wakeups = found("after.wakeups") - found("before.wakeups");
  result.watched_us = found("watched_us");
  result.emulator_ms = rehearsal->processor_ms.value_or(0);
  return result;
}

std::string trial_json(const TrialResult& result) {
  Json json = {{"schema", "oomkit.guard-trial/1"},
               {"workload", result.workload},
               {"daemon", result.daemon},
               {"kernel", result.kernel},
               {"right", result.right()},
               {"nobody_may_die", result.nobody_may_die},
               {"over", result.over},
               {"culprits_dead", result.culprits_dead},
               {"innocents_dead", result.innocents_dead},
               {"first_dead", maybe(result.first_dead)},
               {"first_dead_ms", maybe(result.first_dead_ms)},
               {"kernel_kills", result.kernel_kills},
               {"onset_ms", maybe(result.onset_ms)},
               {"relief_ms", maybe(result.relief_ms)},
               {"longest_gap_ms", result.longest_gap_ms},
               {"stalled_ms", result.stalled_ms},
               {"least_left_mib", result.least_left_mib},
               {"daemon_lives", result.daemon_lives},
               {"resident_kib", result.resident_kib},
               {"killer_resident_kib", result.killer_resident_kib},
               {"locked_kib", result.locked_kib},
               {"cpu_us", result.cpu_us},
               {"wakeups", result.wakeups},
               {"watched_us", result.watched_us},
               {"emulator_ms", result.emulator_ms},
               {"why", result.why}};
  return json.dump();
}

std::optional<TrialResult> trial_of_json(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || json.value("schema", "") != "oomkit.guard-trial/1") return std::nullopt;
  TrialResult result;
  const auto number = [&](const char* name) { return json.value(name, std::int64_t{0}); };
  result.workload = json.value("workload", "");
  result.daemon = json.value("daemon", "");
  result.kernel = json.value("kernel", "");
  result.nobody_may_die = json.value("nobody_may_die", false);
  result.over = json.value("over", false);
  result.culprits_dead = number("culprits_dead");
  result.innocents_dead = json.value("innocents_dead", std::vector<std::string>());
  if (json.contains("first_dead")) {
    result.first_dead = maybe_of<std::string>(json["first_dead"]);
    result.first_dead_ms = maybe_of(json["first_dead_ms"]);
  }
  result.kernel_kills = number("kernel_kills");
  result.onset_ms = maybe_of(json["onset_ms"]);
  result.relief_ms = maybe_of(json["relief_ms"]);
  result.longest_gap_ms = number("longest_gap_ms");
  result.stalled_ms = number("stalled_ms");
  result.least_left_mib = number("least_left_mib");
  result.daemon_lives = json.value("daemon_lives", false);
  result.resident_kib = number("resident_kib");
  result.killer_resident_kib = number("killer_resident_kib");
  result.locked_kib = number("locked_kib");
  result.cpu_us = number("cpu_us");
  result.wakeups = number("wakeups");
  result.watched_us = number("watched_us");
  result.emulator_ms = number("emulator_ms");
  result.why = json.value("why", "");
  return result;
}

}  // namespace oomkit::bench
