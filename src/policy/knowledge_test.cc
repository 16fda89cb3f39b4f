// A guard whose policy was read again goes on with what it knew: it decides as if nothing had been,
// forgets what belonged to a rule that is another one now, and believes no bytes that make no
// sense.
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fnv.h"
#include "core/random.h"
#include "policy/knowledge_text.h"
#include "policy/policy_testing.h"

namespace oomkit::policy_testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr EngineCapacity kCapacity{64, 512, 64};

// An engine that can be handed over to another policy, and what it decided.
class Life {
 public:
  explicit Life(const std::string& source, FakeHost& host)
      : host_(host),
        policy_(std::make_unique<Policy>(policy_of(source))),
        engine_(Engine::create(*policy_, kCapacity, host.now)) {}

  std::string knowledge() {
    KnowledgeText sink;
    EXPECT_TRUE(engine_->hand_over(sink));
    return sink.text;
  }
  void reload(const std::string& source) {
    const std::string known = knowledge();
    auto policy = std::make_unique<Policy>(policy_of(source));
    engine_ = Engine::create_with(known, *policy, kCapacity, host_.now);
    ASSERT_NE(engine_, nullptr);
    policy_ = std::move(policy);
  }
  void begin_anew() { engine_ = Engine::create(*policy_, kCapacity, host_.now); }

  // All that there is to be seen; what acts is settled as done, and nobody dies.
  void step() {
    TickWish all;
    all.cgroups = all.all_processes = true;
    const Tick tick = host_.tick(all);
    for (const Decision& decision : engine_->step(tick).decisions) {
      std::string said = std::to_string(decision.number) + " " + std::string(decision.rule);
      if (decision.held_back != HeldBack::no)
        said += " held back " + std::to_string(static_cast<int>(decision.held_back));
      for (const DecisionCondition& condition : decision.conditions)
        said +=
            " " + std::to_string(condition.value) + "/" + std::to_string(condition.held.count());
      for (const DecisionCandidate& candidate : decision.candidates) {
        said += " " + std::string(candidate.comm) + std::to_string(candidate.rank);
        for (const ScoreTerm& term : candidate.terms)
          said += ":" + std::to_string(term.value);
      }
      for (const ProcessId& process : decision.target.processes)
        said += " kills " + std::to_string(process.pid);
      told.push_back(said);
      if (!decision.acts()) continue;
      ++acted;
      engine_->settle(decision, DecisionOutcome::survived);
    }
  }

  std::vector<std::string> told;
  int acted = 0;

 private:
  FakeHost& host_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Engine> engine_;
};

std::string server_policy() {
  std::ifstream file(OOMKIT_SOURCE_DIR "/packaging/policies/server.toml");
  return {std::istreambuf_iterator<char>(file), {}};
}

// A leak beside a larger database and workers that come and go, up to a second before it is judged.
class LeakOfAMinute {
 public:
  LeakOfAMinute() {
    host.start("db", "/system.slice/db.service", 450);
    host.start("leak", "/user.slice/leak.scope", 1);
    host.cgroup("/system.slice/box.service").high = 100;
    host.start("boxed", "/system.slice/box.service", 90);
    host.now += seconds(100);
  }
  void go_on() {
    host.now += milliseconds(100);
    if (host.available() > 20) host.find("leak")->anon += 1;
    FakeCgroup& box = host.cgroup("/system.slice/box.service");
    box.stall += 0.03;
    if (steps++ % 20 == 0) {
      if (const FakeProcess* worker = host.find("worker")) host.end(worker->pid);
      host.start("worker", "/system.slice/web.service", 5);
    }
  }

  FakeHost host;
  int steps = 0;
};

TEST(Knowledge, WhoGoesOnDecidesAsIfNothingHadBeen) {
  const std::string policy = server_policy();
  LeakOfAMinute leak;
  Life whole(policy, leak.host);
  Life reloaded(policy, leak.host);
  Life forgetful(policy, leak.host);
  while (leak.steps < 700) {
    leak.go_on();
    if (leak.steps % 7 == 0) reloaded.reload(policy);
    if (leak.steps % 7 == 0) forgetful.begin_anew();
    for (Life* life : {&whole, &reloaded, &forgetful})
      life->step();
  }
  EXPECT_GT(whole.acted, 0);
  EXPECT_EQ(reloaded.told, whole.told);
  EXPECT_NE(forgetful.told, whole.told);
}

std::string rule_of(const std::string& when, const std::string& more = "",
                    const std::string& settings = "") {
  return "schema = 1\n" + settings + "\n[[rule]]\nname = \"r\"\nwhen = \"" + when +
         "\"\npick = \"process by rss\"\ndo = [\"kill\"]\n" + more;
}

// In tenths of a second; so many decisions that acted.
int acts_within(Life& life, FakeHost& host, int tenths) {
  const int before = life.acted;
  for (int i = 0; i < tenths; ++i) {
    host.now += milliseconds(100);
    life.step();
  }
  return life.acted - before;
}

TEST(Knowledge, ATimerBelongsToItsRule) {
  FakeHost host;
  host.start("hog", "/a", 950);
  const std::string policy = rule_of("mem.available < 10%", "for = \"3s\"");
  Life same(policy, host);
  Life other(policy, host);
  EXPECT_EQ(acts_within(same, host, 20), 0);
  host.now -= seconds(2);
  EXPECT_EQ(acts_within(other, host, 20), 0);
  same.reload(policy);
  other.reload(rule_of("mem.available < 11%", "for = \"3s\""));
  EXPECT_EQ(acts_within(same, host, 15), 1);
  host.now -= milliseconds(1500);
  EXPECT_EQ(acts_within(other, host, 15), 0);
}

TEST(Knowledge, SamplesOfTheHostServeEveryRule) {
  FakeHost host;
  host.start("hog", "/a", 500);
  const auto stalled = [&](Life& life) {
    for (int i = 0; i < 100; ++i) {
      host.stall += 0.05;
      host.now += milliseconds(100);
      life.step();
    }
  };
  Life life(rule_of("psi(memory, full, 10s) > 90%"), host);
  stalled(life);
  EXPECT_EQ(life.acted, 0);
  // Half of ten seconds are covered at once, or only after five.
  life.reload(rule_of("psi(memory, full, 10s) > 40%"));
  EXPECT_EQ(acts_within(life, host, 1), 1);
  Life another(rule_of("psi(memory, full, 10s) > 90%"), host);
  stalled(another);
  another.reload(rule_of("psi(memory, full, 12s) > 40%"));
  EXPECT_EQ(acts_within(another, host, 1), 0);
}

TEST(Knowledge, PausesAndTheBudgetGoOn) {
  FakeHost host;
  host.start("hog", "/a", 950);
  const std::string settings =
      "[settings]\nbudget = \"1 per 10m\"\ncooldown = \"1s\"\ntarget_cooldown = \"1s\"";
  const std::string policy = rule_of("mem.available < 10%", "", settings);
  Life life(policy, host);
  EXPECT_EQ(acts_within(life, host, 5), 1);
  life.reload(policy);
  EXPECT_EQ(acts_within(life, host, 600), 0);
  EXPECT_THAT(life.told.back(), testing::HasSubstr("held back"));
}

TEST(Knowledge, APauseIsNeverLongerThanTheNewPolicySays) {
  FakeHost host;
  host.start("hog", "/a", 950);
  host.start("other", "/b", 20);
  Life life(rule_of("mem.available < 10%", "", "[settings]\ncooldown = \"10m\""), host);
  EXPECT_EQ(acts_within(life, host, 5), 1);
  life.reload(rule_of("mem.available < 10%", "", "[settings]\ncooldown = \"1s\""));
  EXPECT_EQ(acts_within(life, host, 50), 1);
}

// What a leak of 30 s has left behind, and the sum at its end made right again.
struct Damaged : testing::Test {
  Damaged() : policy(policy_of(server_policy())) {
    Life life(server_policy(), leak.host);
    while (leak.steps < 300) {
      leak.go_on();
      life.step();
    }
    whole = life.knowledge();
  }
  bool is_believed(const std::string& text) const {
    return Engine::create_with(text, policy, kCapacity, leak.host.now) != nullptr;
  }
  static void mend_sum(std::string& text) {
    const std::size_t end = text.size() - sizeof(std::uint64_t);
    const std::uint64_t sum = fnv1a(std::string_view(text).substr(0, end));
    std::memcpy(text.data() + end, &sum, sizeof sum);
  }

  LeakOfAMinute leak;
  Policy policy;
  std::string whole;
};

TEST_F(Damaged, WhatIsCutOrLongerIsRefused) {
  ASSERT_TRUE(is_believed(whole));
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 64)
    EXPECT_FALSE(is_believed(whole.substr(0, size))) << size;
  EXPECT_FALSE(is_believed(whole.substr(0, whole.size() - 1)));
  EXPECT_FALSE(is_believed(whole + '\0'));
}

TEST_F(Damaged, AnyOtherByteIsRefused) {
  for (std::size_t at = 0; at < whole.size(); at += 1 + at / 64) {
    std::string text = whole;
    text[at] = static_cast<char>(text[at] ^ 0x10);
    EXPECT_FALSE(is_believed(text)) << at;
  }
}

// Whatever passes for knowledge can be lived with.
TEST_F(Damaged, WhoeverMakesTheSumRightDoesNoHarm) {
  Random random(17);
  int believed = 0;
  for (int run = 0; run < 3000; ++run) {
    std::string text = whole;
    for (std::int64_t changes = random.between(1, 4); changes > 0; --changes) {
      const auto at = random.between(0, static_cast<std::int64_t>(text.size()) - 1);
      text[static_cast<std::size_t>(at)] = random.pick({'\xff', '\x7f', '\x80', '\0', '\1'});
    }
    mend_sum(text);
    const auto engine = Engine::create_with(text, policy, kCapacity, leak.host.now);
    if (engine == nullptr) continue;
    ++believed;
    TickWish all;
    all.cgroups = all.all_processes = true;
    static_cast<void>(engine->step(leak.host.tick(all)));
  }
  EXPECT_GT(believed, 0);
  EXPECT_LT(believed, 3000);
}

TEST_F(Damaged, WhatIsYetToBeIsRefused) {
  EXPECT_EQ(Engine::create_with(whole, policy, kCapacity, leak.host.now - seconds(5)), nullptr);
}

TEST_F(Damaged, OfProcessesThatDoNotFitTheLargestStay) {
  EXPECT_EQ(Engine::create_with(whole, policy, {2, 512, 64}, leak.host.now), nullptr)
      << "of cgroups none may be missing";
  const auto engine = Engine::create_with(whole, policy, {64, 512, 2}, leak.host.now);
  ASSERT_NE(engine, nullptr);
}

}  // namespace
}  // namespace oomkit::policy_testing
