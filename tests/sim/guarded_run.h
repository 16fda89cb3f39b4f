// A scenario in the model, with a guard in it or without, for tests of who dies.
#pragma once

#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/model_guard.h"
#include "lab/model_world.h"
#include "policy/policy_parse.h"
#include "scenario/parse.h"

namespace oomkit {

inline std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::string(OOMKIT_SOURCE_DIR "/") + path).rdbuf();
  return text.str();
}

inline Policy policy_of(const std::string& text) {
  ParsedPolicy parsed = parse_policy(text);
  EXPECT_THAT(parsed.diagnostics, testing::IsEmpty());
  return std::move(parsed.policy);
}

inline ModelRun run(const std::string& scenario, const std::optional<std::string>& policy,
                    const std::string& kernel = "6.12") {
  const ParsedScenario parsed = parse_scenario(scenario);
  EXPECT_THAT(parsed.diagnostics, testing::IsEmpty());
  EXPECT_THAT(beyond_model(parsed.scenario, kernel, policy.has_value()), testing::IsEmpty());
  SimulationOptions options;
  options.kernel = kernel;
  ResidentPlan guard;
  if (policy) {
    guard = guard_in_model(policy_of(*policy));
    options.resident = &guard;
  }
  auto result = run_in_model(parsed.scenario, options);
  EXPECT_TRUE(result) << result.error().what;
  return *std::move(result);
}

inline std::set<std::string> killed_by(const std::string& kind, const ModelRun& run) {
  std::set<std::string> names;
  for (const RunEvent& event : run.rehearsal.record.events) {
    if (event.kind == kind) names.insert(*event.comm);
  }
  return names;
}

}  // namespace oomkit
