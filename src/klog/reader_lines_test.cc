#include "klog/reader_lines.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace oomkit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Writes down what it is given. Lines tell it what to do: "open 5" makes it busy for
// five lines, "raw 70" makes it want 70 bytes.
struct Recorder final : HotLineSink {
  Wish line(std::string_view text, std::uint64_t number) override {
    seen.push_back(std::to_string(number) + ":" + std::string(text.substr(0, 40)) + "/" +
                   std::to_string(text.size()));
    if (open > 0) --open;
    if (text.starts_with("open ")) open = number_in(text.substr(5));
    if (text.starts_with("raw ")) raw_left = number_in(text.substr(4));
    return {raw_left, open > 0};
  }
  Wish raw(std::string_view bytes) override {
    EXPECT_LE(bytes.size(), raw_left);
    raw_left -= bytes.size();
    raw_bytes += bytes;
    if (raw_left == 0) {
      seen.push_back("raw:" + raw_bytes);
      raw_bytes.clear();
    }
    return {raw_left, open > 0};
  }
  void skipped() override { seen.emplace_back("skipped"); }

  static std::size_t number_in(std::string_view text) {
    std::size_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  std::vector<std::string> seen;
  std::string raw_bytes;
  std::size_t raw_left = 0;
  std::size_t open = 0;
};

struct Outcome {
  std::vector<std::string> seen;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t lines_cut = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// `next_size` says how long each block is.
template <class NextSize>
Outcome read(std::string_view input, NextSize next_size, HotLines::Scan scan = scan_fast) {
  Recorder recorder;
  HotLines lines(recorder, scan);
  while (!input.empty()) {
    const std::size_t size = std::min(input.size(), static_cast<std::size_t>(next_size()));
    lines.feed(input.substr(0, size));
    input.remove_prefix(size);
  }
  lines.finish();
  return {recorder.seen, lines.bytes(), lines.lines(), lines.lines_cut()};
}

Outcome read_whole(std::string_view input) {
  return read(input, [&] { return input.size(); });
}

// What HotLines promises, written down without any blocks: the whole input in one
// string, one line after the other.
Outcome read_by_the_book(std::string_view input) {
  Recorder recorder;
  Outcome outcome;
  outcome.bytes = input.size();
  std::size_t hot_until = HotLines::kBefore;
  std::size_t given_until = 0;
  bool hot = true;
  bool busy = false;
  const auto line_end = [&](std::size_t at) {
    return std::min(input.find('\n', at), input.size());
  };
  const auto is_anchored = [&](std::size_t at, std::size_t end) {
    const std::string_view line = input.substr(at, std::min(end - at, HotLines::kLineMax));
    return scan_plain(line, 0).found < line.size();
  };
  for (std::size_t at = 0; at < input.size();) {
    if (recorder.raw_left > 0) {
      const std::string_view bytes = input.substr(at, recorder.raw_left);
      at += bytes.size();
      outcome.lines += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
      busy = recorder.raw(bytes).busy;
      continue;
    }
    if (hot && !busy && at >= hot_until) {
      hot = false;
      given_until = at;
    }
    const std::size_t end = line_end(at);
    const bool anchored = !busy && is_anchored(at, end);
    if (!hot && anchored) {
      std::size_t first = at;
      while (first > given_until) {
        std::size_t before = first - 1;
        while (before > given_until && input[before - 1] != '\n')
          --before;
        if (at - before > HotLines::kBefore) break;
        first = before;
        --outcome.lines;
      }
      if (first > given_until) recorder.skipped();
      hot = true;
      hot_until = at + 1;
      at = first;
      continue;
    }
    if (end - at > HotLines::kLineMax) ++outcome.lines_cut;
    ++outcome.lines;
    if (hot) {
      busy = recorder.line(input.substr(at, std::min(end - at, HotLines::kLineMax)), outcome.lines)
                 .busy;
      if (busy || anchored) hot_until = std::max(hot_until, end + 1 + HotLines::kAfter);
    }
    at = end + 1;
  }
  outcome.seen = recorder.seen;
  return outcome;
}

std::string quiet(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i)
    text += "an ordinary line, number " + std::to_string(i) + "\n";
  return text;
}

std::vector<std::string> heads(const Outcome& outcome) {
  std::vector<std::string> texts;
  for (const std::string& seen : outcome.seen)
    if (seen.find("an ordinary line") == std::string::npos) texts.push_back(seen);
  return texts;
}

TEST(HotLines, GiveTheBeginningOfAnInputWhateverIsInIt) {
  const Outcome outcome = read_whole("one\ntwo\nthree");
  EXPECT_THAT(outcome.seen, ElementsAre("1:one/3", "2:two/3", "3:three/5"));
  EXPECT_EQ(outcome.lines, 3U);
  EXPECT_EQ(outcome.bytes, 13U);
}

TEST(HotLines, KnowWhetherTheInputEndsInsideALineThatWasGiven) {
  const auto ends_in_line = [](const std::string& input) {
    Recorder recorder;
    HotLines lines(recorder, scan_fast);
    lines.feed(input);
    lines.finish();
    return lines.ends_in_line();
  };
  EXPECT_TRUE(ends_in_line("one\ntw"));
  EXPECT_FALSE(ends_in_line("one\ntwo\n"));
  EXPECT_FALSE(ends_in_line(""));
  EXPECT_TRUE(ends_in_line(quiet(100'000) + "oom-kill"));
  EXPECT_FALSE(ends_in_line(quiet(100'000) + "a quiet end"));
}

TEST(HotLines, GiveNothingOfTheRestOfAQuietLog) {
  const std::string text = quiet(300'000);
  const Outcome outcome = read_whole(text);
  EXPECT_EQ(outcome.lines, static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')));
  EXPECT_LT(outcome.seen.size(), outcome.lines / 4);
  EXPECT_THAT(heads(outcome), IsEmpty());
}

TEST(HotLines, GiveWhatStandsBeforeAnAnchorWithItsTrueNumbers) {
  const std::string before = quiet(300'000);
  const auto number = std::count(before.begin(), before.end(), '\n') + 1;
  const Outcome outcome = read_whole(before + "oom_reaper: here\n" + quiet(300'000));
  EXPECT_THAT(heads(outcome),
              ElementsAre("skipped", std::to_string(number) + ":oom_reaper: here/16"));
  const auto anchor = std::find_if(outcome.seen.begin(), outcome.seen.end(), [](const auto& seen) {
    return seen.find("oom_reaper") != std::string::npos;
  });
  EXPECT_EQ(anchor[-1].substr(0, anchor[-1].find(':')), std::to_string(number - 1));
  EXPECT_GT(anchor - std::find(outcome.seen.begin(), outcome.seen.end(), "skipped"), 1000);
}

TEST(HotLines, GoOnWhileTheSinkIsBusy) {
  const std::string text = quiet(300'000) + "oom-killer\nopen 20000\n" + quiet(1'000'000);
  const Outcome outcome = read_whole(text);
  const auto given = static_cast<std::size_t>(
      outcome.seen.end() - std::find(outcome.seen.begin(), outcome.seen.end(), "skipped"));
  EXPECT_GT(given, 20'000U);
  EXPECT_LT(given, 24'000U);
}

TEST(HotLines, SaySkippedOnlyWhereSomethingWasSkipped) {
  const std::string anchor = "oom_reaper: here\n";
  // Nearer than what is given before and after an anchor: nothing is missing between.
  const std::string near = quiet(HotLines::kBefore + HotLines::kAfter - 100);
  const std::string far = quiet(HotLines::kBefore + HotLines::kAfter + 100);
  EXPECT_EQ(heads(read_whole(quiet(200'000) + anchor + near + anchor)).size(), 3U);
  EXPECT_EQ(heads(read_whole(quiet(200'000) + anchor + far + anchor)).size(), 4U);
}

TEST(HotLines, CutALineOf100MegabytesAndGoOn) {
  Recorder recorder;
  HotLines lines(recorder, scan_fast);
  const std::string block(1'000'000, 'x');
  lines.feed("oom_reaper: begins it ");
  for (int i = 0; i < 100; ++i)
    lines.feed(block);
  lines.feed("\noom_reaper: and after it\n");
  lines.finish();
  EXPECT_EQ(lines.lines(), 2U);
  EXPECT_EQ(lines.lines_cut(), 1U);
  EXPECT_THAT(recorder.seen, ElementsAre("1:oom_reaper: begins it xxxxxxxxxxxxxxxxxx/1048576",
                                         "2:oom_reaper: and after it/24"));
}

TEST(HotLines, HandOverRawBytesAsTheyAre) {
  const Outcome outcome = read_whole("raw 7\na\nb\0\n\nc\nrest\n");
  EXPECT_EQ(outcome.seen.front(), "1:raw 7/5");
}

std::string random_input(Random& random) {
  std::string input;
  const auto size = static_cast<std::size_t>(random.between(0, 400'000));
  while (input.size() < size) {
    switch (random.between(0, 40)) {
      case 0:
        input += "some oom_reaper line\n";
        break;
      case 1:
        input += "open " + std::to_string(random.between(0, 300)) + "\n";
        break;
      case 2:
        input += "raw " + std::to_string(random.between(0, 300)) + "\n";
        break;
      case 3:
        input += std::string(static_cast<std::size_t>(random.between(0, 3000)), 'y') +
                 (random.chance(50) ? " oom-kill" : "") + "\n";
        break;
      case 4:
        if (random.chance(3))
          input +=
              std::string(static_cast<std::size_t>(random.between(60'000, 70'000)), 'z') + "\n";
        break;
      case 5:
        if (random.chance(10)) input += quiet(static_cast<std::size_t>(random.between(0, 200'000)));
        break;
      case 6:
        input += "\n\r\n";
        break;
      default:
        input.append(static_cast<std::size_t>(random.between(0, 200)), 'q');
        input += '\n';
    }
  }
  if (random.chance(2)) input += std::string(2'500'000, 'l') + "oom-kill";
  return input;
}

// Half an anchor is none, wherever the other half went.
TEST(HotLines, OfALineInWhichRawBytesEndOnlyTheRestCounts) {
  const std::string anchored =
      "oom-kill:constraint=CONSTRAINT_MEMCG, now anon-rss:0kB, file-rss:0kB";
  for (const bool hot_from_the_start : {true, false}) {
    const std::string before = hot_from_the_start ? "" : std::string(HotLines::kBefore, '-') + "\n";
    for (std::size_t raw = 1; raw <= anchored.size() + 1; ++raw) {
      const std::string input =
          before + "raw " + std::to_string(raw) + "\n" + anchored + "\nquiet\n";
      const Outcome expected = read_by_the_book(input);
      EXPECT_EQ(read_whole(input), expected) << raw;
      for (const std::size_t size : {1U, 7U, 61U})
        EXPECT_EQ(read(input, [size] { return size; }), expected) << raw << " by " << size;
    }
  }
}

TEST(HotLines, GiveWhatTheBookSaysHoweverTheInputIsCut) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::string input = random_input(random);
    const Outcome expected = read_by_the_book(input);
    ASSERT_EQ(read_whole(input), expected);
    ASSERT_EQ(read(input, [&] { return random.between(1, 100'000); }), expected);
    ASSERT_EQ(read(
                  input, [&] { return random.between(1, 300); }, scan_plain),
              expected);
    if (seed % 10 == 0) {
      ASSERT_EQ(read(input, [] { return 1; }), expected);
    }
  }
}

}  // namespace
}  // namespace oomkit
