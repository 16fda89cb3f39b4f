// What the engine keeps to: pauses, budgets, preferences, protections, rechecks.
#include <algorithm>
#include <chrono>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "policy/policy_testing.h"

namespace oomkit::policy_testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::string rule(const std::string& pick, const std::string& more = "",
                 const std::string& when = "mem.available < 10%") {
  return "schema = 1\n" + more + "\n[[rule]]\nname = \"r\"\nwhen = \"" + when + "\"\npick = \"" +
         pick + "\"\ndo = [\"kill\"]\n";
}

// One tick of this host, with all that there is.
std::vector<std::string> victims_of(const std::string& policy, FakeHost& host) {
  const Policy parsed = policy_of(policy);
  const auto engine = Engine::create(parsed, {64, 512, 64}, host.now);
  TickWish all;
  all.cgroups = all.all_processes = true;
  std::vector<std::string> comms;
  const Tick tick = host.tick(all);
  for (const Decision& decision : engine->step(tick).decisions) {
    for (const ProcessId& id : decision.target.processes) {
      for (const FakeProcess& process : host.processes()) {
        if (process.pid == id.pid) comms.push_back(process.comm);
      }
    }
  }
  return comms;
}

FakeHost crowded() {
  FakeHost host;
  host.start("db", "/system.slice/db.service", 500).adj = -500;
  host.start("web", "/system.slice/web.service", 250);
  host.start("job", "/user.slice/job.scope", 150).adj = 300;
  host.start("small", "/user.slice/job.scope", 20);
  host.now += seconds(10);
  return host;
}

TEST(Pick, ByWhatTheRuleSays) {
  FakeHost host = crowded();
  EXPECT_THAT(victims_of(rule("process by rss"), host), ElementsAre("db"));
  EXPECT_THAT(victims_of(rule("process by badness"), host), ElementsAre("job"));
  EXPECT_THAT(victims_of(rule("process by age"), host), ElementsAre("db"));
  EXPECT_THAT(victims_of(rule("cgroup by usage"), host), ElementsAre("db"));
  host.find("web")->swap = 5;
  EXPECT_THAT(victims_of(rule("process by swap, then rss"), host), ElementsAre("web"));
  host.find("web")->swap = 0;
  EXPECT_THAT(victims_of(rule("process by swap, then rss"), host), ElementsAre("db"));
  EXPECT_THAT(victims_of(rule("process by 3 * rss + anon at least 4G"), host), IsEmpty());
  EXPECT_THAT(victims_of(rule("cgroup by usage recursive"), host), ElementsAre("db"));
}

TEST(Pick, PreferencesAreTiers) {
  FakeHost host = crowded();
  const auto with = [](const std::string& comm, const std::string& level) {
    return "[[preference]]\nmatch = { comm = \"^" + comm + "$\" }\nlevel = \"" + level + "\"";
  };
  EXPECT_THAT(victims_of(rule("process by rss", with("small", "prefer")), host),
              ElementsAre("small"));
  EXPECT_THAT(victims_of(rule("process by rss", with("db", "avoid")), host), ElementsAre("web"));
  EXPECT_THAT(victims_of(rule("process by rss", with("db", "never")), host), ElementsAre("web"));
  EXPECT_THAT(victims_of(rule("process by rss", with(".*", "avoid")), host), ElementsAre("db"));
  EXPECT_THAT(victims_of(rule("process by rss", with(".*", "never")), host), IsEmpty());
}

TEST(Pick, WishesOfCgroups) {
  FakeHost host = crowded();
  host.cgroup("/system.slice/db.service").wish = CgroupWish::omit;
  EXPECT_THAT(victims_of(rule("process by rss"), host), ElementsAre("web"));
  EXPECT_THAT(victims_of(rule("cgroup by usage"), host), ElementsAre("web"));
  EXPECT_THAT(victims_of(rule("cgroup by usage", "[settings]\nhonor_wishes = false"), host),
              ElementsAre("db"));
  host.cgroup("/user.slice/job.scope").wish = CgroupWish::prefer;
  EXPECT_THAT(victims_of(rule("cgroup by usage"), host), ElementsAre("job", "small"));
}

TEST(Pick, CgroupsWithSomebodyProtectedAreNotTakenWhole) {
  FakeHost host = crowded();
  host.find("small")->adj = -1000;
  host.cgroup("/user.slice/job.scope").wish = CgroupWish::prefer;
  const Policy policy = policy_of(rule("cgroup by usage"));
  const auto engine = Engine::create(policy, {64, 512, 64}, host.now);
  TickWish all;
  all.cgroups = all.all_processes = true;
  const StepResult result = engine->step(host.tick(all));
  ASSERT_EQ(result.decisions.size(), 1U);
  const DecisionTarget& target = result.decisions[0].target;
  EXPECT_EQ(target.cgroup, "/user.slice/job.scope");
  EXPECT_FALSE(target.whole_cgroup);
  ASSERT_EQ(target.processes.size(), 1U);
  EXPECT_EQ(target.processes[0].pid, host.find("job")->pid);
}

TEST(Pick, OnlyAndExcept) {
  FakeHost host = crowded();
  EXPECT_THAT(victims_of(rule("process by rss") + "only = { cgroup = \"^/user\" }\n", host),
              ElementsAre("job"));
  EXPECT_THAT(victims_of(rule("process by rss") + "except = { unit = \"^db\" }\n", host),
              ElementsAre("web"));
  EXPECT_THAT(victims_of(rule("process by rss") + "only = { oom_score_adj_max = -1 }\n", host),
              ElementsAre("db"));
  EXPECT_THAT(victims_of(rule("process by rss") + "only = { oom_score_adj_min = 1 }\n", host),
              ElementsAre("job"));
}

// Where the shortage is seen and who goes for it are two things.
TEST(Pick, FromElsewhere) {
  FakeHost host = crowded();
  host.cgroup("/system.slice");
  host.cgroup("/user.slice");
  const auto from = [](const std::string& what, const std::string& pick, const std::string& scope) {
    return rule(pick) + "from = \"" + what + "\"\nscope = \"" + scope + "\"\n";
  };
  const std::string db = "cgroup /system.slice/db.service";
  EXPECT_THAT(victims_of(from("cgroup /user.slice", "process by rss", db), host),
              ElementsAre("job"));
  EXPECT_THAT(victims_of(from("cgroup /*.slice", "cgroup by usage", db), host),
              ElementsAre("db", "web"));
  EXPECT_THAT(victims_of(from("cgroup /*.slice", "cgroup by usage recursive", db), host),
              ElementsAre("db"));
  EXPECT_THAT(victims_of(from("cgroup /moon", "cgroup by usage", "host"), host), IsEmpty());
  EXPECT_THAT(victims_of(from("scope", "cgroup by usage", "cgroup /system.slice"), host),
              ElementsAre("db", "web"));
}

// Of many only the first are kept, and they are those that sorting all would put there.
TEST(Pick, ShowsTheFirstOfMany) {
  const Policy policy = policy_of(rule("process by rss, then age"));
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    FakeHost host;
    host.total = 100;
    for (int i = 0; i < 100; ++i) {
      const bool is_out = random.chance(30);
      host.now += seconds(random.between(0, 1));
      host.start("p", "/all", static_cast<double>(random.between(1, 8))).adj = is_out ? -1000 : 0;
    }
    std::vector<FakeProcess> sorted(host.processes().begin(), host.processes().end());
    const auto key = [](const FakeProcess& process) {
      return std::tuple(process.adj != 0, -process.anon, -process.start, process.pid);
    };
    std::sort(sorted.begin(), sorted.end(),
              [&](const FakeProcess& a, const FakeProcess& b) { return key(a) > key(b); });
    const auto engine = Engine::create(policy, {64, 512, 64}, host.now);
    TickWish all;
    all.cgroups = all.all_processes = true;
    const StepResult result = engine->step(host.tick(all));
    ASSERT_EQ(result.decisions.size(), 1U) << seed;
    EXPECT_EQ(result.decisions[0].considered, 100U) << seed;
    for (const DecisionCandidate& candidate : result.decisions[0].candidates) {
      EXPECT_EQ(candidate.process.pid, sorted.back().pid) << seed;
      sorted.pop_back();
    }
    EXPECT_LT(sorted.size(), 100U) << seed;
  }
}

// What may never come of a preference, tried on hosts made by chance.
TEST(Pick, PropertiesOfRandomHosts) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    FakeHost host;
    host.total = 100;
    for (int i = 0; i < 12; ++i) {
      host.start("p" + std::to_string(i), "/c" + std::to_string(i % 4),
                 static_cast<double>(random.between(8, 60)))
          .adj = static_cast<int>(random.between(-200, 900));
    }
    const std::string pick = random.chance(50) ? "process by badness" : "process by rss";
    const auto before = victims_of(rule(pick), host);
    ASSERT_EQ(before.size(), 1U) << seed;
    // Avoiding somebody else changes nothing; avoiding the victim spares it.
    const std::string other = "p" + std::to_string(random.between(0, 11));
    const auto after = victims_of(
        rule(pick, "[[preference]]\nmatch = { comm = \"^" + other + "$\" }\nlevel = \"avoid\""),
        host);
    ASSERT_EQ(after.size(), 1U) << seed;
    EXPECT_EQ(after == before, other != before[0]) << seed;
    // Nor does it change the victim that somebody ranked lower is gone.
    if (other == before[0]) continue;
    const double memory = host.find(other)->anon;
    host.end(host.find(other)->pid);
    host.cgroup("/gone").own = memory;
    EXPECT_EQ(victims_of(rule(pick), host), before) << seed;
  }
}

TEST(Engine, PausesAfterAKill) {
  FakeHost host = crowded();
  PolicyRun guard(policy_of(rule("process by rss", "", "mem.available < 90%")), host);
  guard.run(milliseconds(1900), [](double) {});
  EXPECT_THAT(guard.victims(), ElementsAre("db"));
  guard.run(milliseconds(500), [](double) {});
  EXPECT_THAT(guard.victims(), ElementsAre("db", "web"));
}

TEST(Engine, KeepsToItsBudgetAndSaysSo) {
  FakeHost host = crowded();
  PolicyRun guard(policy_of(rule("process by rss", "[settings]\nbudget = \"2 per 10m\"",
                                 "mem.available < 99%")),
                  host);
  guard.run(seconds(30), [](double) {});
  EXPECT_THAT(guard.victims(), ElementsAre("db", "web"));
  EXPECT_EQ(guard.decisions().back().held_back, HeldBack::budget);
}

TEST(Engine, WaitsWhenTheKernelHasJustKilled) {
  FakeHost host = crowded();
  host.find("db")->anon = 300;
  PolicyRun guard(policy_of(rule("process by rss", "[settings]\nafter_kernel_kill = \"5s\"")),
                  host);
  guard.run(seconds(1), [](double) {});
  host.find("db")->anon = 500;
  host.kernel_kills = 1;
  guard.run(seconds(5), [](double) {});
  EXPECT_THAT(guard.victims(), IsEmpty());
  guard.run(seconds(2), [](double) {});
  EXPECT_THAT(guard.victims(), ElementsAre("db"));
}

TEST(Engine, SaysOnceThatNobodyIsLeft) {
  FakeHost host = crowded();
  const std::string never = "[[preference]]\nmatch = { comm = \".\" }\nlevel = \"never\"";
  PolicyRun guard(policy_of(rule("process by rss", never)), host);
  guard.run(seconds(9), [](double) {});
  ASSERT_EQ(guard.decisions().size(), 1U);
  EXPECT_EQ(guard.decisions()[0].held_back, HeldBack::nobody);
}

TEST(Engine, AfterARuleThatFindsNobodyTheNextOneActs) {
  FakeHost host = crowded();
  const std::string two = rule("culprit") +
                          "[[rule]]\nname = \"last\"\nwhen = \"mem.available < 10%\"\n"
                          "pick = \"process by rss\"\ndo = [\"kill\"]\n";
  PolicyRun guard(policy_of(two), host);
  guard.run(seconds(2), [](double) {});
  EXPECT_THAT(guard.victims(), ElementsAre("db"));
}

class OneDecision : public testing::Test {
 protected:
  OneDecision() : host_(crowded()), policy_(policy_of(rule("process by rss"))) {
    engine_ = Engine::create(policy_, {64, 512, 64}, host_.now);
  }
  std::string step() {
    TickWish all;
    all.cgroups = all.all_processes = true;
    tick_ = host_.tick(all);
    const StepResult result = engine_->step(tick_);
    if (result.decisions.empty() || !result.decisions[0].acts()) return "";
    decision_ = result.decisions[0];
    return std::string(decision_.candidates[0].comm);
  }

  FakeHost host_;
  Policy policy_;
  std::unique_ptr<Engine> engine_;
  Tick tick_;
  Decision decision_;
};

TEST_F(OneDecision, RecheckLooksAtFreshNumbers) {
  ASSERT_EQ(step(), "db");
  TickHost host = tick_.host;
  EXPECT_TRUE(engine_->still_holds(decision_, host));
  host.mem_available = Bytes(500 * kMi);
  EXPECT_FALSE(engine_->still_holds(decision_, host));
}

TEST_F(OneDecision, WithdrawnIsAsIfItHadNotBeen) {
  ASSERT_EQ(step(), "db");
  engine_->settle(decision_, DecisionOutcome::withdrawn);
  host_.now += milliseconds(100);
  EXPECT_EQ(step(), "db");
}

TEST_F(OneDecision, WhoComesIntoACgroupWhoseProcessesWereKilledIsNotSparedForIt) {
  policy_ = policy_of(rule("cgroup by usage"));
  engine_ = Engine::create(policy_, {64, 512, 64}, host_.now);
  step();
  ASSERT_EQ(decision_.target.cgroup, "/system.slice/db.service");
  const Decision first = decision_;
  host_.reap(first.target);
  host_.start("db", "/system.slice/db.service", 500);
  host_.now += seconds(3);
  step();
  EXPECT_EQ(decision_.target.cgroup, "/system.slice/web.service") << "not yet known to be dead";
  engine_->settle(decision_, DecisionOutcome::done);
  host_.now += seconds(3);
  host_.start("web", "/system.slice/web.service", 600);
  step();
  EXPECT_EQ(decision_.target.cgroup, "/system.slice/web.service");
}

TEST_F(OneDecision, WhoDoesNotDieIsNotTriedAgain) {
  ASSERT_EQ(step(), "db");
  engine_->settle(decision_, DecisionOutcome::survived);
  host_.now += seconds(3);
  EXPECT_EQ(step(), "web");
}

TEST_F(OneDecision, TermsAndConditionsAreTold) {
  ASSERT_EQ(step(), "db");
  ASSERT_EQ(decision_.conditions.size(), 1U);
  EXPECT_EQ(decision_.conditions[0].expr, "mem.available < 10%");
  EXPECT_NEAR(decision_.conditions[0].threshold, 100.0 * static_cast<double>(kMi), 1);
  ASSERT_EQ(decision_.candidates.size(), 4U);
  EXPECT_EQ(decision_.candidates[0].rank, 1U);
  EXPECT_EQ(decision_.candidates[3].comm, "small");
  ASSERT_FALSE(decision_.candidates[0].terms.empty());
  EXPECT_EQ(decision_.candidates[0].terms[0].name, "rss");
  EXPECT_EQ(*decision_.target.frees, Bytes(500 * kMi));
}

TEST(Engine, WhatHasBegunToHoldIsLookedAtAsOftenAsItMay) {
  FakeHost host = crowded();
  host.total = 100'000;
  const Policy policy =
      policy_of(rule("process by rss", "", "psi(memory, full, avg10) >= 0% for 2s"));
  const auto engine = Engine::create(policy, {64, 512, 64}, host.now);
  TickWish all;
  all.cgroups = all.all_processes = true;
  EXPECT_EQ(engine->step(host.tick(all)).wish.within, policy.settings.tick_min);
}

TEST(Engine, MoreThanThereIsRoomForIsJudgedInPart) {
  for (const char* pick : {"culprit", "process by rss", "cgroup by usage"}) {
    FakeHost host = crowded();
    host.with_cgroups = false;
    const Policy policy = policy_of(rule(pick));
    for (const EngineCapacity& room : {EngineCapacity{64, 2, 2}, EngineCapacity{2, 64, 64}}) {
      const auto engine = Engine::create(policy, room, host.now);
      TickWish all;
      all.cgroups = all.all_processes = true;
      for (const bool with_cgroups : {false, true}) {
        host.with_cgroups = with_cgroups;
        const StepResult result = engine->step(host.tick(all));
        for (const Decision& decision : result.decisions)
          EXPECT_TRUE(decision.on_a_part || room.processes > 2) << pick;
      }
    }
  }
}

TEST(Engine, TicksThatLieDoNoHarm) {
  const Policy policy = policy_of(rule("culprit", "", "mem.available < 10% or known(mem.total)"));
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const auto engine = Engine::create(policy, {16, 32, 8}, seconds(0));
    std::vector<TickCgroup> cgroups(40);
    std::vector<TickProcess> processes(60);
    HostTime now{0};
    for (int step = 0; step < 20; ++step) {
      now += milliseconds(random.between(0, 5000));
      Tick tick;
      tick.now = now;
      tick.host.mem_total = Bytes(random.between(-1, INT64_MAX));
      tick.host.mem_available = Bytes(random.between(-5, 100));
      tick.host.swap_free = Bytes(0);
      tick.host.anon = Bytes(static_cast<std::int64_t>(random.next() >> 1));
      for (TickCgroup& cgroup : cgroups) {
        cgroup.id = static_cast<std::uint64_t>(random.between(0, 30));
        cgroup.parent = static_cast<std::uint32_t>(random.between(0, 50));
        cgroup.usage = Bytes(static_cast<std::int64_t>(random.next()));
        cgroup.path = "/x";
      }
      for (TickProcess& process : processes) {
        process.pid = static_cast<std::int32_t>(random.between(0, 40));
        process.ppid = static_cast<std::int32_t>(random.between(0, 40));
        process.rss = Bytes(static_cast<std::int64_t>(random.next()));
        process.cgroup = static_cast<std::uint32_t>(random.between(0, 60));
      }
      tick.has_cgroups = random.chance(80);
      const std::span<const TickCgroup> all_cgroups(cgroups);
      if (tick.has_cgroups)
        tick.cgroups = all_cgroups.first(static_cast<std::size_t>(random.between(0, 40)));
      tick.processes_read = random.chance(70) ? ProcessesRead::all : ProcessesRead::some;
      const std::span<const TickProcess> all_processes(processes);
      tick.processes = all_processes.first(static_cast<std::size_t>(random.between(0, 60)));
      const StepResult result = engine->step(tick);
      for (const Decision& decision : result.decisions)
        EXPECT_LE(decision.target.processes.size(), 32U);
    }
  }
}

}  // namespace
}  // namespace oomkit::policy_testing
