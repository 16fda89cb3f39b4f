// Policy files: what is taken, and what is refused where.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "policy/pick.h"
#include "policy/policy_testing.h"

namespace oomkit::policy_testing {
namespace {

using testing::HasSubstr;

std::string with_rule(const std::string& lines) {
  return "schema = 1\n[[rule]]\nname = \"r\"\n" + lines;
}

TEST(PolicyFile, OfTheContract) {
  const Policy policy = policy_of(R"toml(schema = 1
[[rule]]
name = "emergency"
when = "mem.available < 4% and (swap.total == 0 or swap.free < 5%)"
pick = "process by badness"
do = ["term wait 2s", "kill", "reap"]
cooldown = "5s"
[[preference]]
match = { comm = "^(sshd|systemd)$" }   # also cmdline, exe, user, cgroup, unit
level = "never"
)toml");
  ASSERT_EQ(policy.rules.size(), 1U);
  const PolicyRule& rule = policy.rules[0];
  EXPECT_EQ(rule.name, "emergency");
  ASSERT_EQ(rule.actions.size(), 3U);
  EXPECT_EQ(rule.actions[0].signal, 15);
  EXPECT_EQ(rule.actions[0].wait, std::chrono::seconds(2));
  EXPECT_EQ(rule.actions[1].kind, PolicyAction::Kind::kill);
  EXPECT_EQ(rule.cooldown, std::chrono::seconds(5));
  EXPECT_TRUE(rule.destructive);
  EXPECT_EQ(policy.preferences.at(0).level, PreferenceLevel::never);
  EXPECT_TRUE(policy.needs.processes);
  EXPECT_FALSE(policy.needs.cmdline);
}

TEST(PolicyFile, EverythingAtOnce) {
  const Policy policy = policy_of(R"toml(schema = 1
name = "all"
[settings]
tick = ["50ms", "2s"]
fill_rate = "2G"
cooldown = "3s"
target_cooldown = "20s"
budget = "3 per 10m"
after_kernel_kill = "0s"
honor_wishes = false
honor_oom_group = false
dry_run = true
[[rule]]
name = "a"
about = "why"
scope = "cgroup /user.slice/**.scope, /system.slice/*.service"
when = "known(cg.events.oom_kill) or rate(cg.pgscan, 2s) > 100/s"
unknown = "act"
for = "3s"
within = "10s"
pick = "cgroup by 2 * swap + anon, then pressure at least 5% of swap.total recursive"
do = ["log", "notify", "warn low", "hook /bin/true a b timeout 1s", "reclaim 50M", "memory.high max",
      "memory.high 1G", "freeze", "thaw", "signal USR1 wait 100ms", "cgroup.kill", "reap", "exec /bin/x",
      "restart a.service"]
recheck = false
only = { cgroup = "slice" }
except = { unit = "^db" }
)toml");
  const PolicyRule& rule = policy.rules.at(0);
  EXPECT_EQ(rule.scope.globs.size(), 2U);
  EXPECT_TRUE(rule.if_unknown);
  EXPECT_FALSE(rule.recheck);
  EXPECT_EQ(rule.actions.size(), 14U);
  EXPECT_EQ(rule.pick->order.size(), 2U);
  EXPECT_EQ(rule.pick->order[0].terms.size(), 2U);
  EXPECT_TRUE(rule.pick->recursive);
  EXPECT_EQ(policy.settings.budget, 3);
  EXPECT_EQ(policy.settings.tick_max, std::chrono::seconds(2));
  EXPECT_TRUE(policy.settings.dry_run);
}

struct WrongFile {
  const char* name;
  std::string source;
  std::size_t line, column;
  std::string message;
};
void PrintTo(const WrongFile& row, std::ostream* out) {
  *out << row.name;
}
class WrongPolicy : public testing::TestWithParam<WrongFile> {};
TEST_P(WrongPolicy, IsRefusedAtItsPlace) {
  const ParsedPolicy parsed = parse_policy(GetParam().source);
  ASSERT_FALSE(parsed.diagnostics.empty());
  bool found = false;
  for (const Diagnostic& diagnostic : parsed.diagnostics) {
    found =
        found || (diagnostic.line == GetParam().line && diagnostic.column == GetParam().column &&
                  diagnostic.message.find(GetParam().message) != std::string::npos);
  }
  EXPECT_TRUE(found) << diagnostic_text(parsed.diagnostics.front(), "p", GetParam().source);
}

const std::string kRest = "pick = \"culprit\"\ndo = [\"kill\"]\n";

INSTANTIATE_TEST_SUITE_P(
    Rows, WrongPolicy,
    testing::Values(
        WrongFile{"condition", with_rule("when = \"mem.free < 4\"\n" + kRest), 4, 20,
                  "cannot compare"},
        WrongFile{"condition in other quotes", with_rule("when = 'mem.free < 4'\n" + kRest), 4, 20,
                  "cannot compare"},
        WrongFile{"condition over lines",
                  with_rule("when = \"\"\"\nmem.free < 4%\n  and swap.fre < 5%\"\"\"\n" + kRest), 6,
                  7, "unknown signal"},
        WrongFile{"condition behind an escape",
                  with_rule("when = \"mem.free\\u0020< 4\"\n" + kRest), 4, 25, "cannot compare"},
        WrongFile{"key", with_rule("whn = \"1 < 2\"\n" + kRest), 4, 1, "unknown key"},
        WrongFile{"no condition", with_rule(kRest), 2, 1, "has no condition"},
        WrongFile{"scope", with_rule("when = \"1 < 2\"\nscope = \"moon\"\n" + kRest), 5, 9,
                  "scope"},
        WrongFile{"glob", with_rule("when = \"1 < 2\"\nscope = \"cgroup a*\"\n" + kRest), 5, 17,
                  "begins with /"},
        WrongFile{"pick",
                  with_rule("when = \"1 < 2\"\npick = \"cgroup by rss\"\ndo = [\"kill\"]\n"), 5, 19,
                  "has no \"rss\""},
        WrongFile{"from",
                  with_rule("when = \"1 < 2\"\npick = \"cgroup by usage\"\nfrom = \"cgroup a\"\n"
                            "do = [\"kill\"]\n"),
                  6, 16, "begins with /"},
        WrongFile{"from the scope, which is the host",
                  with_rule("when = \"1 < 2\"\npick = \"cgroup by usage\"\nfrom = \"scope\"\n"
                            "do = [\"kill\"]\n"),
                  6, 8, "no cgroup"},
        WrongFile{"action",
                  with_rule("when = \"1 < 2\"\npick = \"culprit\"\ndo = [\"reap\", \"kil\"]\n"), 6,
                  16, "unknown action"},
        WrongFile{
            "cgroup.kill of a process",
            with_rule("when = \"1 < 2\"\npick = \"process by rss\"\ndo = [\"cgroup.kill\"]\n"), 6,
            6, "is for cgroups"},
        WrongFile{"no pick", with_rule("when = \"1 < 2\"\ndo = [\"kill\"]\n"), 5, 6, "whom?"},
        WrongFile{"budget", "schema = 1\n[settings]\nbudget = \"many\"\n", 3, 10, "no budget"},
        WrongFile{"pattern",
                  "schema = 1\n[[preference]]\nmatch = { comm = \"a(\" }\nlevel = \"never\"\n", 3,
                  21, "missing"},
        WrongFile{"same name",
                  with_rule("when = \"1 < 2\"\n" + kRest) +
                      "[[rule]]\nname = \"r\"\nwhen = \"1 < 2\"\n" + kRest,
                  8, 8, "two rules"},
        WrongFile{"schema", "schema = 2\n" + with_rule("when = \"1 < 2\"\n" + kRest).substr(11), 1,
                  10, "schema"},
        WrongFile{"toml", "schema = 1\n[[rule\n", 2, 7, ""}));

TEST(PolicyFile, NothingIsNoPolicy) {
  EXPECT_FALSE(parse_policy("").diagnostics.empty());
  EXPECT_FALSE(parse_policy("schema = 1\n").diagnostics.empty());
  EXPECT_FALSE(parse_policy(std::string(2'000'000, '#')).diagnostics.empty());
}

TEST(PolicyFile, EveryPrefixAndEveryChangedByteIsAnswered) {
  const std::string source = with_rule(
      "when = \"psi(memory, full, 2s) > 40% for 3s\"\nscope = \"cgroup /a/*\"\n"
      "pick = \"cgroup by growth, then swap\"\ndo = [\"term wait 1s\", \"kill\"]\n"
      "only = { cgroup = \"^/a[bc]*$\" }\n[[preference]]\nmatch = { comm = \"x\" }\npoints = 3\n");
  ASSERT_TRUE(parse_policy(source).diagnostics.empty());
  for (std::size_t i = 0; i < source.size(); ++i) {
    const ParsedPolicy cut = parse_policy(source.substr(0, i));
    Random random(i);
    std::string changed = source;
    changed[i] = static_cast<char>(random.between(0, 255));
    const ParsedPolicy other = parse_policy(changed);
    for (const Diagnostic& diagnostic : other.diagnostics)
      EXPECT_FALSE(diagnostic_text(diagnostic, "p", changed).empty());
    for (const Diagnostic& diagnostic : cut.diagnostics)
      EXPECT_FALSE(diagnostic_text(diagnostic, "p", source.substr(0, i)).empty());
  }
}

TEST(PolicyFile, TablesAreInTheOrderOfTheirNumbers) {
  for (const RankerEntry& entry : ranker_table())
    EXPECT_EQ(&ranker_entry(entry.ranker), &entry) << entry.name;
}

}  // namespace
}  // namespace oomkit::policy_testing
