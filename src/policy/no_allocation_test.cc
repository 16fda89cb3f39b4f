// The promise that the kill path is built on: once an engine is made, a step allocates nothing,
// whatever it meets and decides; nor does handing over what it knows.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "policy/policy_testing.h"

namespace {

bool forbidden = false;

void* allocate(std::size_t size) {
  if (forbidden) {
    std::fputs("a step allocated memory\n", stderr);
    std::abort();
  }
  void* const memory = std::malloc(size == 0 ? 1 : size);  // NOLINT(cppcoreguidelines-no-malloc)
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc)
}
void operator delete[](void* memory) noexcept {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc)
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc)
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc)
}

namespace oomkit::policy_testing {
namespace {

struct CountingSink final : StateSink {
  bool write(std::string_view text) override {
    bytes += text.size();
    return true;
  }

  std::size_t bytes = 0;
};

std::size_t kills_without_allocation(const std::string& source) {
  const Policy policy = policy_of(source);
  FakeHost host;
  host.cgroup("/system.slice");
  host.cgroup("/user.slice");
  const int shell = host.start("bash", "/user.slice/session-1.scope", 4).pid;
  host.start("db", "/system.slice/db.service", 400);
  host.cgroup("/system.slice/box.service").high = 100;
  host.start("boxed", "/system.slice/box.service", 90);
  for (int i = 0; i < 60; ++i)
    host.start("small", "/system.slice/s" + std::to_string(i % 20) + ".service", 1);
  const auto engine = Engine::create(policy, {64, 512, 64}, host.now);
  std::vector<std::uint64_t> asked;
  TickWish wish;
  std::size_t kills = 0;
  for (int i = 0; i < 150; ++i) {
    host.now += std::chrono::milliseconds(100);
    if (host.find("hog") == nullptr) host.start("hog", "/user.slice/session-1.scope", 1, shell);
    host.find("hog")->anon += 12;
    host.stall += 0.06;
    host.cgroup("/system.slice/box.service").stall += 0.06;
    const Tick tick = host.tick(wish);
    forbidden = true;
    const StepResult result = engine->step(tick);
    bool recheck = true;
    for (const Decision& decision : result.decisions)
      recheck = recheck && engine->still_holds(decision, tick.host);
    forbidden = false;
    for (const Decision& decision : result.decisions) {
      if (!decision.acts() || !decision.has_target) continue;
      ++kills;
      host.reap(decision.target);
    }
    asked.assign(result.wish.processes_of.begin(), result.wish.processes_of.end());
    wish = result.wish;
    wish.processes_of = asked;
    wish.cgroups = true;
  }
  // Nor is any taken to hand over what it knows: until then it guards.
  CountingSink sink;
  forbidden = true;
  const bool is_handed_over = engine->hand_over(sink);
  forbidden = false;
  EXPECT_TRUE(is_handed_over);
  EXPECT_GT(sink.bytes, 0U);
  return kills;
}

TEST(NoAllocation, OfTheShippedPolicies) {
  for (const char* name : {"server", "desktop"}) {
    std::ifstream file(std::string(OOMKIT_SOURCE_DIR "/packaging/policies/") + name + ".toml");
    EXPECT_GE(kills_without_allocation(std::string(std::istreambuf_iterator<char>(file), {})), 3U)
        << name;
  }
}

TEST(NoAllocation, OfEveryWayToPick) {
  for (const char* pick :
       {"process by badness, then age", "process group by rss", "cgroup by usage",
        "cgroup by culprit recursive", "unit by 2 * swap + anon"}) {
    EXPECT_GE(
        kills_without_allocation(
            std::string("schema = 1\n[[preference]]\nmatch = { comm = \"^d.$\", user = "
                        "\"root|[0-9]+\", unit = \"db\", cmdline = \".*\" }\nlevel = \"avoid\"\n"
                        "[[rule]]\nname = \"r\"\nscope = \"cgroup /*.slice\"\nwhen = "
                        "\"mem.left < 12% or slope(cg.usage, 2s) > 10G/s for 1s\"\npick = \"") +
            pick + "\"\ndo = [\"kill\"]\n"),
        1U)
        << pick;
  }
}

}  // namespace
}  // namespace oomkit::policy_testing
