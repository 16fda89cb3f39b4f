#include "klog/scan.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "klog/scan_anchors.h"
#include "klog/scan_vector.h"

namespace oomkit {
namespace {

struct Scanner {
  std::string name;
  ScanResult (*run)(std::string_view, std::size_t);
};

// All that can run on this machine, the plain twin first.
std::vector<Scanner> scanners() {
  std::vector<Scanner> all = {{"plain", scan_plain}, {"fast", scan_fast}};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) all.push_back({"avx2", scan::scan_avx2});
  if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw"))
    all.push_back({"avx512", scan::scan_avx512});
#endif
  return all;
}

void expect_agreement(std::string_view block, std::size_t from) {
  const ScanResult expected = scan_plain(block, from);
  for (const Scanner& scanner : scanners()) {
    const ScanResult result = scanner.run(block, from);
    ASSERT_EQ(result.found, expected.found) << scanner.name << " from " << from << " in " << block;
    ASSERT_EQ(result.lines, expected.lines) << scanner.name << " from " << from << " in " << block;
  }
}

bool has_anchor(std::string_view line) {
  return scan_plain(line, 0).found < line.size();
}

TEST(Anchors, StandInEveryFamilyOfLinesThatAReportMayBeReducedTo) {
  for (const std::string_view line : {
           "java invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0",
           "httpd invoked oom-killer: gfp_mask=0x280da, order=0, oomkilladj=0",
           "oom-killer: gfp_mask=0xd0",
           " [<ffffffff8112c0a2>] ? oom_kill_process+0x82/0x2a0",
           " out_of_memory+0x1be/0x4e0",
           " mem_cgroup_out_of_memory+0xe9/0x100",
           "Task in /docker/1 killed as a result of limit of /docker",
           "Mem-Info:",
           "Mem-info:",
           "[ pid ]   uid  tgid total_vm      rss cpu oom_adj name",
           "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
           "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0",
           "Out of Memory: Kill process 1 (init) score 1 and children.",
           "Out of memory: Killed process 12 (a).",
           "Out of memory: kill process 12 (a) score 3 or a child",
           "Killed process 12 (a)",
           "Killed process 12",
           "Killed process",
           "> Killed process 12, UID 0, (a) total-vm:1kB",
           "(a) total-vm:1kB, anon-rss:1kB,",
           "file-rss:0kB, anon-rss:1kB",
           "Memory cgroup out of memory: OOM victim 12 (a) is already exiting.",
           "Kill process 12 (a) sharing same memory",
           "Tasks in /a are going to be killed due to memory.oom.group set",
           "oom_reaper: reaped process 12 (a), now anon-rss:0kB",
           "oom killer 12 (a) has mm pinned by 13 (b)",
           "oom_kill_process: 3 callbacks suppressed",
           "Kernel panic - not syncing: System is deadlocked on memory",
           "Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
           "sysrq: Manual OOM execution",
           "OOM request ignored. No task eligible",
           "a: page allocation failure: order:4, mode:0x40d0",
           "a: page allocation stalls for 10000ms, order:0",
           "vmalloc error: size 4096, page order 0, failed to allocate pages",
           "vmap allocation for size 8 failed: vmalloc: allocation failure: 8 bytes",
           "SLUB: Unable to allocate memory on node -1",
           "__vm_enough_memory: pid: 1, comm: a, not enough memory for the allocation",
           "low memory! at or below SIGTERM limits: mem 10.00%, swap 10.00%",
           "sending SIGTERM to process 12 uid 0 \"a\": badness 1, VmRSS 1 MiB",
           "sending SIGKILL to process 12 uid 0 \"a\": oom_score 1",
           "host systemd-oomd[1]: Killed /a due to memory used (1) / total (2) and swap used",
           "Marked /a for killing due to memory pressure for /b being 61.00% > 60.00%",
           "a.service: systemd-oomd killed 3 process(es) in this unit.",
           "a.service: A process of this unit has been killed by the OOM killer.",
           "a.service: Failed with result 'oom-kill'.",
           "oomd kill: 1.00 2.00 3.00 /a 1 ruleset:[r] detectorgroup:[d] killer:p v2",
           "  Sending SIGTERM to the victim",
           "Implementing a corrective action:",
           "lowmemorykiller: Killing 'a' (12), adj 900,",
           "Kill 'a' (12), uid 0, oom_score_adj 900 to free 1kB rss, 0kB swap; reason: b",
           "System OOM encountered, victim process: a, pid: 12",
           "Warning OOMKilling node Memory cgroup out of memory",
           R"({"MESSAGE":"a invoked\noom-killer\u003a","x":"\noom_score_adj"})",
       }) {
    EXPECT_TRUE(has_anchor(line)) << line;
  }
}

TEST(Anchors, DoNotStandInOrdinaryLinesThatLookLikeIt) {
  for (const std::string_view line : {
           "doom kernel: a host of that name",
           "user joined the room-keeper's room_list, zoom 3, boom, bloom_filter, groomd.",
           "mushroom.group",
           "classroom killer app",
           "a.service: Killing process 12 (a) with signal SIGKILL.",
           "a.service: Main process exited, code=killed, status=9/KILL",
           "killed process manager; will process 3 files, still processing",
           "Failed password for invalid user a from 10.0.0.1 port 3 ssh2",
           "earlyoom[1]: mem avail: 2000 of 4000 MiB (50.00%), swap free:    0 of    0 MiB",
           "nohang[1]: MemAvailable: 50 %",
           "SHA256:sfOOMrnKE6tcoomBY8GHjyB4eWz60l4QPvvMSSU",
           "BATHROOM 12, ROOM-killing",
           "a.service: Consumed 3s CPU time, 12.0M memory peak, 0B memory swap peak.",
           "memory pressure normal",
           "mem-info",
           "system-info",
       }) {
    EXPECT_FALSE(has_anchor(line)) << line;
  }
}

TEST(Anchors, NeverReachOverANewline) {
  EXPECT_FALSE(has_anchor("Out of\nmemory"));
  EXPECT_FALSE(has_anchor("oom\n-kill"));
  EXPECT_TRUE(has_anchor("room\noomd kill"));
  EXPECT_FALSE(has_anchor("roomd kill"));
}

TEST(Scanners, AgreeOnEveryAnchorAtEveryPlaceOfAVector) {
  for (const scan::Anchor& anchor : scan::kAnchors) {
    for (std::size_t before = 0; before < 140; ++before) {
      std::string block(before, 'x');
      if (before > 7) block[before / 2] = '\n';
      if (before > 0) block[before - 1] = ' ';
      block += anchor.word;
      expect_agreement(block, 0);
      EXPECT_EQ(scan_plain(block, 0).found, before + anchor.key);
      block += " 1\nand more after it\n";
      expect_agreement(block, 0);
      expect_agreement(block, before + anchor.key);
      expect_agreement(block, before + anchor.key + 1);
    }
  }
}

TEST(Scanners, AgreeOnAnchorsThatTheBlockCuts) {
  for (const scan::Anchor& anchor : scan::kAnchors) {
    const std::string block = std::string(61, ' ') + std::string(anchor.word) + " 12\n";
    for (std::size_t size = 0; size <= block.size(); ++size)
      for (std::size_t from : {std::size_t{0}, size / 2, size})
        expect_agreement(std::string_view(block).substr(0, size), from);
  }
}

TEST(Scanners, CountLinesInBlocksOfAllSizes) {
  for (std::size_t size :
       {0U, 1U, 31U, 32U, 33U, 63U, 64U, 65U, 67U, 68U, 8159U, 8160U, 8161U, 100'000U}) {
    const std::string block(size, '\n');
    for (const Scanner& scanner : scanners()) {
      EXPECT_EQ(scanner.run(block, 0).lines, size) << scanner.name;
      EXPECT_EQ(scanner.run(block, size / 3).lines, size - size / 3) << scanner.name;
      EXPECT_EQ(scanner.run(block, size).lines, 0U) << scanner.name;
      EXPECT_EQ(scanner.run(block, size + 10).found, size) << scanner.name;
    }
  }
}

// Anchors, pieces of them, what stands around them, and any bytes.
std::string random_block(Random& random) {
  std::string block;
  for (std::int64_t pieces = random.between(0, 30); pieces > 0; --pieces) {
    const auto index = random.between(0, static_cast<std::int64_t>(scan::kAnchors.size()) - 1);
    const scan::Anchor& anchor = scan::kAnchors[static_cast<std::size_t>(index)];
    switch (random.between(0, 7)) {
      case 0:
        block += anchor.word;
        break;
      case 1:
        block += anchor.word.substr(0, static_cast<std::size_t>(random.between(
                                           0, static_cast<std::int64_t>(anchor.word.size()))));
        break;
      case 2:
        block += anchor.key_text();
        break;
      case 3:
        block += random.pick<std::string_view>({" 1", "1", "\n", "\r\n", " ", "[", "x", "R", ""});
        break;
      case 4:
        block.append(static_cast<std::size_t>(random.between(0, 70)), ' ');
        break;
      case 5:
        block += '\n';
        break;
      default:
        for (std::int64_t bytes = random.between(0, 12); bytes > 0; --bytes)
          block += static_cast<char>(random.next());
    }
  }
  return block;
}

TEST(Scanners, AgreeOnWhateverIsMadeOfPiecesOfAnchors) {
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::string block = random_block(random);
    std::size_t from = 0;
    while (from <= block.size()) {
      ASSERT_NO_FATAL_FAILURE(expect_agreement(block, from));
      from = scan_plain(block, from).found + 1;
    }
  }
}

TEST(Scanners, FindInWholeLinesWhatTheyFindInAll) {
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::string block = random_block(random);
    std::vector<std::size_t> in_all;
    for (std::size_t at = 0; (at = scan_fast(block, at).found) < block.size(); ++at)
      in_all.push_back(at);
    std::vector<std::size_t> in_lines;
    for (std::size_t begin = 0; begin < block.size();) {
      const std::size_t end = std::min(block.find('\n', begin), block.size());
      const std::string_view line = std::string_view(block).substr(begin, end - begin);
      for (std::size_t at = 0; (at = scan_fast(line, at).found) < line.size(); ++at)
        in_lines.push_back(begin + at);
      begin = end + 1;
    }
    ASSERT_EQ(in_lines, in_all) << block;
  }
}

}  // namespace
}  // namespace oomkit
