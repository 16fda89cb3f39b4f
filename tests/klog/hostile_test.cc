// Input made to hurt: cut, changed, endless, huge. Nothing here says what a report must
// hold; only that the reader comes to its end, in time and in bounded memory, and does not
// say what the text does not.
//
// With OOMKIT_THOROUGH set, every place of a report is tried instead of some of them.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "core/random.h"
#include "klog/reader.h"
#include "klog/writer.h"
#include "tests/support/frame_lines.h"
#include "tests/support/random_report.h"
#include "tests/support/report_difference.h"
#include "tests/support/sanitizers.h"

namespace oomkit {
namespace {

bool thorough() {
  return std::getenv("OOMKIT_THOROUGH") != nullptr;
}

struct Collected final : ReportSink {
  void on_report(OomReport&& report) override { reports.push_back(std::move(report)); }
  void on_other(OtherEvent&& event) override { others.push_back(std::move(event)); }

  std::vector<OomReport> reports;
  std::vector<OtherEvent> others;
};

struct Counted final : ReportSink {
  void on_report(OomReport&&) override { ++reports; }
  void on_other(OtherEvent&&) override { ++others; }

  std::uint64_t reports = 0;
  std::uint64_t others = 0;
};

template <class NextSize>
Collected read_in_blocks(std::string_view text, NextSize next_size) {
  Collected collected;
  LogReader reader("hostile", collected);
  while (!text.empty()) {
    const std::size_t size = std::min(text.size(), static_cast<std::size_t>(next_size()));
    reader.feed(text.substr(0, size));
    text.remove_prefix(size);
  }
  reader.finish();
  return collected;
}

Collected read(std::string_view text) {
  return read_in_blocks(text, [&] { return text.size(); });
}

// A report with few tasks, so that every place of it can be tried.
std::string written_report(std::uint64_t seed, const KernelVersion& version, bool nasty = false) {
  Random random(seed);
  for (;;) {
    const OomReport report =
        test::random_report(random, version, {.tasks_max = 6, .nasty_names = nasty});
    if (report.at.tasks.size() > 12) continue;
    std::string text = write_report(report, version);
    if (!text.empty() && !read(text).reports.empty()) return text;
  }
}

struct Fixture {
  std::string name;
  std::string text;
};

// One kernel of each age, each in another frame.
const std::vector<Fixture>& fixtures() {
  static const std::vector<Fixture> made = [] {
    std::vector<Fixture> all;
    const std::vector<KernelVersion>& versions = test::kernel_versions();
    const std::size_t step = thorough() ? 2 : versions.size() / 4;
    for (std::size_t i = 0; i < versions.size(); i += step) {
      const test::FrameStyle style = test::kFrameStyles[all.size() * 3 % test::kFrameStyles.size()];
      all.push_back({std::string(test::name_of(style)) + ", " + to_string(versions[i]),
                     test::frame_lines(written_report(i + 1, versions[i]), style)});
    }
    return all;
  }();
  return made;
}

std::set<std::int64_t> victim_pids(const Collected& collected) {
  std::set<std::int64_t> pids;
  for (const OomReport& report : collected.reports)
    for (const Victim& victim : report.victims)
      if (victim.pid) pids.insert(*victim.pid);
  return pids;
}

std::set<std::int64_t> task_pids(const Collected& collected) {
  std::set<std::int64_t> pids;
  for (const OomReport& report : collected.reports)
    for (const Task& task : report.at.tasks)
      pids.insert(task.pid);
  return pids;
}

bool includes(const std::set<std::int64_t>& all, const std::set<std::int64_t>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

TEST(Hostile, APrefixOfAReportSaysNoMoreThanTheReport) {
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    const Collected whole = read(fixture.text);
    const std::size_t step = thorough() ? 1 : fixture.text.size() / 400 + 1;
    for (std::size_t size = 0; size < fixture.text.size(); size += step) {
      const std::string_view prefix = std::string_view(fixture.text).substr(0, size);
      const Collected collected = read(prefix);
      ASSERT_LE(collected.reports.size(), whole.reports.size()) << prefix;
      ASSERT_TRUE(includes(victim_pids(whole), victim_pids(collected))) << prefix;
      ASSERT_TRUE(includes(task_pids(whole), task_pids(collected))) << prefix;
      for (const OomReport& report : collected.reports) {
        if (report.trigger && report.trigger->pid) {
          ASSERT_EQ(report.trigger->pid, whole.reports[0].trigger->pid) << prefix;
        }
      }
    }
  }
}

TEST(Hostile, AnyByteMayBeAnyOther) {
  constexpr std::string_view kBytes("\0\n\r\t \"'()[]{}<>,:;=\\/-.0129aZ#&\x1b\x7f\x80\xc3\xff",
                                    35);
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    Random random(fixture.text.size());
    const std::size_t step = thorough() ? 1 : fixture.text.size() / 300 + 1;
    for (std::size_t at = 0; at < fixture.text.size(); at += step) {
      std::string text = fixture.text;
      for (int tries = thorough() ? 3 : 1; tries > 0; --tries) {
        text[at] = random.chance(30) ? static_cast<char>(random.next())
                                     : kBytes[random.next() % kBytes.size()];
        const Collected collected = read(text);
        ASSERT_LE(collected.reports.size(), 3U) << text;
      }
    }
  }
}

TEST(Hostile, LinesMayBeMissingRepeatedOrSwapped) {
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < fixture.text.size();) {
      const std::size_t end = fixture.text.find('\n', begin) + 1;
      lines.push_back(fixture.text.substr(begin, end - begin));
      begin = end;
    }
    const Collected whole = read(fixture.text);
    for (std::uint64_t seed = 0; seed < (thorough() ? 2000U : 150U); ++seed) {
      SCOPED_TRACE(seed);
      Random random(seed);
      std::vector<std::string> damaged = lines;
      for (std::int64_t times = random.between(1, 6); times > 0; --times) {
        const auto place = [&] { return random.next() % damaged.size(); };
        const std::size_t at = place();
        const auto there = damaged.begin() + static_cast<std::ptrdiff_t>(at);
        if (random.chance(40)) {
          damaged.erase(there);
        } else if (random.chance(50)) {
          damaged.insert(there, damaged[place()]);
        } else {
          std::swap(damaged[at], damaged[place()]);
        }
        if (damaged.empty()) break;
      }
      std::string text;
      for (const std::string& line : damaged)
        text += line;
      ASSERT_TRUE(includes(victim_pids(whole), victim_pids(read(text)))) << text;
    }
  }
}

TEST(Hostile, TheCutsBetweenBlocksDoNotMatter) {
  std::string log;
  for (const Fixture& fixture : fixtures())
    log += fixture.text + std::string(30'000, '-') + "\nan ordinary line\n" + fixture.text;
  const Collected whole = read(log);
  EXPECT_GE(whole.reports.size(), fixtures().size());
  const auto expect_same = [&](const Collected& collected) {
    ASSERT_EQ(collected.reports.size(), whole.reports.size());
    for (std::size_t i = 0; i < whole.reports.size(); ++i)
      ASSERT_EQ(test::report_difference(collected.reports[i], whole.reports[i]), "");
    ASSERT_EQ(collected.others, whole.others);
  };
  expect_same(read_in_blocks(log, [] { return 1; }));
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Random random(seed);
    expect_same(read_in_blocks(log, [&] { return random.between(1, 5000); }));
  }
}

TEST(Hostile, NulBytesAnywhereChangeNothing) {
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    const Collected whole = read(fixture.text);
    Random random(1);
    std::string text;
    for (const char c : fixture.text) {
      if (random.chance(3)) text.append(static_cast<std::size_t>(random.between(1, 3)), '\0');
      text += c;
    }
    EXPECT_EQ(victim_pids(read(text)), victim_pids(whole));
    EXPECT_EQ(task_pids(read(text)), task_pids(whole));
  }
}

TEST(Hostile, NumbersMayBeOfAnySize) {
  for (const Fixture& fixture : fixtures()) {
    SCOPED_TRACE(fixture.name);
    for (const std::string_view number :
         {"-1", "-9223372036854775808", "9223372036854775807", "18446744073709551615",
          "18446744073709551616", "99999999999999999999999999999999999999", "-0", "0x", "1e9"}) {
      std::string all;
      for (std::size_t at = 0; at < fixture.text.size();) {
        const std::size_t end = fixture.text.find_first_not_of("0123456789", at);
        if (end == at) {
          all += fixture.text[at++];
          continue;
        }
        // Not those that belong to a frame or are short words of the format.
        const std::size_t stop = std::min(end, fixture.text.size());
        all += stop - at >= 3 ? number : fixture.text.substr(at, stop - at);
        at = stop;
      }
      EXPECT_LE(read(all).reports.size(), 3U);
    }
  }
}

TEST(Hostile, NamesOfProcessesMayBeAnything) {
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const std::vector<KernelVersion>& versions = test::kernel_versions();
    const std::string text = written_report(seed, versions[seed % versions.size()], true);
    for (const test::FrameStyle style : test::kFrameStyles)
      EXPECT_LE(read(test::frame_lines(text, style)).reports.size(), 2U) << text;
  }
}

TEST(Hostile, AHundredThousandTasksInOneTable) {
  std::string text =
      "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
      "Tasks state (memory values in pages):\n"
      "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n";
  constexpr std::size_t kRows = 100'000;
  for (std::size_t pid = 1; pid <= kRows; ++pid) {
    const std::string number = std::to_string(pid);
    text += "[" + std::string(7 - std::min<std::size_t>(7, number.size()), ' ') + number +
            "]     0 " + number + "     1000      100    40960        0             0 a\n";
  }
  text +=
      "Out of memory: Killed process 77 (a) total-vm:4000kB, anon-rss:400kB, file-rss:0kB, "
      "shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0\n";
  const Collected collected = read(text);
  ASSERT_EQ(collected.reports.size(), 1U);
  const OomReport& report = collected.reports[0];
  EXPECT_EQ(report.at.tasks.size() + report.tasks_dropped, kRows);
  EXPECT_EQ(victim_pids(collected), std::set<std::int64_t>{77});
}

// Feeds `text` again and again until `bytes` have gone through, and says how much memory
// was in use at most. What is left at the end counts too.
std::size_t memory_for_endless(std::string_view text, std::size_t bytes) {
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  std::size_t most = 0;
  Counted counted;
  LogReader reader("endless", counted);
  for (std::size_t fed = 0; fed < bytes; fed += text.size()) {
    reader.feed(text);
    most = std::max(most, mallinfo2().uordblks + mallinfo2().hblkhd);
  }
  reader.finish();
  return most > before ? most - before : 0;
}

std::size_t endless_bytes() {
  return std::size_t{thorough() ? 96U : 4U} << 20;
}

constexpr std::size_t kMemoryMax = std::size_t{48} << 20;

struct Endless {
  std::string name;
  std::string text;
};

std::vector<Endless> endless_inputs() {
  const auto repeated = [](std::string_view line, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i)
      text += line;
    return text;
  };
  std::string garbage;
  Random random(1);
  while (garbage.size() < (std::size_t{1} << 20))
    garbage += static_cast<char>(random.next());
  std::string rows;
  std::string kills;
  std::string statistics;
  std::string hosts;
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    rows += "[  " + n + "]     0 " + n + "     1000      100    40960        0             0 a\n";
    kills +=
        "Out of memory: Killed process " + n + " (a) total-vm:4kB, anon-rss:4kB, file-rss:0kB\n";
    statistics += "name_" + n + " " + n + "\n";
    hosts += "Nov 21 12:22:51 host" + n +
             " kernel: a invoked oom-killer: gfp_mask=0xcc0, order=0, oom_score_adj=0\n";
  }
  const std::string head =
      "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n";
  return {
      {"garbage", garbage},
      {"task rows", rows},
      {"kill lines", kills},
      {"heads of reports", repeated(head, 2'000)},
      {"hosts", hosts},
      {"a head and statistics", "Memory cgroup stats for /a:\n" + statistics},
      {"a head and frames of a stack", head + repeated(" a_function+0x1/0x2\n", 20'000)},
      {"zones", head + "Mem-Info:\n" + repeated("Node 0 Normal free:1kB min:2kB low:3kB\n", 9'000)},
      {"one line without an end", repeated("oom-kill:constraint=", 1'000)},
      {"half lines", repeated("oom_reaper: reaped\n", 5'000)},
      {"nothing but line breaks", std::string(100'000, '\n')},
      {"JSON that never ends", repeated("{\"MESSAGE\":\"", 10'000)},
      {"journal entries that never end", repeated("_FIELD=oom-killer\n", 5'000)}};
}

TEST(Hostile, AnInputWithoutAnEndNeedsNoMoreMemory) {
  if (OOMKIT_HAS_SANITIZERS != 0) GTEST_SKIP() << "the sanitizer's allocator does not tell";
  for (const Endless& endless : endless_inputs()) {
    SCOPED_TRACE(endless.name);
    EXPECT_LT(memory_for_endless(endless.text, endless_bytes()), kMemoryMax);
  }
}

TEST(Hostile, ALineOf100MegabytesIsCutAndWhatFollowsIsRead) {
  const std::string report = written_report(1, test::kernel_versions().back());
  Collected collected;
  LogReader reader("long", collected);
  reader.feed(report);
  const std::string block(1'000'000, 'x');
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  for (int i = 0; i < 100; ++i)
    reader.feed(block);
  const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  reader.feed("\n" + report);
  reader.finish();
  EXPECT_EQ(collected.reports.size(), 2U);
  EXPECT_EQ(reader.damage().of(Damage::line_too_long), 1U);
  EXPECT_LT(after, before + kMemoryMax);
}

// Texts that make a careless parser go over the same bytes again and again.
TEST(Hostile, NothingTakesQuadraticTime) {
  const auto repeated = [](std::string_view piece, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes)
      text += piece;
    return text;
  };
  for (const std::string_view piece : {">",
                                       "> ",
                                       ">>>> ",
                                       "[",
                                       "]",
                                       "[ ",
                                       "(",
                                       ")",
                                       "{",
                                       "{\"a\":",
                                       "{\"MESSAGE\":\"",
                                       "[[",
                                       "\"",
                                       "\\",
                                       "\\n",
                                       "\\\\n",
                                       "\\x0a",
                                       "#012",
                                       "&lt;",
                                       "&amp;lt;",
                                       "&nbsp;",
                                       "\x1b[",
                                       "\x1b[1m",
                                       "\r",
                                       "\t",
                                       " ",
                                       "  - ",
                                       "1",
                                       "1 ",
                                       "1.",
                                       "-",
                                       "--",
                                       "=",
                                       ",",
                                       ",pid=",
                                       ",task=",
                                       ",task_memcg=",
                                       "oom-kill:",
                                       " invoked oom-killer: gfp_mask=0x",
                                       "Killed process 1 (",
                                       "Killed process ",
                                       "total-vm:1kB, ",
                                       "anon-rss:",
                                       "key:1kB ",
                                       "Node 0 Normal free:1kB ",
                                       "1*4kB ",
                                       "a+0x1/0x2 ",
                                       "CPU: 1 PID: 1 Comm: ",
                                       "kernel: ",
                                       "[    1.000000] ",
                                       "<6>",
                                       "6,1,1,-;",
                                       "stdout F ",
                                       "2026-11-21T12:22:51Z ",
                                       "Nov 21 12:22:51 host kernel: ",
                                       "...",
                                       "** 1 printk messages dropped ** ",
                                       "oom_reaper: ",
                                       "sending SIGTERM to process 1 ",
                                       "Memory cgroup stats for /",
                                       "\xc2\xa0",
                                       "\xff",
                                       "\0"}) {
    const std::string_view unit = piece.empty() ? std::string_view("\0", 1) : piece;
    const std::size_t size = thorough() ? 1'000'000 : 250'000;
    const std::string line = repeated(unit, size);
    for (const std::string& text :
         {line + "\n", "a invoked oom-killer: gfp_mask=0x" + line, "Out of memory: " + line + "\n",
          repeated(std::string(unit) + "\n", size / 5),
          repeated(line.substr(0, 70) + "\n", size / 2)}) {
      const std::clock_t begin = std::clock();  // Of the processor: others may be at work.
      read(text);
      const auto seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
      EXPECT_LT(seconds, 20) << "repeated: " << unit;
    }
  }
}

}  // namespace
}  // namespace oomkit
