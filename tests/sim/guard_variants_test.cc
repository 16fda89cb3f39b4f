// The shipped server policy against workloads that nobody chose: of each kind of trouble any size,
// any rate, any order. Whoever makes memory short dies by the guard, nobody else does, and the
// kernel does not have to.
//
// OOMKIT_RUNS says how many of a kind; how often it fails out of hundreds is said in docs/GUARD.md.
#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "core/random.h"
#include "tests/sim/guarded_run.h"

namespace oomkit {
namespace {

using testing::IsEmpty;
using testing::IsSubsetOf;

// What the model's machine of 1 GiB has for everybody together, MiB.
constexpr std::int64_t kRoom = 860;

std::string number(std::int64_t value) {
  return std::to_string(value);
}

// A scenario as text, with a database of some size that is there before all else.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  Random& random() { return random_; }
  std::int64_t database() const { return database_; }
  // Between the two, by factors.
  std::int64_t rate(std::int64_t low, std::int64_t high) {
    std::int64_t value = low;
    while (value < high && random_.chance(75))
      value = value * 3 / 2 + 1;
    return std::min(value, high);
  }

  void settle_database(std::int64_t low, std::int64_t high) {
    database_ = random_.between(low, high);
    process("db", "/system.slice/db.service",
            "{ alloc = \"" + number(database_) + "M\" }, { mark = \"db is ready\" }, { touch = \"" +
                number(random_.pick({30, 60, 100})) + "%\", times = 200, every = \"1s\" }");
  }
  void process(const std::string& name, const std::string& cgroup, const std::string& steps,
               const std::string& more = "") {
    const std::string slice = cgroup.substr(0, cgroup.find('/', 1));
    for (const std::string& path : {slice, cgroup}) {
      if (cgroups_.insert(path).second) head_ += "[[cgroup]]\npath = \"" + path + "\"\n";
    }
    body_ += "[[process]]\nname = \"" + name + "\"\ncgroup = \"" + cgroup + "\"\n" + more +
             "steps = [" + steps + "]\n";
  }
  // That begins some time after the database is ready, when the others have settled.
  void later(const std::string& name, const std::string& cgroup, const std::string& steps) {
    process(
        name, cgroup, steps,
        "after = \"db is ready\"\nstart = \"" + number(random_.between(5'000, 20'000)) + "ms\"\n");
  }
  void leak(const std::string& cgroup, std::int64_t low, std::int64_t high) {
    const std::int64_t mib = rate(low, high);
    later("leak", cgroup, "{ alloc = \"50M\", rate = \"" + number(mib) + "M\", times = 40 }");
    culprits = {"leak"};
    end_s = 40 + 1'000 / mib;
  }
  std::string text() const {
    return "schema = 1\nname = \"variant\"\n[host]\nmemory = \"1G\"\n" + head_ + body_ +
           "[end]\nafter = \"" + number(end_s) + "s\"\n";
  }

  std::set<std::string> culprits;  // Nobody: nobody may die.
  std::int64_t end_s = 60;

 private:
  Random random_;
  std::int64_t database_ = 0;
  std::set<std::string> cgroups_;
  std::string head_, body_;
};

struct Trouble {
  const char* name;
  void (*make)(Workload&);

  friend void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }
};

void leak(Workload& workload) {
  workload.settle_database(80, 480);
  workload.leak("/system.slice/leak.service", 3, 400);
}

void leak_in_a_login(Workload& workload) {
  const std::string scope = "/user.slice/session-1.scope";
  workload.settle_database(80, 250);
  Random& random = workload.random();
  workload.process("browser", scope,
                   "{ alloc = \"" + number(random.between(50, 300)) + "M\", rate = \"" +
                       number(random.between(20, 200)) + "M\" }");
  workload.process("editor", scope, "{ alloc = \"" + number(random.between(20, 90)) + "M\" }");
  workload.leak(scope, 5, 400);
}

void leak_in_bursts(Workload& workload) {
  workload.settle_database(80, 480);
  Random& random = workload.random();
  const std::int64_t mib = random.between(5, 60);
  const std::int64_t every_ms = random.between(200, 3'000);
  workload.later("leak", "/system.slice/leak.service",
                 "{ alloc = \"" + number(mib) + "M\", times = " + number(1'200 / mib) +
                     ", every = \"" + number(every_ms) + "ms\" }");
  workload.culprits = {"leak"};
  workload.end_s = 30 + 1'200 / mib * every_ms / 1'000;
}

void leak_beside_a_sawtooth(Workload& workload) {
  workload.settle_database(80, 380);
  Random& random = workload.random();
  std::string steps;
  const std::string up = "{ alloc = \"" + number(random.between(50, 200)) + "M\", rate = \"" +
                         number(random.between(30, 300)) + "M\" }, { free = \"100%\" }, ";
  for (int i = 0; i < 40; ++i)
    steps += up;
  workload.process("collector", "/system.slice/collector.service", steps);
  workload.leak("/system.slice/leak.service", 8, 60);
}

void swarm_among_innocents(Workload& workload) {
  workload.settle_database(80, 400);
  Random& random = workload.random();
  workload.process("editor", "/system.slice/db.service",
                   "{ alloc = \"" + number(random.between(20, 90)) + "M\" }");
  const std::int64_t count = random.between(40, 250);
  workload.later("swarm", "/system.slice/db.service",
                 "{ fork = " + number(count) + ", name = \"swarmlet\", steps = [{ alloc = \"" +
                     number(1'200 / count + 1) + "M\", rate = \"" + number(random.between(1, 10)) +
                     "M\" }] }");
  workload.culprits = {"swarm", "swarmlet"};
}

// Each worker leaks until it is killed, and the next one begins.
void leak_again_and_again(Workload& workload) {
  workload.settle_database(150, 450);
  Random& random = workload.random();
  workload.later("master", "/system.slice/workers.service",
                 "{ fork = 1, name = \"worker\", times = 3, every = \"" +
                     number(random.between(12, 25)) + "s\", steps = [{ alloc = \"50M\", rate = \"" +
                     number(random.between(60, 200)) + "M\", times = 30 }] }");
  // Somebody who has done nothing sets a little record all the time.
  workload.process("log", "/system.slice/log.service",
                   "{ alloc = \"1M\", times = 90, every = \"1s\" }");
  workload.culprits = {"worker"};
  workload.end_s = 90;
}

void pods(Workload& workload) {
  workload.settle_database(80, 250);
  Random& random = workload.random();
  for (std::int64_t i = random.between(3, 6); i > 0; --i) {
    workload.process("app" + number(i), "/kubepods.slice/pod" + number(i) + ".slice",
                     "{ alloc = \"" + number(random.between(20, 80)) + "M\", rate = \"" +
                         number(random.between(20, 200)) + "M\" }",
                     "start = \"" + number(random.between(0, 15'000)) + "ms\"\n");
  }
  workload.leak("/kubepods.slice/leaky.slice", 5, 400);
}

// It stays with 9 % left, and up to a quarter.
void service_that_grows_and_stays(Workload& workload) {
  workload.settle_database(80, 480);
  Random& random = workload.random();
  const std::int64_t size = kRoom - workload.database() - random.between(80, 250);
  workload.later("service", "/system.slice/service.service",
                 "{ alloc = \"" + number(size) + "M\", rate = \"" + number(workload.rate(10, 200)) +
                     "M\" }, { touch = \"100%\", times = 40, every = \"1s\" }");
}

void sawtooth_alone(Workload& workload) {
  workload.settle_database(80, 400);
  Random& random = workload.random();
  const std::int64_t top = kRoom - workload.database() - random.between(80, 160);
  std::string steps;
  for (int i = 0; i < 8; ++i) {
    steps += "{ alloc = \"" + number(top) + "M\", rate = \"" + number(workload.rate(30, 200)) +
             "M\" }, { free = \"100%\" }, { sleep = \"1s\" }, ";
  }
  workload.later("collector", "/system.slice/collector.service", steps);
}

constexpr Trouble kTroubles[] = {
    {"Leak", leak},
    {"LeakInALogin", leak_in_a_login},
    {"LeakInBursts", leak_in_bursts},
    {"LeakBesideASawtooth", leak_beside_a_sawtooth},
    {"SwarmAmongInnocents", swarm_among_innocents},
    {"LeakAgainAndAgain", leak_again_and_again},
    {"Pods", pods},
    {"ServiceThatGrowsAndStays", service_that_grows_and_stays},
    {"SawtoothAlone", sawtooth_alone},
};

std::uint64_t runs_wanted() {
  const char* text = std::getenv("OOMKIT_RUNS");
  return text == nullptr ? 3 : static_cast<std::uint64_t>(std::clamp(std::atoi(text), 1, 10'000));
}

class GuardVariants : public testing::TestWithParam<Trouble> {};

TEST_P(GuardVariants, WhoeverMakesItShortDiesAndNobodyElse) {
  const std::string policy = text_of("packaging/policies/server.toml");
  for (std::uint64_t seed = 1; seed <= runs_wanted(); ++seed) {
    Workload workload(seed);
    GetParam().make(workload);
    const std::string text = workload.text();
    const ModelRun guarded = run(text, policy, seed % 2 == 0 ? "6.12" : "6.1");
    const std::set<std::string> dead = killed_by("guard_kill", guarded);
    EXPECT_THAT(dead, IsSubsetOf(workload.culprits)) << "seed " << seed << "\n" << text;
    EXPECT_EQ(dead.empty(), workload.culprits.empty()) << "seed " << seed << "\n" << text;
    EXPECT_THAT(killed_by("oom_kill", guarded), IsEmpty()) << "seed " << seed << "\n" << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GuardVariants, testing::ValuesIn(kTroubles),
                         [](const auto& trouble) { return trouble.param.name; });

}  // namespace
}  // namespace oomkit
