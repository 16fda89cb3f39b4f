// Every check on a sound host, on one that is spoilt in one thing, and on one that does not
// tell.
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "doctor/catalogue.h"
#include "doctor/doctor_testing.h"
#include "doctor/kill_log.h"

namespace oomkit::doctor {
namespace {

const Diagnosis* find(const DoctorReport& report, std::string_view id) {
  for (const Diagnosis& check : report.checks) {
    if (check.id == id) return &check;
  }
  return nullptr;
}

std::string fix_text(const Diagnosis& check) {
  std::string text;
  for (const std::string& line : check.fix)
    text += line + "\n";
  return text;
}

struct Case {
  std::string name;
  std::string_view id;
  std::function<void(Snapshot&)> change;
  CheckStatus status;
  std::string says;  // In value, why or fix; "" for a sound one.
};

using Status = CheckStatus;

void make_zram(Snapshot& host, Bytes original, Bytes memory) {
  ZramDevice device;
  device.name = "zram0";
  device.disksize = kGiB * 8;
  device.original = original;
  device.memory = memory;
  host.host_state->zram.push_back(device);
  host.host_state->swaps =
      std::vector<SwapDevice>{{"/dev/zram0", "partition", floor_kib(kGiB * 8), KiB(0), 100}};
}

void take(NamedNumbers& numbers, std::string_view name) {
  NamedNumbers rest;
  for (const auto& [key, value] : numbers.entries()) {
    if (key != name) rest.add(key, value);
  }
  numbers = rest;
}

auto sysctl_is(std::string_view name, std::int64_t value) {
  return [=](Snapshot& host) { set_sysctl_value(host, name, value); };
}

std::vector<Case> cases_of_memory() {
  return {
      {"LittleIsLeft", "headroom",
       [](Snapshot& host) {
         set_meminfo(host, "MemAvailable", kGiB);
         set_meminfo(host, "SwapFree", kGiB / 2);
       },
       Status::warning, "batch (pid 900)"},
      {"AlmostNothingIsLeft", "headroom",
       [](Snapshot& host) {
         set_meminfo(host, "MemAvailable", kGiB / 4);
         set_meminfo(host, "SwapFree", Bytes(0));
       },
       Status::critical, "oom top"},
      {"TasksWait", "pressure",
       [](Snapshot& host) { host.host_state->pressure_memory->full->avg60_centipercent = 1500; },
       Status::warning, "15.0 %"},
      {"TasksDoNothingElse", "pressure",
       [](Snapshot& host) { host.host_state->pressure_memory->full->avg60_centipercent = 6000; },
       Status::critical, "60.0 %"},
      {"PressureIsOff", "pressure",
       [](Snapshot& host) {
         host.host_state->pressure_memory.reset();
         host.host_state->boot_options = {"psi=0"};
       },
       Status::notice, "take psi=0 off"},
      {"KernelBeforePressure", "pressure",
       [](Snapshot& host) {
         host.host_state->pressure_memory.reset();
         host.kernel_release = "3.10.0";
       },
       Status::notice, "4.20"},
      {"Kills", "past-kills", [](Snapshot& host) { host.host_state->vmstat.set("oom_kill", 7); },
       Status::warning, "7 kills in the 2 days"},
      {"OneKillInAMonth", "past-kills",
       [](Snapshot& host) {
         host.host_state->vmstat.set("oom_kill", 1);
         host.uptime = std::chrono::hours(24 * 30);
       },
       Status::notice, "1 kill in the 30 days"},
      {"EverythingIsGranted", "overcommit", sysctl_is("vm.overcommit_memory", 1), Status::notice,
       "vm.overcommit_memory=0"},
      {"RedisAsksForIt", "overcommit",
       [](Snapshot& host) {
         set_sysctl_value(host, "vm.overcommit_memory", 1);
         add_task(host, 950, "redis-server", kGiB, 0);
       },
       Status::ok, "redis"},
      {"TheCommitLimitIsNear", "overcommit",
       [](Snapshot& host) {
         set_sysctl_value(host, "vm.overcommit_memory", 2);
         set_meminfo(host, "Committed_AS", kGiB * 11);
       },
       Status::warning, "vm.overcommit_ratio=95"},
      {"TheCommitLimitIsMet", "overcommit",
       [](Snapshot& host) {
         set_sysctl_value(host, "vm.overcommit_memory", 2);
         set_meminfo(host, "Committed_AS", kGiB * 12);
       },
       Status::critical, "ENOMEM"},
      {"RamThatCannotBePromised", "overcommit",
       [](Snapshot& host) {
         set_sysctl_value(host, "vm.overcommit_memory", 2);
         set_meminfo(host, "CommitLimit", kGiB * 8);
         set_meminfo(host, "Committed_AS", kGiB);
       },
       Status::warning, "8.0 GiB of it can hold nothing but file cache"},
      {"RootCannotLogIn", "reserves", sysctl_is("vm.overcommit_memory", 2), Status::notice,
       "vm.admin_reserve_kbytes=131072"},
      {"MinFreeTooLow", "min-free", sysctl_is("vm.min_free_kbytes", 1024), Status::warning,
       "vm.min_free_kbytes=16384"},
      {"MinFreeTooHigh", "min-free", sysctl_is("vm.min_free_kbytes", 1 << 20), Status::warning,
       "1.0 GiB is never given"},
      {"KswapdTooLate", "watermarks",
       [](Snapshot& host) {
         host.host_state->vmstat.set("allocstall_normal", 50'000);
         host.host_state->vmstat.set("pgscan_direct", 900'000);
         host.host_state->vmstat.set("pgscan_kswapd", 1'000'000);
       },
       Status::notice, "vm.watermark_scale_factor=50"},
  };
}

std::vector<Case> cases_of_swap() {
  return {
      {"NoSwap", "swap",
       [](Snapshot& host) {
         set_meminfo(host, "SwapTotal", Bytes(0));
         host.host_state->swaps->clear();
       },
       Status::notice, "fallocate -l 4G"},
      {"NoSwapAsTheKubeletWantsIt", "swap",
       [](Snapshot& host) {
         set_meminfo(host, "SwapTotal", Bytes(0));
         add_task(host, 960, "kubelet", kGiB / 8, -999);
       },
       Status::ok, "kubelet"},
      {"SwapFull", "swap", [](Snapshot& host) { set_meminfo(host, "SwapFree", kGiB / 8); },
       Status::warning, "3.9 GiB of 4.0 GiB"},
      {"TheDiskBeforeZram", "swap",
       [](Snapshot& host) {
         host.host_state->swaps->push_back(
             {"/dev/zram0", "partition", floor_kib(kGiB), KiB(0), -3});
       },
       Status::warning, "swapon -p 100 /dev/zram0"},
      {"ZramCompresses", "zram", [](Snapshot& host) { make_zram(host, kGiB * 2, kGiB / 2); },
       Status::ok, "2.0 GiB of 8.0 GiB stored in 512.0 MiB"},
      {"ZramDoesNotCompress", "zram", [](Snapshot& host) { make_zram(host, kGiB * 2, kGiB * 2); },
       Status::warning, "does not compress"},
      {"ZramLargerThanRam", "zram",
       [](Snapshot& host) {
         make_zram(host, kGiB * 2, kGiB);
         host.host_state->zram.front().disksize = kGiB * 32;
       },
       Status::warning, "16.0 GiB of 16.0 GiB RAM"},
      {"SwappinessZero", "swappiness", sysctl_is("vm.swappiness", 0), Status::notice,
       "vm.swappiness=60"},
      {"SwappinessLowForZram", "swappiness",
       [](Snapshot& host) { make_zram(host, kGiB, kGiB / 4); }, Status::notice,
       "vm.swappiness=150"},
      {"SwappinessHighForADisk", "swappiness", sysctl_is("vm.swappiness", 180), Status::notice,
       "vm.swappiness=60"},
  };
}

std::vector<Case> cases_of_kills() {
  return {
      {"PanicAndStandStill", "panic-on-oom", sysctl_is("vm.panic_on_oom", 1), Status::critical,
       "kernel.panic=0"},
      {"PanicAndReboot", "panic-on-oom",
       [](Snapshot& host) {
         set_sysctl_value(host, "vm.panic_on_oom", 1);
         set_sysctl_value(host, "kernel.panic", 10);
       },
       Status::warning, "after 10 s"},
      {"PanicForACgroup", "panic-on-oom", sysctl_is("vm.panic_on_oom", 2), Status::critical,
       "even a cgroup"},
      {"WhoeverAsks", "allocating-task", sysctl_is("vm.oom_kill_allocating_task", 1),
       Status::warning, "vm.oom_kill_allocating_task=0"},
      {"NoTaskTable", "dump-tasks", sysctl_is("vm.oom_dump_tasks", 0), Status::notice,
       "vm.oom_dump_tasks=1"},
      {"AllExempt", "killable",
       [](Snapshot& host) {
         for (Task& task : host.tasks)
           task.oom_score_adj = -1000;
       },
       Status::critical, "oom protect 900 --score -999"},
      {"TheLargeOnesExempt", "killable",
       [](Snapshot& host) {
         for (Task& task : host.tasks)
           task.oom_score_adj = -1000;
         add_task(host, 901, "shell", Bytes(8 << 20), 0);
         add_task(host, 902, "store", kGiB * 9, -1000);
       },
       Status::warning, "oom protect 902"},
      {"ADatabaseIsFirst", "important",
       [](Snapshot& host) {
         const std::size_t memcg = add_memcg(host, "/system.slice/mariadb.service");
         add_task(host, 990, "mariadbd", kGiB * 5, 0, memcg);
       },
       Status::warning, "oom protect mariadb.service --score -200"},
      {"ASmallDatabaseIsFirst", "important",
       [](Snapshot& host) {
         for (Task& task : host.tasks)
           task.rss = Pages(100);
         add_task(host, 990, "mariadbd", kGiB / 2, 0);
       },
       Status::ok, "safe for now"},
      {"TheWayInIsOpen", "important", [](Snapshot& host) { host.tasks[1].oom_score_adj = 0; },
       Status::notice, "oom protect 700 --score -900"},
      {"TwoKillers", "killers",
       [](Snapshot& host) {
         add_task(host, 970, "earlyoom", Bytes(1 << 20), -100);
         add_task(host, 971, "systemd-oomd", Bytes(1 << 20), -900);
       },
       Status::warning, "systemctl disable --now systemd-oomd.service"},
      {"AKillerKnownByItsUnit", "killers",
       [](Snapshot& host) {
         const std::size_t memcg = add_memcg(host, "/system.slice/nohang.service");
         add_task(host, 972, "python3", Bytes(1 << 20), 0, memcg);
       },
       Status::ok, "nohang"},
      {"AKillerWithoutPressure", "killers",
       [](Snapshot& host) {
         add_task(host, 971, "systemd-oomd", Bytes(1 << 20), -900);
         host.host_state->pressure_memory.reset();
       },
       Status::warning, "no pressure"},
      {"AKillerWithoutItsCgroups", "killers",
       [](Snapshot& host) {
         add_task(host, 971, "systemd-oomd", Bytes(1 << 20), -900);
         host.host_state->cgroup_layout = CgroupLayout::hybrid;
       },
       Status::warning, "not version 2"},
      {"NoCores", "cores",
       [](Snapshot& host) {
         host.host_state->core_pattern = "core";
         set_sysctl_value(host, "vm.overcommit_memory", 2);
       },
       Status::notice, "DefaultLimitCORE"},
      {"EmptyPattern", "cores", [](Snapshot& host) { host.host_state->core_pattern = ""; },
       Status::notice, "kernel.core_pattern=core"},
      {"CrashKernelNotLoaded", "kdump",
       [](Snapshot& host) { host.host_state->crash_kernel_size = Bytes(256 << 20); },
       Status::warning, "256.0 MiB of RAM is lost"},
      {"PanicWithoutDump", "kdump", sysctl_is("vm.panic_on_oom", 1), Status::warning,
       "crashkernel=256M"},
  };
}

std::vector<Case> cases_of_cgroups() {
  return {
      {"VersionOne", "cgroups",
       [](Snapshot& host) { host.host_state->cgroup_layout = CgroupLayout::v1; }, Status::notice,
       "systemd.unified_cgroup_hierarchy=1"},
      {"Disabled", "cgroups",
       [](Snapshot& host) {
         host.host_state->cgroup_layout.reset();
         host.host_state->boot_options = {"cgroup_disable=pressure,memory"};
       },
       Status::warning, "cgroup_disable=memory"},
      {"NotDelegated", "delegation",
       [](Snapshot& host) { host.memcgs->nodes[1].children_controlled = false; }, Status::notice,
       "1000"},
      {"KillerOff", "oom-disabled",
       [](Snapshot& host) {
         host.memcgs->version = 1;
         host.memcgs->nodes[2].oom_kill_disable = true;
       },
       Status::warning, "echo 0 >/sys/fs/cgroup/memory/system.slice/web.service"},
      {"KillerOffAndWaiting", "oom-disabled",
       [](Snapshot& host) {
         host.memcgs->version = 1;
         host.memcgs->nodes[2].oom_kill_disable = true;
         host.memcgs->nodes[2].under_oom = true;
       },
       Status::critical, "stand still"},
      {"AtItsLimit", "memcg-full",
       [](Snapshot& host) {
         host.memcgs->nodes[2].usage = kGiB * 4 - Bytes(4096);
         host.memcgs->nodes[2].swap_limit = MemcgLimit{Bytes(0)};
       },
       Status::warning, "systemctl set-property web.service MemoryMax=5G"},
      {"AtItsLimitWithSwapLeft", "memcg-full",
       [](Snapshot& host) { host.memcgs->nodes[2].usage = kGiB * 4 - Bytes(4096); }, Status::ok,
       ""},
      {"AtItsLimitWithCache", "memcg-full",
       [](Snapshot& host) {
         host.memcgs->nodes[2].usage = kGiB * 4 - Bytes(4096);
         host.memcgs->nodes[2].swap_limit = MemcgLimit{Bytes(0)};
         host.memcgs->nodes[2].stat.set("active_file", (kGiB * 2).count());
         host.memcgs->nodes[2].stat.set("inactive_file", (kGiB).count());
       },
       Status::ok, ""},
      {"APodAtItsLimit", "memcg-full",
       [](Snapshot& host) {
         MemcgNode& memcg = host.memcgs->nodes[2];
         memcg.path = "/kubepods/burstable/pod089f25ee-a41a-414c-a028-71a38dfb30d3";
         memcg.usage = *memcg.limit->size;
         memcg.swap_limit = MemcgLimit{Bytes(0)};
       },
       Status::warning, "the pod's spec"},
      {"ANameThatIsNoCommand", "memcg-full",
       [](Snapshot& host) {
         MemcgNode& memcg = host.memcgs->nodes[2];
         memcg.path = "/a; rm -rf 'x'";
         memcg.usage = *memcg.limit->size;
         memcg.swap_limit = MemcgLimit{Bytes(0)};
       },
       Status::warning, R"('/sys/fs/cgroup/a; rm -rf '\''x'\''/memory.max')"},
      {"AboveTheHost", "memcg-above-host",
       [](Snapshot& host) { host.memcgs->nodes[2].limit = MemcgLimit{kGiB * 64}; }, Status::notice,
       "MemoryMax="},
      {"OnlySlowed", "memcg-high",
       [](Snapshot& host) { host.memcgs->nodes[1].high = MemcgLimit{kGiB * 2}; }, Status::notice,
       "never killed"},
      {"Crawling", "memcg-high",
       [](Snapshot& host) {
         host.memcgs->nodes[1].high = MemcgLimit{kGiB * 2};
         host.memcgs->nodes[1].usage = kGiB * 2;
       },
       Status::warning, "crawls"},
      {"WorkersDieAlone", "memcg-group",
       [](Snapshot& host) {
         host.memcgs->nodes[2].processes = {800, 801, 802};
       },
       Status::notice, "OOMPolicy=kill"},
      {"NoSwapForIt", "memcg-swap",
       [](Snapshot& host) { host.memcgs->nodes[2].swap_limit = MemcgLimit{Bytes(0)}; },
       Status::notice, "MemorySwapMax=2G"},
  };
}

class DoctorCase : public testing::TestWithParam<Case> {};

TEST_P(DoctorCase, SaysWhatIsWrong) {
  const Case& wanted = GetParam();
  Snapshot host = sound_host();
  wanted.change(host);
  const DoctorReport report = examine({host, {}});
  const Diagnosis* const check = find(report, wanted.id);
  ASSERT_NE(check, nullptr);
  const std::string text = check->value + "\n" + check->why + "\n" + fix_text(*check);
  EXPECT_TRUE(check->known) << text;
  EXPECT_EQ(name_of(check->status), name_of(wanted.status)) << text;
  EXPECT_NE(text.find(wanted.says), std::string::npos) << text;
  EXPECT_FALSE(check->value.empty());
  EXPECT_TRUE(check->status == Status::ok || !check->why.empty());
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Memory, DoctorCase, testing::ValuesIn(cases_of_memory()), case_name);
INSTANTIATE_TEST_SUITE_P(Swap, DoctorCase, testing::ValuesIn(cases_of_swap()), case_name);
INSTANTIATE_TEST_SUITE_P(Kills, DoctorCase, testing::ValuesIn(cases_of_kills()), case_name);
INSTANTIATE_TEST_SUITE_P(Cgroups, DoctorCase, testing::ValuesIn(cases_of_cgroups()), case_name);

TEST(Doctor, ASoundHostHasNothingToSay) {
  const Snapshot host = sound_host();
  for (const Diagnosis& check : examine({host, {}}).checks) {
    EXPECT_TRUE(check.known) << check.id << ": " << check.why;
    EXPECT_EQ(check.status, Status::ok) << check.id << ": " << check.value << " " << check.why;
    EXPECT_TRUE(check.fix.empty()) << check.id << " advises where nothing is wrong";
  }
}

TEST(Doctor, WhatIsNotToldIsNotKnownAndNeverFine) {
  const DoctorReport report = examine({Snapshot{}, {}});
  EXPECT_EQ(report.count(Status::ok), 0U);
  EXPECT_EQ(report.unknown(), report.checks.size());
  for (const Diagnosis& check : report.checks) {
    EXPECT_FALSE(check.known) << check.id << ": " << check.value;
    EXPECT_TRUE(check.value.empty()) << check.id;
    EXPECT_FALSE(check.why.empty()) << check.id;
    EXPECT_TRUE(check.fix.empty()) << check.id;
  }
  // All but those that are about what is not here: zram, swap of cgroups, ...
  EXPECT_GE(report.checks.size(), 22U);
}

// One setting after the other is taken away: its check must not invent it.
TEST(Doctor, ASettingThatIsMissingIsNotKnown) {
  const std::pair<std::string_view, std::string_view> kRest[] = {
      {"vm.panic_on_oom", "panic-on-oom"},
      {"vm.oom_dump_tasks", "dump-tasks"},
      {"vm.oom_kill_allocating_task", "allocating-task"},
      {"vm.overcommit_memory", "overcommit"},
      {"vm.admin_reserve_kbytes", "reserves"},
      {"vm.swappiness", "swappiness"},
      {"vm.min_free_kbytes", "min-free"},
      {"vm.watermark_scale_factor", "watermarks"}};
  for (const auto& [sysctl, id] : kRest) {
    Snapshot host = sound_host();
    take(host.host_state->sysctl, sysctl);
    const DoctorReport report = examine({host, {}});
    const Diagnosis* const check = find(report, id);
    ASSERT_NE(check, nullptr) << id;
    EXPECT_FALSE(check->known) << id;
  }
  Snapshot host = sound_host();
  make_zram(host, kGiB, kGiB);
  host.host_state->zram.front().memory.reset();
  host.memcgs->nodes[1].children_controlled.reset();
  host.gaps.add(SourceGap::tasks_hidden, "hidepid=2");
  host.host_state->core_pattern = "core";
  host.host_state->core_limit_init.reset();
  const DoctorReport report = examine({host, {}});
  for (const char* id : {"zram", "delegation", "killable", "cores"})
    EXPECT_FALSE(find(report, id)->known) << id;
}

TEST(Doctor, TheMostSevereComesFirst) {
  Snapshot host = sound_host();
  set_sysctl_value(host, "vm.panic_on_oom", 2);
  set_sysctl_value(host, "vm.oom_kill_allocating_task", 1);
  set_sysctl_value(host, "vm.oom_dump_tasks", 0);
  host.host_state->core_pattern.reset();
  const DoctorReport report = examine({host, {}});
  EXPECT_EQ(report.checks[0].id, "panic-on-oom");
  EXPECT_EQ(report.checks[1].status, Status::warning);
  EXPECT_EQ(report.count(Status::critical), 1U);
  EXPECT_EQ(report.count(Status::notice), 1U) << "what is not known is counted apart";
  EXPECT_EQ(report.unknown(), 1U);
}

TEST(Doctor, TheLogNamesTheLastVictim) {
  Snapshot host = sound_host();
  host.host_state->vmstat.set("oom_kill", 2);
  LoggedKills log{"/dev/kmsg", 2, LoggedKill{"java", 4410, std::chrono::hours(43), "/pod"}};
  const Diagnosis check = *find(examine({host, log}), "past-kills");
  EXPECT_EQ(check.why, "The last was java (pid 4410), 5 hours ago, for the limit of /pod.");
  // The counter knows more than what is left of the log.
  log = {"/dev/kmsg", 0, std::nullopt};
  const Diagnosis lost = *find(examine({host, log}), "past-kills");
  EXPECT_NE(lost.why.find("does not go back that far"), std::string::npos) << lost.why;
}

TEST(Doctor, KillsAreCountedFromALog) {
  KillLog log("dmesg");
  LogReader reader("dmesg", log);
  reader.feed(
      "[  100.000000] Out of memory: Killed process 41 (java) total-vm:9000kB, anon-rss:800kB, "
      "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n"
      "[  200.000000] earlyoom[7]: not the kernel's\n"
      "[  300.000000] Memory cgroup out of memory: Killed process 42 (hog) total-vm:9000kB, "
      "anon-rss:800kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n");
  reader.finish();
  EXPECT_EQ(log.kills().count, 2U);
  ASSERT_TRUE(log.kills().last.has_value());
  EXPECT_EQ(log.kills().last->comm, "hog");
  EXPECT_EQ(log.kills().last->pid, 42);
  EXPECT_EQ(log.kills().last->uptime, HostTime(std::chrono::seconds(300)));
  EXPECT_TRUE(log.kills().last->memcg.has_value());
}

// Whatever numbers a snapshot holds, there is an answer.
TEST(Doctor, NumbersBeyondReasonAreSurvived) {
  for (const std::int64_t number : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
    Snapshot host = sound_host();
    make_zram(host, Bytes(number), Bytes(number));
    host.host_state->swaps->push_back({"/dev/sdb", "partition", KiB(number), KiB(number), number});
    HostState& state = *host.host_state;
    for (auto* names : {&state.sysctl, &state.vmstat}) {
      const NamedNumbers copy = *names;
      for (const auto& [name, value] : copy.entries())
        names->set(name, number);
    }
    for (const char* name :
         {"allocstall_normal", "allocstall_dma", "pgscan_direct", "pgscan_kswapd"})
      state.vmstat.set(name, number);
    const NamedAmounts<KiB> meminfo = state.meminfo;
    for (const auto& [name, value] : meminfo.entries())
      state.meminfo.set(name, KiB(number));
    for (MemcgNode& memcg : host.memcgs->nodes) {
      memcg.usage = memcg.peak = Bytes(number);
      memcg.limit = memcg.high = memcg.swap_limit = MemcgLimit{Bytes(number)};
    }
    for (Task& task : host.tasks)
      task.rss = task.swapents = Pages(number);
    EXPECT_GE(examine({host, {}}).checks.size(), 20U) << number;
    // And with the host's own total, so that the rest is looked at.
    set_meminfo(host, "MemTotal", kGiB * 16);
    set_sysctl_value(host, "vm.overcommit_memory", 2);
    EXPECT_GE(examine({host, {}}).checks.size(), 20U) << number;
  }
}

TEST(Doctor, EachIdStandsOnceInTheCatalogue) {
  for (const CheckEntry& a : check_catalogue()) {
    EXPECT_FALSE(a.about.empty());
    int count = 0;
    for (const CheckEntry& b : check_catalogue())
      count += a.id == b.id ? 1 : 0;
    EXPECT_EQ(count, 1) << a.id;
  }
}

}  // namespace
}  // namespace oomkit::doctor
