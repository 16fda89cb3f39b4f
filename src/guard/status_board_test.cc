// What the guard publishes, as whoever asks gets it.
#include "guard/status_board.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/http_answer.h"
#include "guard/status_reader.h"
#include "policy/policy_testing.h"

namespace oomkit {
namespace {

using policy_testing::policy_of;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kThreeRules = R"(
schema = 1
[[rule]]
name = "short"
when = "mem.available < 10% and psi(memory, full, 10s) >= 5%"
do = ["log"]
[[rule]]
name = "lasting"
when = "mem.free < 50M for 2s"
do = ["log"]
cooldown = "30s"
[[rule]]
name = "boxes"
scope = "cgroup /box/*"
when = "cg.usage > 100M"
do = ["log"]
)";

class BoardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    board_.start({"/etc/p.toml", 7, std::chrono::microseconds(5), "triggers", true, 42});
    engine_->tell(&board_);
    host_.mem_total = Bytes(1000 << 20);
    host_.mem_available = Bytes(500 << 20);
    host_.mem_free = Bytes(400 << 20);
  }
  // A look at the host and at `cgroups`, at this time since the first.
  void look(milliseconds time, std::span<const TickCgroup> cgroups = {}) {
    Tick tick;
    tick.now = kFirst + time;
    tick.host = host_;
    tick.cgroups = cgroups;
    tick.has_cgroups = !cgroups.empty();
    engine_->step(tick);
    board_.publish({tick.now.count(), ++turns_, 0, 0});
  }
  GuardStatus asked(milliseconds time) { return read_board(*shared_, kFirst + time).value(); }

  static constexpr HostTime kFirst = seconds(100);
  const Policy policy_ = policy_of(kThreeRules);
  std::unique_ptr<Engine> engine_ = Engine::create(policy_, {}, kFirst);
  std::unique_ptr<SharedBoard> shared_ = std::make_unique<SharedBoard>();
  StatusBoard board_{*shared_, policy_};
  TickHost host_;
  std::uint64_t turns_ = 0;
};

TEST_F(BoardTest, SaysWhatItGoesByAndWhatItComparesWithNumbers) {
  look(milliseconds(0));
  const GuardStatus status = asked(milliseconds(400));
  EXPECT_EQ(status.pid, 42);
  EXPECT_TRUE(status.dry_run);
  EXPECT_EQ(status.policy, "/etc/p.toml");
  EXPECT_EQ(status.woken_by, "triggers");
  EXPECT_EQ(status.turns, 1U);
  EXPECT_DOUBLE_EQ(status.last_look_s, 0.4);
  ASSERT_THAT(status.rules, SizeIs(3));
  const GuardRuleStatus& rule = status.rules[0];
  EXPECT_EQ(rule.name, "short");
  EXPECT_EQ(rule.state, RuleState::idle);
  const auto found = [&](std::string_view text) -> const GuardReading& {
    for (const GuardReading& reading : rule.readings) {
      if (reading.text == text) return reading;
    }
    ADD_FAILURE() << text;
    return rule.readings.front();
  };
  const GuardReading& available = found("mem.available < 10%");
  EXPECT_EQ(available.kind, ReadingKind::comparison);
  EXPECT_EQ(available.value, 500 << 20);
  EXPECT_EQ(available.threshold, 100 << 20);
  EXPECT_EQ(available.unit, kSize);
  EXPECT_EQ(found("mem.available").kind, ReadingKind::signal);
}

TEST_F(BoardTest, WhatTheHostDoesNotTellIsUnknownAndNotZero) {
  host_.mem_free.reset();
  look(milliseconds(0));
  const GuardStatus status = asked(milliseconds(0));
  const GuardRuleStatus& lasting = status.rules.at(1);
  EXPECT_EQ(lasting.state, RuleState::unknown);
  for (const GuardReading& reading : lasting.readings)
    EXPECT_FALSE(reading.value.has_value()) << reading.text;
  // Half of this one is known: there are no pressure files, but memory is plain.
  EXPECT_EQ(status.rules.at(0).state, RuleState::idle);
}

TEST_F(BoardTest, WhatHasToLastIsWaitedForThenHoldsThenCoolsDown) {
  look(milliseconds(0));
  host_.mem_free = Bytes(10 << 20);
  look(milliseconds(1000));
  look(milliseconds(1700));
  look(milliseconds(2500));
  GuardRuleStatus rule = asked(milliseconds(2500)).rules.at(1);
  EXPECT_EQ(rule.state, RuleState::waiting);
  const GuardReading& lasting = rule.readings.back();
  EXPECT_EQ(lasting.kind, ReadingKind::lasting);
  EXPECT_EQ(lasting.value, 1.5);
  EXPECT_EQ(lasting.threshold, 2.0);
  EXPECT_EQ(rule.decisions, 0U);
  look(milliseconds(3000));
  rule = asked(milliseconds(4000)).rules.at(1);
  EXPECT_EQ(rule.state, RuleState::holds);
  EXPECT_EQ(rule.held_s, 1.0);
  EXPECT_EQ(rule.decisions, 1U);
  EXPECT_EQ(rule.held_back, HeldBack::rule_cooldown);
  EXPECT_EQ(rule.held_back_left_s, 29.0);
}

TEST_F(BoardTest, OfManyCgroupsTheNearestIsShown) {
  look(milliseconds(0));
  EXPECT_EQ(asked(milliseconds(0)).rules.at(2).state, RuleState::not_judged);
  std::vector<TickCgroup> cgroups(4);
  constexpr const char* kPaths[] = {"/", "/box", "/box/a", "/box/b"};
  for (std::size_t index = 0; index < cgroups.size(); ++index) {
    cgroups[index].id = index + 1;
    cgroups[index].path = kPaths[index];
    cgroups[index].parent = index == 0 ? kNoRow : (index == 1 ? 0 : 1);
    cgroups[index].usage = Bytes((index == 3 ? 200 : 20) << 20);
  }
  look(milliseconds(1000), cgroups);
  const GuardRuleStatus rule = asked(milliseconds(1000)).rules.at(2);
  EXPECT_EQ(rule.state, RuleState::holds);
  EXPECT_EQ(rule.cgroups, 2U);
  EXPECT_EQ(rule.cgroups_holding, 1U);
  EXPECT_EQ(rule.cgroup, "/box/b");
  EXPECT_EQ(rule.readings.back().value, 200 << 20);
}

TEST(StatusBoard, ALargePolicyIsToldAsFarAsThereIsRoom) {
  std::string source = "schema = 1\n";
  constexpr std::size_t kRules = 60;
  for (std::size_t rule = 0; rule < kRules; ++rule) {
    source += "[[rule]]\nname = \"" + std::to_string(rule) +
              "\"\nwhen = \"mem.free < 1M and mem.available < 1M\"\ndo = [\"log\"]\n";
  }
  const Policy policy = policy_of(source);
  const auto shared = std::make_unique<SharedBoard>();
  StatusBoard board(*shared, policy);
  board.start({std::string(3000, 'p'), 0, {}, "", false, 1});
  for (std::size_t rule = 0; rule < kRules; ++rule) {
    board.begin(rule);
    board.judged({rule, "", true, true});
    board.acted(rule);
  }
  board.publish({});
  const GuardStatus status = read_board(*shared, seconds(1)).value();
  EXPECT_EQ(status.rules.size() + status.rules_left_out, kRules);
  EXPECT_GE(status.rules.size(), 20U);
  EXPECT_EQ(status.rules.back().decisions, 1U);
}

TEST(StatusReader, BeforeTheGuardsFirstWordThereIsNothing) {
  const auto shared = std::make_unique<SharedBoard>();
  EXPECT_FALSE(read_board(*shared, seconds(1)).has_value());
}

TEST(HttpAnswer, OnePageAndCleanRefusals) {
  const auto page = [] { return std::string("x 1\n"); };
  const std::string good = http_answer("GET /metrics HTTP/1.1\r\nHost: x", page);
  EXPECT_THAT(good, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(good, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(good, HasSubstr("\r\n\r\nx 1\n"));
  EXPECT_EQ(http_answer("HEAD /metrics HTTP/1.0", page).find("x 1"), std::string::npos);
  EXPECT_THAT(http_answer("GET /metrics?x=1 HTTP/1.1", page), HasSubstr(" 200 "));
  EXPECT_THAT(http_answer("GET /../etc/passwd HTTP/1.1", page), HasSubstr(" 404 "));
  EXPECT_THAT(http_answer("POST /metrics HTTP/1.1", page), HasSubstr("Allow: GET, HEAD"));
  for (const char* const head : {"", "GET", "GET /metrics", "\r\n", "GET /metrics SSH"})
    EXPECT_THAT(http_answer(head, page), HasSubstr(" 400 ")) << head;
  EXPECT_THAT(http_answer("GET /metrics HTTP/1.1", [] { return std::string(); }),
              HasSubstr(" 503 "));
}

}  // namespace
}  // namespace oomkit
