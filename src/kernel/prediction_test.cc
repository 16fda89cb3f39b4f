#include "kernel/prediction.h"

#include <string>

#include <gtest/gtest.h>

#include "kernel/headroom.h"

namespace oomkit {
namespace {

constexpr KernelVersion kOld{4, 19, 0};
constexpr KernelVersion kNew{6, 12, 0};

// A host of 4 GiB without swap, and cgroups as the tests put them there.
class Host {
 public:
  Host() {
    snapshot_.page_size = PageSize::k4K;
    HostState state;
    state.meminfo.add("MemTotal", KiB(4 * 1024 * 1024));
    state.meminfo.add("SwapTotal", KiB(0));
    snapshot_.host_state = state;
    MemcgTree tree;
    tree.nodes.push_back({});
    tree.nodes.back().path = "/";
    snapshot_.memcgs = tree;
  }

  std::size_t memcg(const char* path, std::size_t parent, std::optional<Bytes> limit) {
    MemcgNode node;
    node.path = path;
    node.parent = parent;
    node.limit = MemcgLimit{limit};
    snapshot_.memcgs->nodes.push_back(node);
    return snapshot_.memcgs->nodes.size() - 1;
  }
  void sysctl(const char* name, std::int64_t value) {
    snapshot_.host_state->sysctl.set(name, value);
  }
  MemcgNode& node(std::size_t memcg) { return snapshot_.memcgs->nodes[memcg]; }
  TaskState& state(std::size_t task) { return snapshot_.task_states[task]; }
  Task& task(std::size_t task) { return snapshot_.tasks[task]; }
  Snapshot& snapshot() { return snapshot_; }

  std::size_t task(std::int64_t pid, std::int64_t rss_mib, int adj, std::size_t memcg = 0) {
    Task task;
    task.pid = pid;
    task.tgid = pid;
    task.comm = "task-" + std::to_string(pid);
    task.total_vm = Pages(rss_mib * 512);
    task.rss = Pages(rss_mib * 256);
    task.swapents = Pages(0);
    task.pgtables = Bytes(0);
    task.oom_score_adj = adj;
    snapshot_.tasks.push_back(task);
    TaskState state;
    state.memcg = memcg;
    snapshot_.task_states.push_back(state);
    return snapshot_.tasks.size() - 1;
  }

 private:
  Snapshot snapshot_;
};

std::vector<std::int64_t> victims(const Host& host, const std::optional<Prediction>& prediction) {
  std::vector<std::int64_t> pids;
  for (const std::size_t index : prediction.value().would_kill)
    pids.push_back(const_cast<Host&>(host).snapshot().tasks[index].pid);
  return pids;
}

using Pids = std::vector<std::int64_t>;

TEST(Prediction, TheLargestDiesAndAdjMovesIt) {
  Host host;
  host.task(10, 500, 0);
  host.task(11, 300, 0);
  EXPECT_EQ(victims(host, predict_host(host.snapshot(), kNew)), Pids{10});
  host.task(1).oom_score_adj = 100;  // Of 4 GiB, 409 MiB more.
  EXPECT_EQ(victims(host, predict_host(host.snapshot(), kNew)), Pids{11});
}

TEST(Prediction, EqualsAreNamedAndTheVersionSaysWhichDies) {
  Host host;
  host.task(10, 100, 0);
  host.task(11, 100, 0);
  host.task(12, 50, 0);
  const auto now = predict_host(host.snapshot(), kNew);
  EXPECT_EQ(now->tied, 2U);
  EXPECT_EQ(victims(host, now), Pids{11}) << "the last from 5.3 on";
  EXPECT_EQ(victims(host, predict_host(host.snapshot(), kOld)), Pids{10}) << "the first before";
}

TEST(Prediction, TheSparedComeLastWithTheirReason) {
  Host host;
  host.task(1, 10, 0);
  host.task(10, 900, -1000);
  host.task(11, 100, 0);
  const std::size_t kthread = host.task(12, 0, 0);
  host.state(kthread).kernel_thread = true;
  const std::size_t reaped = host.task(13, 600, 0);
  host.state(reaped).oom_score = 0;
  const auto prediction = predict_host(host.snapshot(), kNew);
  ASSERT_EQ(prediction->tasks.size(), 4U) << "kernel threads are nobody's candidates";
  EXPECT_EQ(victims(host, prediction), Pids{11});
  EXPECT_EQ(prediction->tasks[1].spared, Spared::adj_minus_1000) << "the largest first";
  EXPECT_EQ(prediction->tasks[2].spared, Spared::by_kernel);
  EXPECT_EQ(prediction->tasks[3].spared, Spared::init);
}

TEST(Prediction, TheFirstProcessOfAContainerIsNotTheHosts) {
  Host host;
  const std::size_t init = host.task(1, 100, 0);
  EXPECT_EQ(predict_host(host.snapshot(), kNew)->outcome, OomOutcome::nothing_to_kill);
  host.state(init).oom_score = 683;
  EXPECT_EQ(victims(host, predict_host(host.snapshot(), kNew)), Pids{1});
}

TEST(Prediction, AMemcgsOwnLimitIsTheMeasureOfAdj) {
  Host host;
  const std::size_t box = host.memcg("/box", 0, Bytes(100LL << 20));
  const std::size_t inner = host.memcg("/box/inner", box, std::nullopt);
  host.task(10, 60, 0, box);
  host.task(11, 20, 300, inner);  // 30 MiB of this limit; 1.2 GiB of the host.
  host.task(12, 900, 0);
  EXPECT_EQ(victims(host, predict_memcg(host.snapshot(), kNew, box)), Pids{10});
  EXPECT_EQ(victims(host, predict_host(host.snapshot(), kNew)), Pids{11});
  EXPECT_FALSE(predict_memcg(host.snapshot(), kNew, inner).has_value()) << "has no limit";
  EXPECT_FALSE(predict_memcg(host.snapshot(), kNew, 99).has_value());
}

TEST(Prediction, SwapAddsToAMemcgsMeasureUnlessNothingMayBeSwapped) {
  Host host;
  host.snapshot().host_state->meminfo.set("SwapTotal", KiB(1024 * 1024));
  const std::size_t box = host.memcg("/box", 0, Bytes(100LL << 20));
  EXPECT_EQ(memcg_totalpages(host.snapshot(), kNew, box), Pages((100 + 1024) * 256));
  host.node(box).swap_limit = MemcgLimit{Bytes(50LL << 20)};
  EXPECT_EQ(memcg_totalpages(host.snapshot(), kNew, box), Pages(150 * 256));
  host.sysctl("vm.swappiness", 0);
  EXPECT_EQ(memcg_totalpages(host.snapshot(), kNew, box), Pages(100 * 256));
  host.snapshot().memcgs->version = 1;
  host.node(box).swappiness = 60;
  host.node(box).memsw_limit = MemcgLimit{Bytes(120LL << 20)};
  EXPECT_EQ(memcg_totalpages(host.snapshot(), kNew, box), Pages(120 * 256));
  host.node(box).swappiness = 0;
  EXPECT_EQ(memcg_totalpages(host.snapshot(), kNew, box), Pages(100 * 256));
}

TEST(Prediction, TheHighestGroupWithinTheScopeDiesAsAWhole) {
  Host host;
  const std::size_t box = host.memcg("/box", 0, Bytes(100LL << 20));
  const std::size_t pod = host.memcg("/box/pod", box, Bytes(80LL << 20));
  const std::size_t inner = host.memcg("/box/pod/inner", pod, std::nullopt);
  host.node(box).oom_group = true;
  host.node(inner).oom_group = true;
  host.task(10, 60, 0, inner);
  host.task(11, 5, 0, inner);
  host.task(12, 3, -1000, inner);
  host.task(13, 4, 0, box);
  const auto of_pod = predict_memcg(host.snapshot(), kNew, pod);
  EXPECT_EQ(of_pod->group, inner) << "what is above the scope does not count";
  EXPECT_EQ(victims(host, of_pod), (Pids{10, 11})) << "and -1000 is spared in a group, too";
  EXPECT_EQ(predict_memcg(host.snapshot(), kNew, box)->group, box);
  EXPECT_EQ(victims(host, predict_host(host.snapshot(), kNew)), (Pids{10, 11, 13}));
}

TEST(Prediction, SettingsThatChangeWhatHappens) {
  Host host;
  const std::size_t box = host.memcg("/box", 0, Bytes(100LL << 20));
  host.task(10, 60, 0, box);
  host.sysctl("vm.panic_on_oom", 1);
  EXPECT_EQ(predict_host(host.snapshot(), kNew)->outcome, OomOutcome::panics);
  EXPECT_EQ(predict_memcg(host.snapshot(), kNew, box)->outcome, OomOutcome::kills);
  host.sysctl("vm.panic_on_oom", 2);
  EXPECT_EQ(predict_memcg(host.snapshot(), kNew, box)->outcome, OomOutcome::panics);
  host.sysctl("vm.panic_on_oom", 0);
  host.sysctl("vm.oom_kill_allocating_task", 1);
  EXPECT_EQ(predict_host(host.snapshot(), kNew)->outcome, OomOutcome::kills_allocating);
  EXPECT_EQ(predict_memcg(host.snapshot(), kNew, box)->outcome, OomOutcome::kills);
  host.node(box).oom_kill_disable = true;
  EXPECT_EQ(predict_memcg(host.snapshot(), kNew, box)->outcome, OomOutcome::waits);
}

class TwoNodes : public testing::Test {
 protected:
  TwoNodes() {
    HostMemory memory;
    for (const int node : {0, 1}) {
      Zone zone;
      zone.node = node;
      zone.name = "Normal";
      zone.amounts.add("present", KiB(2 * 1024 * 1024));
      zone.amounts.add("free", KiB(node == 0 ? 900'000 : 3'000));
      zone.amounts.add("min", KiB(2'000));
      zone.amounts.add("low", KiB(2'500));
      memory.zones.push_back(zone);
    }
    host_.snapshot().host_memory = memory;
    add(10, 900, "0");
    add(11, 200, "1");
    add(12, 300, "0-1");
  }

  void add(std::int64_t pid, std::int64_t rss_mib, const char* mems) {
    host_.state(host_.task(pid, rss_mib, 0)).mems_allowed = mems;
  }
  std::optional<Prediction> of(NodeScope scope, const KernelVersion& version = kNew) {
    return predict_host(host_.snapshot(), version, {.nodes = std::move(scope)});
  }

  Host host_;
};

TEST_F(TwoNodes, InACpusetOnlyThoseDieWhoMayUseItsNodes) {
  EXPECT_EQ(victims(host_, predict_host(host_.snapshot(), kNew)), Pids{10});
  const auto prediction = of({{1}});
  EXPECT_EQ(victims(host_, prediction), Pids{12});
  EXPECT_EQ(prediction->totalpages, Pages(512 * 1024)) << "of node 1 alone";
  EXPECT_EQ(prediction->tasks.back().index, 0U);
  EXPECT_EQ(prediction->tasks.back().spared, Spared::other_nodes);
  EXPECT_EQ(victims(host_, of({{0}})), Pids{10});
}

TEST_F(TwoNodes, AdjWeighsByTheMemoryOfTheNodesAlone) {
  host_.task(1).oom_score_adj = 40;  // 82 MiB of 2 GiB; of the host's 4 GiB it would be 164.
  EXPECT_EQ(victims(host_, of({{1}})), Pids{12});
  host_.task(1).oom_score_adj = 60;
  EXPECT_EQ(victims(host_, of({{1}})), Pids{11});
}

TEST_F(TwoNodes, ByAMemoryPolicyItIsThePolicyOfOthersThatCounts) {
  host_.state(0).mempolicy = "bind:0";
  host_.state(1).mempolicy = "bind:1";
  host_.state(2).mempolicy = "interleave:0";
  EXPECT_EQ(victims(host_, of({{1}, true})), Pids{12}) << "interleaving is no bond";
  EXPECT_EQ(victims(host_, of({{1}, true}, KernelVersion{5, 10, 0})), Pids{11}) << "it was one";
  host_.state(0).mempolicy = "preferred:0";
  EXPECT_EQ(victims(host_, of({{1}, true})), Pids{10}) << "a preference neither";
}

TEST_F(TwoNodes, AShortageOfSomeNodesPanicsOnlyByTwo) {
  host_.sysctl("vm.panic_on_oom", 1);
  EXPECT_EQ(of({{1}})->outcome, OomOutcome::kills);
  host_.sysctl("vm.panic_on_oom", 2);
  EXPECT_EQ(of({{1}})->outcome, OomOutcome::panics);
}

TEST_F(TwoNodes, WhoseNodesAreNotKnownMayDie) {
  host_.state(0).mems_allowed.reset();
  EXPECT_EQ(victims(host_, of({{1}})), Pids{10});
  EXPECT_FALSE(of({{7}}).has_value()) << "no such node";
}

TEST_F(TwoNodes, HeadroomIsThatOfTheNodesMeant) {
  const auto one = nodes_headroom(host_.snapshot(), {1});
  ASSERT_TRUE(one);
  EXPECT_EQ(one->free_above_min, to_bytes(KiB(1'000)));
  EXPECT_EQ(one->free_above_low, to_bytes(KiB(500)));
  EXPECT_EQ(nodes_headroom(host_.snapshot(), {0, 1})->free_above_min,
            host_headroom(host_.snapshot())->free_above_min);
  EXPECT_FALSE(nodes_headroom(host_.snapshot(), {7}).has_value());
}

TEST(Prediction, SysrqAsksForTheWorstWhateverTheSysctlsSay) {
  Host host;
  host.task(10, 60, 0);
  host.sysctl("vm.panic_on_oom", 2);
  host.sysctl("vm.oom_kill_allocating_task", 1);
  const HostShortage manual{.manual = true};
  const auto prediction = predict_host(host.snapshot(), kNew, manual);
  EXPECT_EQ(prediction->outcome, OomOutcome::kills);
  EXPECT_EQ(victims(host, prediction), Pids{10});
  EXPECT_EQ(predict_host(host.snapshot(), KernelVersion{3, 10, 0}, manual)->outcome,
            OomOutcome::panics);
}

TEST(Prediction, WhatIsNotKnownIsCountedAndTakesNoPlace) {
  Host host;
  host.task(10, 60, 0);
  host.task(11, 900, 0);
  host.task(1).rss.reset();
  const auto prediction = predict_host(host.snapshot(), kNew);
  EXPECT_EQ(prediction->unknown, 1U);
  EXPECT_EQ(victims(host, prediction), Pids{10});
  host.snapshot().page_size.reset();
  EXPECT_FALSE(predict_host(host.snapshot(), kNew).has_value());
  EXPECT_FALSE(predict_host(Snapshot{}, kNew).has_value());
  EXPECT_FALSE(predict_host(host.snapshot(), KernelVersion{2, 6, 18}).has_value());
}

}  // namespace
}  // namespace oomkit
