#include "klog/frame_same.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "klog/framing.h"
#include "klog/line_number.h"
#include "klog/writer.h"
#include "tests/support/frame_lines.h"
#include "tests/support/random_report.h"

namespace oomkit {
namespace {

// All that a record says, one on a line.
struct Shown final : RecordSink {
  void on_record(const LogRecord& record) override {
    const auto add = [this](std::string_view text) { all.append(text).append("|"); };
    add(std::to_string(record.line));
    for (const std::string_view part :
         {record.host, record.ident, record.caller, record.stamp, record.text}) {
      add(part);
    }
    add(record.uptime ? std::to_string(record.uptime->count()) : "-");
    add(record.level ? std::to_string(*record.level) : "-");
    for (const bool flag : {record.framed, record.continues, record.lost_before, record.embedded})
      add(flag ? "1" : "0");
    all += '\n';
  }
  std::string all;
};

// With the frame of the line before in mind, or with that forgotten before each line.
std::string records_of(const std::vector<std::string>& lines, bool forgetting) {
  Shown shown;
  Framer framer(shown);
  std::uint64_t number = 0;
  for (const std::string& line : lines) {
    if (forgetting) framer.skipped();
    framer.line(line, ++number);
  }
  framer.finish();
  return shown.all;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string written_report(Random& random) {
  const std::vector<KernelVersion>& versions = test::kernel_versions();
  const KernelVersion& version = versions[random.next() % versions.size()];
  return write_report(test::random_report(random, version, {.tasks_max = 20}), version);
}

// Numbered records and those that go on are forgotten with the frame: not these styles.
bool remembers_more(test::FrameStyle style) {
  return style == test::FrameStyle::kmsg;
}

TEST(SameFrame, FindsWhatTheGeneralWayFinds) {
  Random random(5);
  for (int round = 0; round < 30; ++round) {
    const std::string report = written_report(random);
    for (const test::FrameStyle style : test::kFrameStyles) {
      if (remembers_more(style)) continue;
      const auto lines = lines_of(test::frame_lines(report, style));
      ASSERT_EQ(records_of(lines, false), records_of(lines, true)) << lines.front();
    }
  }
}

TEST(SameFrame, FindsItInDamagedLines) {
  Random random(6);
  constexpr std::string_view kBytes = "[]<>(){}:;.,|\\&#*' 019TCdmk\t\r\n\x1b\x80";
  for (int round = 0; round < 200; ++round) {
    const std::string report = written_report(random);
    for (const test::FrameStyle style : test::kFrameStyles) {
      if (remembers_more(style)) continue;
      auto lines = lines_of(test::frame_lines(report, style).substr(0, 6000));
      for (std::string& line : lines) {
        if (line.empty() || random.chance(50)) continue;
        const std::size_t at = random.next() % line.size();
        const char byte = kBytes[random.next() % kBytes.size()];
        if (random.chance(30)) {
          line.erase(at, 1 + random.next() % 8);
        } else if (random.chance(50)) {
          line.insert(at, 1, byte);
        } else {
          line[at] = byte;
        }
      }
      ASSERT_EQ(records_of(lines, false), records_of(lines, true)) << lines.front();
    }
  }
}

TEST(SameFrame, PlainText) {
  EXPECT_EQ(plain_text("[ 1234]     0  1234    1000      100        0 bash"), PlainText::row);
  EXPECT_EQ(plain_text("[ 1234]     0  1234    1000      100        0 a b:c"), PlainText::row);
  EXPECT_EQ(plain_text("[ 1234]     0  1234    1000      100        0 a[1]"), PlainText::none);
  EXPECT_EQ(plain_text("[ 1234]    -1  1234    1000      100        0 bash"), PlainText::row);
  EXPECT_EQ(plain_text("[ 1234]    --  1234    1000      100        0 bash"), PlainText::none);
  EXPECT_EQ(plain_text("[ T1234]     0"), PlainText::none);
  EXPECT_EQ(plain_text("[12345.678901] 0"), PlainText::none);
  EXPECT_EQ(plain_text("[20231121]  0"), PlainText::none);
  EXPECT_EQ(plain_text("Mem-Info:"), PlainText::words);
  EXPECT_EQ(plain_text(" out_of_memory+0x67/0x122"), PlainText::words);
  EXPECT_EQ(plain_text(" dump_stack+0x67/0x122"), PlainText::words);
  EXPECT_EQ(plain_text("lowmem_reserve[]: 0 2862 3809"), PlainText::words);
  EXPECT_EQ(plain_text("lowmem_reserve[]: 0 [ 1.000000] a"), PlainText::none);
  EXPECT_EQ(plain_text(" <TASK>"), PlainText::none);
  EXPECT_EQ(plain_text("data: {}"), PlainText::none);
  EXPECT_EQ(plain_text("message repeated 2 times: [ a]"), PlainText::none);
  EXPECT_EQ(plain_text("kernel: a"), PlainText::none);
  EXPECT_EQ(plain_text("systemd[1]: a"), PlainText::none);
  EXPECT_EQ(plain_text("a\x1b[m"), PlainText::none);
  EXPECT_EQ(plain_text(""), PlainText::none);
}

// A row in a log is taken as it stands if it is one by itself, and only then.
TEST(SameFrame, PlainRowsEndWithTheirLines) {
  Random random(7);
  constexpr std::string_view kBytes = "[]<>=:.\\& 019ab\t\r\n\x1b\x80";
  constexpr std::string_view kRow =
      "[ 1234]     0  1234    10000      100 53248        0  -17 bash";
  const std::string behind = "\n" + std::string(kPadding, '[');
  std::size_t taken = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string row(kRow);
    for (std::uint64_t changes = random.next() % 3; changes > 0; --changes) {
      const std::size_t at = random.next() % row.size();
      const char byte = kBytes[random.next() % kBytes.size()];
      if (random.chance(50)) {
        row[at] = byte;
      } else {
        row.insert(at, random.next() % 20, byte);
      }
    }
    const std::string_view line = std::string_view(row).substr(0, row.find('\n'));
    const std::string_view any_end = ">=]";
    const bool is_row =
        plain_text(line) == PlainText::row && any_end.find(line.back()) == std::string_view::npos;
    const std::string text = row + behind;
    ASSERT_EQ(plain_row_size(text), is_row ? line.size() : 0) << row;
    taken += is_row ? 1 : 0;
  }
  EXPECT_GT(taken, 5000U);
}

TEST(SameFrame, ARowNeedsRoomBehindItAndAnEnd) {
  const std::string row = "[ 1234]     0  1234    10000      100 53248        0    0 bash";
  EXPECT_EQ(plain_row_size(row), 0U);
  EXPECT_EQ(plain_row_size(row + "\n" + std::string(kPadding - 2, 'a')), 0U);
  EXPECT_EQ(plain_row_size(row + "\n" + std::string(kPadding - 1, 'a')), row.size());
  const std::string longest = row + std::string(PlainRow::kSizeMax - row.size(), 'a');
  const std::string rest = "\n" + std::string(kPadding, 'a');
  EXPECT_EQ(plain_row_size(longest + rest), longest.size());
  EXPECT_EQ(plain_row_size(longest + "a" + rest), 0U);
}

}  // namespace
}  // namespace oomkit
