// Importers: what comes of the configurations that people have, and what is said about the rest.
#include "import/import.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy_parse.h"

namespace oomkit {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Arguments = std::vector<std::string>;

std::string notes_of(const Imported& imported) {
  std::string text;
  for (const ImportNote& note : imported.notes)
    text += note_text(note, {}) + '\n';
  return text;
}

std::string errors_of(const Imported& imported) {
  std::string text;
  for (const ImportError& error : imported.errors)
    text += std::to_string(error.diagnostic.line) + ":" + std::to_string(error.diagnostic.column) +
            ": " + error.diagnostic.message + '\n';
  return text;
}

Imported from_file(ImportTool tool, const std::string& text, const std::string& name = "conf") {
  const std::vector<ImportSource> sources = {{name, text}};
  return import_policy(tool, sources);
}

// The policy, which has to be one.
Policy policy_of(const Imported& imported) {
  EXPECT_EQ(errors_of(imported), "");
  ParsedPolicy parsed = parse_policy(imported.policy);
  EXPECT_THAT(parsed.diagnostics, IsEmpty()) << imported.policy;
  EXPECT_FALSE(parsed.policy.rules.empty()) << imported.policy;
  if (parsed.policy.rules.empty()) parsed.policy.rules.resize(1);
  return std::move(parsed.policy);
}

TEST(ImportEarlyoom, ItsUsualLimits) {
  const Imported imported = import_earlyoom_arguments({});
  EXPECT_THAT(imported.notes, IsEmpty());
  const Policy policy = policy_of(imported);
  ASSERT_THAT(policy.rules, SizeIs(2));
  EXPECT_EQ(policy.rules[0].when.source(),
            "mem.available <= 5% of mem.reachable and (swap.total == 0 or (swap.free <= 5%))");
  EXPECT_EQ(policy.rules[0].actions[0].kind, PolicyAction::Kind::kill);
  EXPECT_EQ(policy.rules[1].when.source(),
            "mem.available <= 10% of mem.reachable and (swap.total == 0 or (swap.free <= 10%))");
  EXPECT_EQ(policy.rules[1].actions[0].wait, std::chrono::seconds(10));
  EXPECT_EQ(policy.rules[1].pick->text, "process by oom_score, then rss");
  EXPECT_FALSE(policy.settings.honor_wishes);
}

TEST(ImportEarlyoom, PercentAndSizeTogetherAreTheLowerOfBoth) {
  const Policy policy =
      policy_of(import_earlyoom_arguments(Arguments{"-m", "20,18", "-M1048576", "-s", "100"}));
  EXPECT_EQ(policy.rules[1].when.source(),
            "(mem.available <= 20% of mem.reachable and mem.available <= 1048576K)");
  EXPECT_EQ(policy.rules[0].when.source(),
            "(mem.available <= 18% of mem.reachable and mem.available <= 524288K) and (swap.total "
            "== 0 or (swap.free <= 50%))");
}

TEST(ImportEarlyoom, EqualLimitsKillAtOnce) {
  EXPECT_THAT(policy_of(import_earlyoom_arguments(Arguments{"-m", "5,5", "-s", "5,5"})).rules,
              SizeIs(1));
}

TEST(ImportEarlyoom, NamesArePointsOrLevels) {
  const Arguments names = {"--prefer", "^chrome$", "--avoid=^sshd$", "--ignore", "^Xorg$"};
  const Policy policy = policy_of(import_earlyoom_arguments(names));
  ASSERT_THAT(policy.preferences, SizeIs(3));
  EXPECT_EQ(policy.preferences[0].level, PreferenceLevel::never);
  EXPECT_EQ(policy.preferences[1].points, 300);
  EXPECT_EQ(policy.preferences[2].points, -300);
  Arguments by_rss = names;
  by_rss.emplace_back("--sort-by-rss");
  const Policy mended = policy_of(import_earlyoom_arguments(by_rss));
  EXPECT_EQ(mended.rules[0].pick->text, "process by rss");
  EXPECT_EQ(mended.preferences[2].level, PreferenceLevel::avoid);
  EXPECT_EQ(mended.preferences[2].points, 0);
}

TEST(ImportEarlyoom, LettersTogetherAndTheRest) {
  const Imported imported = import_earlyoom_arguments(
      Arguments{"-gnp", "-r", "3600", "-N", "/usr/bin/tell", "-P/usr/bin/dump", "--dry",
                "--ignore-root-user", "-w", "3"});
  const Policy policy = policy_of(imported);
  EXPECT_TRUE(policy.settings.dry_run);
  EXPECT_EQ(policy.rules[0].pick->kind, TargetKind::process_group);
  EXPECT_FALSE(policy.rules[0].except.empty());
  ASSERT_THAT(policy.rules[1].actions, SizeIs(6));
  EXPECT_EQ(policy.rules[1].actions[0].text, "hook /usr/bin/dump timeout 200ms");
  EXPECT_EQ(policy.rules[1].actions[1].text, "term wait 3s");
  EXPECT_EQ(policy.rules[1].actions[4].text, "exec /usr/bin/tell timeout 60s");
  EXPECT_THAT(notes_of(imported), HasSubstr("-r 3600"));
  EXPECT_THAT(notes_of(imported), HasSubstr("EARLYOOM_PID"));
}

TEST(ImportEarlyoom, PatternsOfAnotherKindAreSaid) {
  const Imported imported = import_earlyoom_arguments(Arguments{"--avoid", "(a)\\1"});
  EXPECT_THAT(policy_of(imported).preferences, IsEmpty());
  EXPECT_THAT(notes_of(imported), HasSubstr("--avoid (a)\\1"));
}

TEST(ImportEarlyoom, WhatItRefusesIsRefusedAtItsPlace) {
  const auto refusal = [](const Arguments& arguments) {
    return errors_of(import_earlyoom_arguments(arguments));
  };
  EXPECT_THAT(refusal({"-m", "x"}), HasSubstr("1:4: expected a number"));
  EXPECT_THAT(refusal({"-n", "-m", "10,y"}), HasSubstr("1:10: expected a number"));
  EXPECT_THAT(refusal({"-m", "101"}), HasSubstr("1:4:"));
  EXPECT_THAT(refusal({"-s", "0"}), HasSubstr("never act"));
  EXPECT_THAT(refusal({"-m"}), HasSubstr("value is missing"));
  EXPECT_THAT(refusal({"--prefr", "a"}), HasSubstr("no option --prefr"));
  EXPECT_THAT(refusal({"--ignor", "a"}), HasSubstr("no option --ignor"));
  EXPECT_THAT(refusal({"-N", "tell"}), HasSubstr("whole path"));
  EXPECT_THAT(refusal({"10"}), HasSubstr("does not take"));
  EXPECT_THAT(refusal({"-v"}), HasSubstr("guards nothing"));
  EXPECT_THAT(refusal({"--avoid", "\xff"}), HasSubstr("UTF-8"));
}

TEST(ImportEarlyoom, FromItsFileOrItsUnit) {
  const std::string file =
      "# options\nEARLYOOM_ARGS=\"-m 4 -r 60 \\\n  --avoid '(^|/)(init|X org)$'\"\n";
  const Policy policy = policy_of(from_file(ImportTool::earlyoom, file));
  EXPECT_THAT(policy.rules[1].when.source(), HasSubstr("4% of mem.reachable"));
  ASSERT_THAT(policy.preferences, SizeIs(1));
  EXPECT_EQ(policy.preferences[0].match.patterns[0].second.text(), "(^|/)(init|X org)$");
  const std::string unit = "[Service]\nExecStart=/usr/bin/earlyoom $EARLYOOM_ARGS -s 3\n";
  EXPECT_THAT(policy_of(from_file(ImportTool::earlyoom, unit)).rules[1].when.source(),
              HasSubstr("swap.free <= 3%"));
  EXPECT_THAT(errors_of(from_file(ImportTool::earlyoom, "EARLYOOM_ARGS=\"-m 4 \n -z\"\n")), "");
  EXPECT_THAT(errors_of(from_file(ImportTool::earlyoom, "\nEARLYOOM_ARGS=\"-m 4 -z\"\n")),
              HasSubstr("2:22: earlyoom has no option -z"));
  EXPECT_THAT(errors_of(from_file(ImportTool::earlyoom, "x")), HasSubstr("no EARLYOOM_ARGS"));
}

TEST(ImportNohang, ItsServerProfile) {
  const Imported imported = from_file(ImportTool::nohang, "    a comment\nmin_badness = 10\n");
  const Policy policy = policy_of(imported);
  EXPECT_THAT(imported.notes, IsEmpty());
  ASSERT_THAT(policy.rules, SizeIs(2));
  EXPECT_EQ(policy.rules[0].when.source(),
            "mem.available <= 2% and (swap.total == 0 or swap.free <= 4%)");
  EXPECT_EQ(policy.rules[1].when.source(),
            "mem.available <= 5% and (swap.total == 0 or swap.free <= 10%)");
  EXPECT_EQ(policy.rules[1].cooldown, std::chrono::seconds(3));
  EXPECT_EQ(policy.rules[1].pick->text, "process by oom_score at least 10");
  EXPECT_EQ(policy.settings.after_kernel_kill.count(), 0);
}

TEST(ImportNohang, ItsDesktopProfile) {
  const Imported imported =
      from_file(ImportTool::nohang,
                "@check_kmsg\n"
                "zram_checking_enabled = True\n"
                "psi_checking_enabled = True\n"
                "psi_metrics = full_avg10\n"
                "low_memory_warnings_enabled = True\n"
                "soft_threshold_min_mem = 200 M\n"
                "post_kill_exe = /usr/bin/after\n"
                "print_proc_table = True\n"
                "@BADNESS_ADJ_RE_NAME  200  ///  ^(Web Content|Privileged Cont)$\n"
                "@BADNESS_ADJ_RE_REALPATH -200  ///  ^/usr/bin/Xorg$\n"
                "@BADNESS_ADJ_RE_UID -100 /// ^0$\n"
                "@BADNESS_ADJ_RE_CWD 200 /// ^/home/\n"
                "@BADNESS_ADJ_RE_CMDLINE 200 /// (?<!x)--type=renderer\n"
                "@SOFT_ACTION_RE_NAME ^foo$ /// kill -USR1 $PID\n");
  const Policy policy = policy_of(imported);
  ASSERT_THAT(policy.rules, SizeIs(5));
  EXPECT_EQ(policy.rules[2].when.source(),
            "(mem.available <= 200M and (swap.total == 0 or swap.free <= 10%)) or "
            "zram.memory >= 55%");
  EXPECT_EQ(policy.rules[1].when.source(),
            "(psi(memory, full, avg10) >= 90% for 30s) and mem.available <= 2%");
  EXPECT_EQ(policy.rules[1].cooldown, std::chrono::seconds(15));
  EXPECT_EQ(policy.rules[4].actions[0].kind, PolicyAction::Kind::warn);
  EXPECT_EQ(policy.settings.after_kernel_kill, std::chrono::seconds(1));
  ASSERT_THAT(policy.preferences, SizeIs(3));
  EXPECT_EQ(policy.preferences[0].points, 200);
  EXPECT_EQ(policy.preferences[0].match.oom_score_adj_min, 0);
  EXPECT_EQ(policy.preferences[1].points, -200);
  EXPECT_FALSE(policy.preferences[1].match.oom_score_adj_min.has_value());
  const std::string notes = notes_of(imported);
  for (const char* told : {"print_proc_table", "working directory", "(?<!x)", "@SOFT_ACTION"})
    EXPECT_THAT(notes, HasSubstr(told));
}

TEST(ImportNohang, PressureOfACgroup) {
  const std::string psi = "psi_checking_enabled = True\npsi_path = ";
  const Policy policy =
      policy_of(from_file(ImportTool::nohang, psi + "/sys/fs/cgroup/user.slice/memory.pressure\n"));
  EXPECT_EQ(policy.rules[1].scope.text, "cgroup /user.slice");
  EXPECT_EQ(policy.rules[1].from.text, "cgroup / /**");
  const Imported strange = from_file(ImportTool::nohang, psi + "/srv/psi\n");
  EXPECT_THAT(policy_of(strange).rules, SizeIs(2));
  EXPECT_THAT(notes_of(strange), HasSubstr("psi_path = /srv/psi"));
}

TEST(ImportNohang, WhatItRefusesIsRefusedAtItsPlace) {
  const auto refusal = [](const std::string& text) {
    return errors_of(from_file(ImportTool::nohang, text));
  };
  EXPECT_THAT(refusal("# x\nsoft_threshold_min_mem = 5\n"), HasSubstr("2:26: expected percents"));
  EXPECT_THAT(refusal("psi_checking_enabled = true"), HasSubstr("1:24: expected True or False"));
  EXPECT_THAT(refusal("min_badnes = 1"), HasSubstr("1:1: nohang has no key"));
  EXPECT_THAT(refusal("min_badness"), HasSubstr("expected a value"));
  EXPECT_THAT(refusal("min_badness = 1\nmin_badness = 2"), HasSubstr("2:1: this key"));
  EXPECT_THAT(refusal("@BADNESS_ADJ_RE_NAME x /// y"), HasSubstr("whole number"));
  EXPECT_THAT(refusal("@BADNESS_ADJ_RE_NAME 5 y"), HasSubstr("///"));
  EXPECT_THAT(refusal("@BADNESS_ADJ 5 /// y"), HasSubstr("no @BADNESS_ADJ"));
}

// A ruleset with these detectors and actions.
std::string ruleset(const std::string& detectors, const std::string& actions,
                    const std::string& more = "") {
  return R"({"rulesets": [{"name": "r", "detectors": [["g", )" + detectors + R"(]], "actions": [)" +
         actions + "]" + more + "}]}";
}
const char* const kKill =
    R"({"name": "kill_by_swap_usage", "args": {"cgroup": "system.slice/*,user.slice"}})";

TEST(ImportOomd, ADesktop) {
  const Imported imported = from_file(ImportTool::oomd, R"(// comments are read
{ "rulesets": [
    { "name": "session",
      "detectors": [[ "pressure above 60 for 30s",
        {"name": "dump_cgroup_overview", "args": {"cgroup": "user.slice", "always": "true"}},
        {"name": "pressure_above", "args": {"cgroup": "user.slice,system.slice",
          "resource": "memory", "threshold": "60", "duration": "30"}},
        {"name": "memory_reclaim", "args": {"cgroup": "user.slice/user-*.slice,system.slice/*",
          "duration": "10"}} ]],
      "actions": [ {"name": "kill_by_memory_size_or_growth",
                    "args": {"cgroup": "user.slice/user-*.slice,system.slice/*"}} ] },
    { "name": "low swap",
      "detectors": [[ "free swap", {"name": "swap_free", "args": {"threshold_pct": "15"}} ]],
      "actions": [ {"name": "kill_by_swap_usage",
                    "args": {"cgroup": "system.slice/*", "recursive": "true"}} ] } ] })");
  const Policy policy = policy_of(imported);
  ASSERT_THAT(policy.rules, SizeIs(2));
  EXPECT_EQ(policy.rules[0].scope.text, "cgroup /user.slice /system.slice");
  EXPECT_EQ(policy.rules[0].from.text, "cgroup /user.slice/user-*.slice /system.slice/*");
  EXPECT_EQ(policy.rules[0].when.source(),
            "psi(memory, full, avg10) > 60% for 30s and (rate(cg.pgscan, 5s) > 0/s) within 10s");
  EXPECT_EQ(policy.rules[0].cooldown, std::chrono::seconds(15));
  EXPECT_EQ(policy.rules[1].when.source(), "swap.total > 0 and swap.free < 15%");
  EXPECT_EQ(policy.rules[1].pick->text, "cgroup by swap at least 1M recursive");
  EXPECT_THAT(notes_of(imported), HasSubstr("grew most"));
}

TEST(ImportOomd, EveryDetectorItHasASignalFor) {
  const auto when = [](const std::string& detector) {
    return policy_of(from_file(ImportTool::oomd, ruleset(detector, kKill))).rules[0].when.source();
  };
  EXPECT_EQ(when(R"({"name": "pressure_above", "args": {"cgroup": "/", "resource": "io",
                     "threshold": 5, "duration": "3"}})"),
            "psi(io, full, avg10) > 5% for 3s");
  EXPECT_THAT(
      when(R"({"name": "pressure_rising_beyond", "args": {"cgroup": "a",
                       "resource": "memory", "threshold": "5", "duration": "15"}})"),
      HasSubstr("falling(psi(memory, full, avg10), 5s) <= psi(memory, full, avg10) / 28333ms"));
  EXPECT_EQ(when(R"({"name": "memory_above", "args": {"cgroup": "a", "threshold": "1536",
                     "duration": "5"}})"),
            "(cg.usage > 1536M) for 5s");
  EXPECT_EQ(when(R"({"name": "memory_above", "args": {"cgroup": "/", "threshold_anon": "10%",
                     "duration": "5"}})"),
            "(mem.anon > 10% of mem.total) for 5s");
  EXPECT_EQ(when(R"({"name": "memory_above", "args": {"cgroup": "/", "threshold": "1.5G 32M",
                     "duration": "0"}})"),
            "(mem.total - mem.free > 1.5G + 32M)");
  EXPECT_EQ(when(R"({"name": "exists", "args": {"cgroup": "a/b*"}})"), "mem.total > 0");
}

TEST(ImportOomd, ActionsInTurnAreRulesOneAfterTheOther) {
  const Imported imported = from_file(
      ImportTool::oomd, ruleset(R"({"name": "continue", "args": {}})",
                                R"({"name": "senpai", "args": {}},
                 {"name": "kill_by_pg_scan", "args": {"cgroup": "a", "reap_memory": "false"}},
                 {"name": "kill_by_io_cost", "args": {"cgroup": "a"}},
                 {"name": "kill_by_pressure", "args": {"cgroup": "a", "resource": "memory",
                  "dry": "true", "post_action_delay": "3"}},
                 {"name": "systemd_restart", "args": {"service": "a.service"}},
                 {"name": "stop", "args": {}}, {"name": "kill_by_pg_scan",
                  "args": {"cgroup": "never"}})",
                                R"(, "silence-logs": "engine", "drop-in": {"actions": true})"));
  const Policy policy = policy_of(imported);
  ASSERT_THAT(policy.rules, SizeIs(3));
  EXPECT_EQ(policy.rules[0].pick->text, "cgroup by pgscan");
  EXPECT_THAT(policy.rules[0].actions, SizeIs(1));
  EXPECT_EQ(policy.rules[1].actions[0].kind, PolicyAction::Kind::log);
  EXPECT_EQ(policy.rules[1].cooldown, std::chrono::seconds(3));
  EXPECT_EQ(policy.rules[2].actions[0].text, "restart a.service");
  for (const char* told : {"senpai", "kill_by_io_cost", "silence-logs", "drop-in"})
    EXPECT_THAT(notes_of(imported), HasSubstr(told));
}

TEST(ImportOomd, DryEverywhereIsADryRun) {
  const Imported imported =
      from_file(ImportTool::oomd, ruleset(R"({"name": "continue", "args": {}})",
                                          R"({"name": "kill_by_pg_scan", "args": {"cgroup": "a",
                                   "dry": "true"}})"));
  EXPECT_TRUE(policy_of(imported).settings.dry_run);
}

// Half a condition would kill more often than oomd, so it is left out whole.
TEST(ImportOomd, AGroupThatCannotBeSaidIsLeftOutWhole) {
  for (const char* detectors :
       {R"({"name": "pressure_above", "args": {"cgroup": "a", "resource": "memory",
            "threshold": "5", "duration": "1"}},
           {"name": "pressure_above", "args": {"cgroup": "b", "resource": "memory",
            "threshold": "5", "duration": "1"}})",
        R"({"name": "nr_dying_descendants", "args": {"count": "100"}})",
        R"({"name": "exists", "args": {"cgroup": "a", "negate": "true"}})",
        R"({"name": "our_own_plugin", "args": {"x": "y"}})",
        R"({"name": "pressure_above", "args": {"cgroup": "a[bc]", "resource": "memory",
            "threshold": "5", "duration": "1"}})"}) {
    const Imported imported = from_file(ImportTool::oomd, ruleset(detectors, kKill));
    EXPECT_THAT(errors_of(imported), "");
    EXPECT_EQ(imported.policy, "");
    EXPECT_THAT(imported.notes, Not(IsEmpty())) << detectors;
  }
}

TEST(ImportOomd, WhatItRefusesIsRefusedAtItsPlace) {
  const auto refusal = [](const std::string& text) {
    return errors_of(from_file(ImportTool::oomd, text));
  };
  EXPECT_THAT(refusal("{\n \"rulesets\": [}"), HasSubstr("2:15: syntax error"));
  EXPECT_THAT(refusal("[]"), HasSubstr("rulesets"));
  EXPECT_THAT(refusal(ruleset(R"({"name": "swap_free"})", kKill)),
              HasSubstr("needs the argument threshold_pct"));
  EXPECT_THAT(refusal(ruleset("\n"
                              R"({"name": "swap_free", "args": {"threshold_pct": "1",
                                  "treshold": "\"2"}})",
                              kKill)),
              HasSubstr("3:47: swap_free has no argument \"treshold\""));
  EXPECT_THAT(refusal(R"({"rulesets": [{"name": "r", "detectors": [], "actions": []}]})"),
              HasSubstr("has no detectors"));
  EXPECT_THAT(refusal(std::string(100, '[')), HasSubstr("1:65: nested too deeply"));
}

Imported from_units(std::vector<ImportSource> sources) {
  return import_policy(ImportTool::systemd_oomd, sources);
}

TEST(ImportSystemd, DistributionsDefaults) {
  const Policy policy = policy_of(from_units(
      {{"/usr/lib/systemd/oomd.conf", "[OOM]\nDefaultMemoryPressureDurationSec=20s\n"},
       {"/usr/lib/systemd/system/-.slice.d/10-oomd-root-slice-defaults.conf",
        "[Slice]\nManagedOOMSwap=kill\n"},
       {"/usr/lib/systemd/system/user@.service.d/10-oomd-user-service-defaults.conf",
        "[Service]\nManagedOOMMemoryPressure=kill\nManagedOOMMemoryPressureLimit=50%\n"}}));
  ASSERT_THAT(policy.rules, SizeIs(2));
  EXPECT_EQ(policy.rules[0].when.source(), "mem.used > 90% and swap.used > 90%");
  EXPECT_EQ(policy.rules[0].pick->text, "cgroup by swap at least 5% of swap.total");
  EXPECT_TRUE(policy.rules[0].only.empty());
  EXPECT_EQ(policy.rules[1].scope.text, "cgroup /user.slice/user-*.slice/user@*.service");
  EXPECT_EQ(policy.rules[1].when.source(),
            "(psi(memory, full, avg10) > 50%) for 20s and (rate(cg.pgscan, 1s) > 0/s) within 30s");
  EXPECT_EQ(policy.rules[1].pick->text, "cgroup by pgscan, then size");
  EXPECT_EQ(policy.settings.cooldown, std::chrono::seconds(15));
}

TEST(ImportSystemd, UnitsWithTheSameLimitsAreOneRule) {
  const std::string kill = "[Slice]\nManagedOOMMemoryPressure=kill\n";
  const Policy policy = policy_of(
      from_units({{"a/system.slice.d/x.conf", kill},
                  {"b/slice.d/x.conf", kill},
                  {"b/batch-night.slice", kill},
                  {"db.service",
                   "[Service]\nManagedOOMMemoryPressure=kill\nManagedOOMMemoryPressureLimit=800‰\n"
                   "ManagedOOMMemoryPressureDurationSec=1min 5s\nSlice=batch-night.slice\n"}}));
  ASSERT_THAT(policy.rules, SizeIs(2));
  EXPECT_EQ(policy.rules[0].scope.text,
            "cgroup /batch.slice/batch-night.slice /**.slice /system.slice");
  EXPECT_EQ(policy.rules[1].scope.text, "cgroup /batch.slice/batch-night.slice/db.service");
  EXPECT_THAT(policy.rules[1].when.source(), HasSubstr("> 80%) for 65s"));
}

TEST(ImportSystemd, WhereUnitsAre) {
  const auto scope = [](const std::string& name) {
    return policy_of(from_units({{name, "[X]\nManagedOOMMemoryPressure=kill\n"}}))
        .rules[0]
        .scope.text;
  };
  EXPECT_EQ(scope("/etc/systemd/system/web.service"), "cgroup /system.slice/web.service");
  EXPECT_EQ(scope("a-b@.service"), "cgroup /system.slice/system-a\\x2db.slice/a-b@*.service");
  EXPECT_EQ(scope("user-.slice.d/x.conf"), "cgroup /user.slice/user-*.slice");
  EXPECT_EQ(scope("user@1000.service"), "cgroup /user.slice/user-1000.slice/user@1000.service");
  EXPECT_EQ(scope("/etc/systemd/user/app.slice.d/x.conf"),
            "cgroup /user.slice/user-*.slice/user@*.service/app.slice");
  EXPECT_EQ(scope("init.scope"), "cgroup /init.scope");
  EXPECT_EQ(scope("-.slice"), "host");
}

TEST(ImportSystemd, RulesPreferencesAndHooks) {
  const Imported imported = from_units(
      {{"/etc/systemd/oomd.conf", "[OOM]\nPrekillHookTimeoutSec=3s\nSwapUsedLimit=80%\n"},
       {"rules.d/early.oomrule",
        "[Rule]\nMemoryPressureAbove=40%\nSwapUsageMax=50%\nLastingSec=5\nAction=kill-all\n"},
       {"job.service", "[Service]\nOOMRules=early missing\n"},
       {"web.service", "[Service]\nManagedOOMPreference=omit\nManagedOOMSwap=kill\n"}});
  const Policy policy = policy_of(imported);
  ASSERT_THAT(policy.rules, SizeIs(2));
  EXPECT_EQ(policy.rules[0].when.source(), "mem.used > 80% and swap.used > 80%");
  EXPECT_EQ(policy.rules[0].only.patterns[0].second.text(), "^/system\\.slice/web\\.service(/|$)");
  EXPECT_EQ(policy.rules[1].when.source(),
            "(psi(memory, full, avg10) > 40% and swap.used > 50%) for 5s");
  EXPECT_TRUE(policy.rules[1].from.scope_itself);
  ASSERT_THAT(policy.preferences, SizeIs(1));
  EXPECT_EQ(policy.preferences[0].level, PreferenceLevel::never);
  EXPECT_THAT(notes_of(imported), HasSubstr("missing.oomrule"));
  EXPECT_THAT(notes_of(imported), HasSubstr("PrekillHookTimeoutSec"));
}

TEST(ImportSystemd, LaterFilesAndEmptyValuesTakeBack) {
  EXPECT_EQ(from_units({{"web.service", "[Service]\nManagedOOMSwap=kill\n"},
                        {"web.service.d/x.conf", "[Service]\nManagedOOMSwap=auto\n"}})
                .policy,
            "");
  const std::string both = "[Service]\nOOMRules=a\nOOMRules=\nManagedOOMSwap=kill\n";
  EXPECT_THAT(from_units({{"web.service", both}}).notes, IsEmpty());
}

TEST(ImportSystemd, WhatItRefusesIsRefusedAtItsPlace) {
  const auto refusal = [](const std::string& name, const std::string& text) {
    return errors_of(from_units({{name, text}}));
  };
  EXPECT_THAT(refusal("oomd.conf", "[OOM]\nSwapUsedLimt=9%\n"),
              HasSubstr("2:1: systemd-oomd has no"));
  EXPECT_THAT(refusal("oomd.conf", "[OOM]\nSwapUsedLimit=90\n"),
              HasSubstr("2:15: expected a perc"));
  EXPECT_THAT(refusal("a.service", "[Service]\nManagedOOMSwap=yes\n"), HasSubstr("2:16:"));
  EXPECT_THAT(refusal("a.oomrule", "[Rule]\nLastingSec=5 weeks\nAction=kill-all\n"),
              HasSubstr("2:12: expected a time"));
  EXPECT_THAT(refusal("a.oomrule", "[Rule]\n"), HasSubstr("Action="));
  EXPECT_THAT(refusal("what.txt", "ManagedOOMSwap=kill\n"), HasSubstr("which unit"));
  std::string deep;
  for (int level = 0; level < 60; ++level)
    deep += "x-";
  EXPECT_THAT(refusal(deep + "y.slice", "[Slice]\nManagedOOMMemoryPressure=kill\n"),
              HasSubstr("longer than a pattern"));
  EXPECT_THAT(refusal("\xd5.service", "[Service]\nManagedOOMSwap=kill\n"), HasSubstr("name"));
}

// Any of them, cut anywhere or with any byte changed, is imported to a policy or refused.
TEST(Import, EveryPrefixIsAPolicyOrRefused) {
  const std::vector<std::pair<ImportTool, ImportSource>> whole = {
      {ImportTool::earlyoom, {"earlyoom", "EARLYOOM_ARGS=\"-m 4,2 -M 100 --avoid '^a$' -N /b\"\n"}},
      {ImportTool::nohang,
       {"nohang.conf",
        "psi_checking_enabled = True\nwarning_exe = /a b\nlow_memory_warnings_enabled "
        "= True\n@BADNESS_ADJ_RE_NAME 5 /// [a-c]\nmin_sleep = 9\n"}},
      {ImportTool::oomd,
       {"oomd.json", ruleset(R"({"name": "swap_free", "args": {"threshold_pct": "15",
                                 "swapout_bps_threshold": "100"}})",
                             kKill)}},
      {ImportTool::systemd_oomd,
       {"a.slice",
        "[Slice]\nManagedOOMSwap=kill\nManagedOOMMemoryPressure=kill\n"
        "ManagedOOMMemoryPressureLimit=12.5%\nManagedOOMPreference=avoid\n"}}};
  for (const auto& [tool, source] : whole) {
    for (std::size_t cut = 0; cut <= source.text.size(); ++cut) {
      for (const char* more : {"", "\n", "\"", "=", "%", "\x01"}) {
        const Imported imported = from_file(tool, source.text.substr(0, cut) + more, source.name);
        EXPECT_THAT(errors_of(imported), Not(HasSubstr("what comes of it"))) << cut << more;
      }
    }
    EXPECT_FALSE(from_file(tool, source.text, source.name).policy.empty()) << source.name;
  }
}

}  // namespace
}  // namespace oomkit
