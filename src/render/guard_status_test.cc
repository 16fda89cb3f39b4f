// How a guard's state reads: on a terminal, as JSON, for Prometheus.
#include "render/guard_status.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

GuardStatus some_status() {
  GuardStatus status;
  status.started = std::chrono::seconds(1'700'000'000);
  status.now = status.started + std::chrono::minutes(200);
  status.pid = 42;
  status.policy = "/etc/my \"best\"\npolicy.toml";
  status.policy_hash = policy_hash_text(policy_hash("x"));
  status.policy_read = status.started;
  status.policy_changed = false;
  status.woken_by = "pressure triggers of 1 s";
  status.helper_pid = 43;
  status.resident = Bytes(2 << 20);
  GuardRuleStatus rule;
  rule.name = "emergency";
  rule.scope = "host";
  rule.state = RuleState::idle;
  rule.readings = {
      {ReadingKind::signal, "mem.available", kSize, 300.0 * (1 << 20), std::nullopt, false, 0},
      {ReadingKind::comparison, "mem.available < 4%", kSize, 300.0 * (1 << 20), 40.0 * (1 << 20),
       false, 0},
      {ReadingKind::comparison, "psi(memory, full, 10s) > 5%", kShare, std::nullopt, 0.05, false,
       0}};
  status.rules = {rule};
  return status;
}

TEST(GuardStatusText, AQuietGuardOnOneScreen) {
  const std::string text = guard_status_text(some_status(), 100, false);
  EXPECT_THAT(text, HasSubstr("process 42 since 2023-11-14 22:13:20 UTC (3 h 20 min)"));
  EXPECT_THAT(text, HasSubstr("its file is still the same"));
  EXPECT_THAT(text, HasSubstr("emergency: idle"));
  EXPECT_THAT(text, HasSubstr("300.0 MiB    40.0 MiB  mem.available < 4%"));
  EXPECT_THAT(text, HasSubstr("unknown       5.0 %  psi(memory, full, 10s) > 5%"));
  EXPECT_THAT(text, HasSubstr("no messages lost"));
  EXPECT_THAT(text, HasSubstr("Last decisions: none"));
  EXPECT_THAT(text, Not(HasSubstr("dry run")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(GuardStatusText, WhatIsWrongIsSaid) {
  GuardStatus status = some_status();
  status.dry_run = true;
  status.policy_changed = true;
  status.last_look_s = 25;
  status.messages_lost = 3;
  status.stalls = 1;
  status.helper_restarts = 2;
  status.locked = Bytes(0);
  status.rules[0].state = RuleState::holds;
  status.rules[0].held_s = 2.5;
  status.rules[0].held_back = HeldBack::budget;
  status.rules[0].held_back_left_s = 60;
  status.last_decisions = {{status.now, "emergency", "rule emergency: le\x1b[1mak (7): kill",
                            "kill done", false, Bytes(5 << 20)}};
  const std::string text = guard_status_text(status, 100, false);
  EXPECT_THAT(text, HasSubstr("dry run"));
  EXPECT_THAT(text, HasSubstr("kill -HUP 42"));
  EXPECT_THAT(text, HasSubstr("IT STANDS STILL"));
  EXPECT_THAT(text, HasSubstr("3 messages lost, 1 stall"));
  EXPECT_THAT(text, HasSubstr("NOT LOCKED"));
  EXPECT_THAT(text, HasSubstr("started again 2 times"));
  EXPECT_THAT(text, HasSubstr("IT HOLDS, for 2.5 s; held back for 60 s more (the budget"));
  EXPECT_THAT(text, HasSubstr("kill done; 5.0 MiB came back"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(guard_status_text(status, 100, true), HasSubstr("\x1b[1;31m"));
}

TEST(GuardStatusJson, UnknownIsNull) {
  const std::string json = guard_status_json(some_status());
  EXPECT_THAT(json, HasSubstr(R"({"schema":"oomkit.guard_status/1","time":"2023-)"));
  EXPECT_THAT(json, HasSubstr(R"("resident_bytes":2097152,"locked_bytes":null)"));
  EXPECT_THAT(json, HasSubstr(R"("unit":"share","value":null,"threshold":0.05)"));
  EXPECT_THAT(json, HasSubstr(R"("path":"/etc/my \"best\"\npolicy.toml")"));
}

TEST(GuardMetrics, NamesUnitsAndEscapedLabels) {
  GuardStatus status = some_status();
  status.rules.push_back(status.rules.front());  // Another rule of the same name.
  const std::string text = guard_metrics(status);
  EXPECT_THAT(text, HasSubstr("# TYPE oomkit_guard_decisions_total counter\n"
                              "oomkit_guard_decisions_total 0\n"));
  EXPECT_THAT(text, HasSubstr(R"(oomkit_guard_info{policy="/etc/my \"best\"\npolicy.toml",)"));
  EXPECT_THAT(text, HasSubstr("oomkit_guard_signal_bytes{signal=\"mem.available\"} 314572800\n"));
  EXPECT_THAT(text, HasSubstr("oomkit_guard_threshold_ratio{rule=\"emergency\",condition=\"psi("));
  EXPECT_THAT(text, Not(HasSubstr("condition_ratio")));
  EXPECT_THAT(text, Not(HasSubstr("locked_memory_bytes")));
  const std::string sample = "oomkit_guard_rule_holds{rule=\"emergency\",scope=\"host\"} 0\n";
  EXPECT_NE(text.find(sample), std::string::npos);
  EXPECT_EQ(text.find(sample), text.rfind(sample));
}

}  // namespace
}  // namespace oomkit
