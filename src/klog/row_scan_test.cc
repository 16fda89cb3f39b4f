#include "klog/row_scan.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/random.h"
#include "klog/frame_same.h"

namespace oomkit {
namespace {

constexpr std::string_view kRowHeads[] = {
    "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name",
    "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
    "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
    "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents "
    "oom_score_adj name",
    "[ pid ]   uid strange name",
};

std::string padded(std::string text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// A number as tables have them: short ones mostly, and now and then more than there is room for.
std::string any_number(Random& random) {
  std::uint64_t bound = 10;
  for (std::uint64_t digits = random.next() % (random.chance(3) ? 19 : 8); digits > 0; --digits)
    bound *= 10;
  return (random.chance(5) ? "-" : "") + std::to_string(random.next() % bound);
}

std::string any_row(Random& random, const TaskColumns& columns) {
  const std::string pid = std::to_string(1 + random.next() % (random.chance(80) ? 99999 : 4194304));
  std::string row = "[" + padded(pid, 7) + "]";
  for (std::size_t i = 0; i < columns.count; ++i) {
    const bool is_pid = columns.at[i] == TaskColumn::tgid && !random.chance(10);
    row += ' ' + padded(is_pid ? pid : any_number(random), i < 2 ? 5 : 8);
  }
  constexpr std::string_view kNames[] = {"java", "a b", "php-fpm7", " x", "", "kworker/u8:1", "-1"};
  return row + ' ' + std::string(kNames[random.next() % std::size(kNames)]);
}

void damage_row(Random& random, std::string& row) {
  constexpr std::string_view kBytes = "[]<>=:.\\& -0199ab\t\r\n\x80";
  for (std::uint64_t changes = random.next() % 3; changes > 0; --changes) {
    const std::size_t at = random.next() % row.size();
    const char byte = kBytes[random.next() % kBytes.size()];
    if (random.chance(40)) {
      row[at] = byte;
    } else if (random.chance(30)) {
      row.erase(at, 1);
    } else {
      row.insert(at, 1 + random.next() % 12, byte);
    }
  }
}

// Whatever is taken at once is a plain row, and reads as it does number by number.
TEST(RowScan, ReadsAsTheGeneralWayDoes) {
  Random random(11);
  RowScan scan;
  std::size_t taken = 0;
  std::size_t sound = 0;
  for (int round = 0; round < 60000; ++round) {
    const auto columns = read_task_header(kRowHeads[random.next() % std::size(kRowHeads)]);
    ASSERT_TRUE(columns);
    std::string row = any_row(random, *columns);
    if (random.chance(50)) damage_row(random, row);
    const std::string log = "]. 1234] " + row + "\n" + std::string(200, '7');
    const std::string_view text = std::string_view(log).substr(9);
    const std::size_t size = plain_row_size(text);
    Task wanted;
    LineNotes notes;
    const bool good = size != 0 && read_task_row_in_place(text.substr(0, size), *columns, wanted,
                                                          notes) == RowResult::good;
    Task task;
    scan.begin(*columns);
    const char* const end = scan.read(text.data(), text.data() + text.size(), task);
    sound += good ? 1 : 0;
    if (end == nullptr) continue;
    ++taken;
    ASSERT_TRUE(good) << row;
    ASSERT_EQ(end, text.data() + size) << row;
    ASSERT_EQ(task, wanted) << row;
  }
  EXPECT_GT(sound, 10000U);
#if defined(__SSE2__)
  // Not many sound rows are left to the general way: those with a number of nine digits.
  EXPECT_GT(taken * 10, sound * 8);
#endif
}

TEST(RowScan, ARowNeedsRoomBehindIt) {
  const auto columns = read_task_header(kRowHeads[1]);
  ASSERT_TRUE(columns);
  const std::string row =
      "[ 1234]     0  1234    10000      100      20       3        0             0 bash";
  const std::string log = std::string(RowScan::kBytesBefore, ' ') + row + "\n";
  RowScan scan;
  scan.begin(*columns);
  Task task;
  for (std::size_t more = 0; more < 200; ++more) {
    const std::string text = log + std::string(more, '[');
    const char* const begin = text.data() + RowScan::kBytesBefore;
    const char* const end = scan.read(begin, text.data() + text.size(), task);
    if (more < kPadding - 1) {
      EXPECT_EQ(end, nullptr) << more;
    }
    if (end != nullptr) {
      EXPECT_EQ(end, begin + row.size());
    }
  }
}

}  // namespace
}  // namespace oomkit
