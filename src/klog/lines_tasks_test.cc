#include "klog/lines_tasks.h"

#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/random.h"

namespace oomkit {
namespace {

TEST(TaskRows, ReadTheSameInTheirLog) {
  Random random(3);
  constexpr std::string_view kHeads[] = {
      "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name",
      "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
      "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name",
      "[ pid ]   uid name",
  };
  constexpr std::string_view kRow =
      "[   1234]     0  1234  1000000   123456 62709760       12          -17 a name";
  constexpr std::string_view kBytes = "[] 0199-a";
  for (int round = 0; round < 20000; ++round) {
    std::string row(kRow);
    for (std::uint64_t changes = random.next() % 4; changes > 0; --changes) {
      const std::size_t at = 1 + random.next() % (row.size() - 1);
      if (random.chance(30)) {
        row.erase(at, random.next() % 4);
      } else {
        row.insert(at, random.next() % 20, kBytes[random.next() % kBytes.size()]);
      }
    }
    // In its log there is something behind it, which must not be read as a part of it.
    const std::string log = row + "\n" + std::string(kPadding, '7');
    const auto columns = read_task_header(kHeads[random.next() % std::size(kHeads)]);
    ASSERT_TRUE(columns);
    Task alone;
    Task in_place;
    LineNotes alone_notes;
    LineNotes in_place_notes;
    const RowResult result = read_task_row(row, *columns, alone, alone_notes);
    const std::string_view text = std::string_view(log).substr(0, row.size());
    ASSERT_EQ(read_task_row_in_place(text, *columns, in_place, in_place_notes), result) << row;
    EXPECT_EQ(alone, in_place) << row;
    EXPECT_EQ(alone_notes.overflows, in_place_notes.overflows) << row;
  }
}

TEST(TaskRows, WordsAtOnceAreAsBytesOneByOne) {
  Random random(4);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random.next() % 40, ' ');
    for (std::uint64_t digits = random.next() % 22; digits > 0; --digits)
      text += static_cast<char>('0' + random.next() % 10);
    text += '\n';
    const char* const end = text.data() + text.size();
    const std::string padded = text + std::string(kPadding, ' ');
    const std::size_t blanks = plain_blanks(text.data(), end);
    ASSERT_EQ(padded_blanks(padded.data()), padded.data() + blanks);
    const Digits digits = padded_digits(padded.data() + blanks);
    const Digits plain = plain_digits(text.data() + blanks, end);
    ASSERT_EQ(digits.length, plain.length) << text;
    if (plain.length <= kDigitsMax) {
      ASSERT_EQ(digits.value, plain.value) << text;
    }
  }
}

}  // namespace
}  // namespace oomkit
