// What is written of a tick is what is read back, field for field; what is no recording is refused.
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/flight_recorder.h"
#include "record/recording_reader.h"
#include "record/tick_fields.h"

namespace oomkit {
namespace {

using ::testing::HasSubstr;

// Gives every field a value that no other has.
class Numbering {
 public:
  explicit Numbering(std::int64_t next) : next_(next) {}

  template <class T>
  void member(std::string_view name, T& value) {
    if constexpr (std::is_same_v<T, std::string_view>) {
      texts_.push_back(std::string(name) + " \"\n\xff" + std::to_string(++next_));
      // Short texts live in the string itself, which moves.
      texts_.back().reserve(64);
      value = texts_.back();
    } else if constexpr (std::is_same_v<T, PageSize>) {
      value = PageSize::k16K;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(2);
    } else if constexpr (std::is_same_v<T, bool>) {
      value = true;
    } else if constexpr (std::is_same_v<T, char>) {
      value = 'D';
    } else if constexpr (std::is_arithmetic_v<T>) {
      value = static_cast<T>(++next_);
    } else if constexpr (std::is_same_v<T, Known<std::int64_t>> ||
                         std::is_same_v<T, Known<std::int32_t>>) {
      value = static_cast<std::int32_t>(++next_);
    } else if constexpr (std::is_same_v<T, Known<Bytes>>) {
      value = Bytes(++next_);
    } else if constexpr (std::is_same_v<T, Known<Microseconds>>) {
      value = Microseconds(++next_);
    } else if constexpr (std::is_same_v<T, Known<HostTime>> || std::is_same_v<T, HostTime>) {
      value = HostTime(++next_);
    } else {
      walk_fields(*this, value);
    }
  }

 private:
  std::int64_t next_;
  std::vector<std::string> texts_ = [] {
    std::vector<std::string> texts;
    texts.reserve(256);
    return texts;
  }();
};

// All fields in one text.
class Telling {
 public:
  template <class T>
  void member(std::string_view name, T& value) {
    text += std::string(name) + "=";
    if constexpr (std::is_same_v<T, std::string_view>) {
      text += value;
    } else if constexpr (std::is_same_v<T, char>) {
      text += value;
    } else if constexpr (std::is_enum_v<T> || std::is_arithmetic_v<T>) {
      text += std::to_string(static_cast<std::int64_t>(value));
    } else if constexpr (requires { value.has_value(); }) {
      if constexpr (requires { (*value).count(); }) {
        text += value ? std::to_string((*value).count()) : "?";
      } else {
        text += value ? std::to_string(*value) : "?";
      }
    } else if constexpr (requires { value.count(); }) {
      text += std::to_string(value.count());
    } else {
      text += "{";
      walk_fields(*this, value);
      text += "}";
    }
    text += ";";
  }

  std::string text;
};

template <class T>
std::string all_of(T value) {
  Telling telling;
  walk_fields(telling, value);
  return telling.text;
}

class RecordingTest : public ::testing::Test {
 protected:
  RecordingTest() : ring_(std::move(SharedRing::create(kRoom)).value()), recorder_(ring_) {}

  std::string written() {
    std::string all;
    std::string message;
    while (ring_.pop(message))
      all += message;
    return all;
  }
  static RecordingReader reader(const std::string& text, std::size_t piece = SIZE_MAX) {
    return RecordingReader(std::make_unique<MemorySource>("seen.rec", text, piece));
  }
  static std::string refusal(const std::string& text) {
    RecordingReader reading = reader(text);
    while (true) {
      const auto line = reading.next();
      if (!line) return line.error().what;
      if (!*line) return "";
    }
  }
  void begin() {
    RecordingBegin begin;
    begin.policy = "/etc/a \"policy\".toml";
    begin.policy_hash = std::numeric_limits<std::uint64_t>::max();
    begin.since_epoch = std::chrono::microseconds(1'700'000'000'000'001);
    begin.start = HostTime(12);
    begin.capacity = {3, 4, 5};
    begin.dry_run = true;
    recorder_.begin(begin);
  }

  static constexpr std::size_t kRoom = std::size_t{1} << 20;
  SharedRing ring_;
  FlightRecorder recorder_;
};

TEST_F(RecordingTest, EveryFieldComesBack) {
  Numbering numbering(1000);
  Tick tick;
  walk_fields(numbering, tick);
  std::vector<TickCgroup> cgroups(3);
  std::vector<TickProcess> processes(2);
  for (std::uint32_t i = 0; i < cgroups.size(); ++i) {
    walk_fields(numbering, cgroups[i]);
    cgroups[i].id = std::numeric_limits<std::uint64_t>::max() - i;
    cgroups[i].parent = i == 0 ? kNoRow : i - 1;
    cgroups[i].max = kUnlimited;
  }
  for (TickProcess& process : processes) {
    walk_fields(numbering, process);
    process.cgroup = 2;
  }
  tick.own_cgroup = 1;
  tick.cgroups = cgroups;
  tick.processes = processes;
  begin();
  recorder_.tick(tick);
  recorder_.second_look(tick.host);

  RecordingReader reading = reader(written(), 7);
  const auto first = reading.next();
  ASSERT_TRUE(first && *first) << first.error().what;
  const auto& begun = std::get<RecordingBegin>(**first);
  EXPECT_EQ(begun.policy, "/etc/a \"policy\".toml");
  EXPECT_EQ(begun.policy_hash, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(begun.since_epoch.count(), 1'700'000'000'000'001);
  EXPECT_EQ(begun.start, HostTime(12));
  EXPECT_EQ(begun.capacity.process_histories, 5U);
  EXPECT_TRUE(begun.dry_run);

  const auto second = reading.next();
  ASSERT_TRUE(second && *second) << second.error().what;
  const auto& read = std::get<RecordedTick>(**second);
  EXPECT_EQ(all_of(read.tick), all_of(tick));
  ASSERT_EQ(read.tick.cgroups.size(), cgroups.size());
  for (std::size_t i = 0; i < cgroups.size(); ++i)
    EXPECT_EQ(all_of(read.tick.cgroups[i]), all_of(cgroups[i]));
  ASSERT_EQ(read.tick.processes.size(), processes.size());
  for (std::size_t i = 0; i < processes.size(); ++i)
    EXPECT_EQ(all_of(read.tick.processes[i]), all_of(processes[i]));

  const auto third = reading.next();
  ASSERT_TRUE(third && *third);
  EXPECT_EQ(all_of(std::get<SecondLook>(**third).host), all_of(tick.host));
  const auto end = reading.next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
  EXPECT_FALSE(reading.is_cut());
}

TEST_F(RecordingTest, WhatIsNotKnownStaysUnknown) {
  begin();
  recorder_.tick({});
  RecordingReader reading = reader(written());
  ASSERT_TRUE(reading.next());
  const auto tick = reading.next();
  ASSERT_TRUE(tick && *tick);
  EXPECT_EQ(all_of(std::get<RecordedTick>(**tick).tick), all_of(Tick()));
}

TEST_F(RecordingTest, ADecisionsEndComesBack) {
  Decision decision;
  const std::vector<ProcessId> victims = {{10, HostTime(1)}, {11, {}}};
  decision.number = 7;
  decision.rule = "leak";
  decision.has_target = true;
  decision.target.processes = victims;
  decision.target.cgroup = "/a b";
  begin();
  recorder_.settled(decision, DecisionOutcome::survived);
  RecordingReader reading = reader(written());
  ASSERT_TRUE(reading.next());
  const auto line = reading.next();
  ASSERT_TRUE(line && *line);
  const auto& settled = std::get<SettledDecision>(**line);
  EXPECT_EQ(settled.number, 7U);
  EXPECT_EQ(settled.rule, "leak");
  EXPECT_THAT(settled.pids, ::testing::ElementsAre(10, 11));
  EXPECT_EQ(settled.cgroup, "/a b");
  EXPECT_EQ(settled.outcome, DecisionOutcome::survived);
}

// A helper that hangs costs lines, and their number is known.
TEST_F(RecordingTest, WhatDoesNotFitIsCounted) {
  begin();
  std::vector<TickProcess> processes(200);
  const std::string name(4096, '\x01');
  for (TickProcess& process : processes)
    process.cmdline = name;
  Tick tick;
  recorder_.tick(tick);
  tick.processes = processes;
  recorder_.tick(tick);  // Longer than any line may be.
  tick.processes = {};
  for (int i = 0; i < 100'000; ++i)
    recorder_.tick(tick);
  const std::uint64_t lost = recorder_.lost();
  EXPECT_GT(lost, 1U);
  std::string all = written();
  recorder_.tick(tick);
  all += written();
  RecordingReader reading = reader(all);
  std::uint64_t counted = 0;
  std::uint64_t ticks = 0;
  while (true) {
    const auto line = reading.next();
    ASSERT_TRUE(line) << line.error().what;
    if (!*line) break;
    if (const auto* gap = std::get_if<LostLines>(&**line)) counted += gap->count;
    ticks += std::holds_alternative<RecordedTick>(**line) ? 1U : 0U;
  }
  EXPECT_EQ(counted, lost);
  EXPECT_EQ(ticks + lost, 100'003U);
}

TEST_F(RecordingTest, ALineThatWasBeingWrittenIsLeftOut) {
  begin();
  recorder_.tick({});
  const std::string whole = written();
  const std::string first = whole.substr(0, whole.find('\n') + 1);
  for (std::size_t size = first.size(); size < whole.size(); ++size) {
    RecordingReader reading = reader(whole.substr(0, size));
    const auto line = reading.next();
    ASSERT_TRUE(line && *line);
    const auto end = reading.next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
    EXPECT_EQ(reading.is_cut(), size > first.size());
  }
}

TEST_F(RecordingTest, WhatIsNoRecordingIsRefusedByLine) {
  begin();
  const std::string head = written();
  EXPECT_THAT(refusal(""), HasSubstr("seen.rec: is no recording of a guard"));
  EXPECT_THAT(refusal("hello\n"), HasSubstr("seen.rec:1: is no object of JSON"));
  EXPECT_THAT(refusal("{\"kind\":\"tick\"}\n"), HasSubstr("does not begin with its \"begin\""));
  EXPECT_THAT(refusal("{\"kind\":\"begin\",\"schema\":\"x/1\"}\n"), HasSubstr("\"schema\""));
  const std::pair<const char*, const char*> cases[] = {
      {R"({"kind":"tick","now_ns":"x"})", "seen.rec:2: \"now_ns\" is of a wrong kind"},
      {R"({"kind":"tick","own_pid":3000000000})", "\"own_pid\" is of a wrong kind"},
      {R"({"kind":"tick","host":{"mem_total":1.5}})", "\"mem_total\" is of a wrong kind"},
      {R"({"kind":"tick","host":7})", "\"host\" is of a wrong kind"},
      {R"({"kind":"tick","cgroups":7})", "cgroups is no list"},
      {R"({"kind":"tick","has_cgroups":true,"cgroups":[{"parent":0}]})", "has a parent"},
      {R"({"kind":"tick","processes":[{"pid":4,"cgroup":0}]})", "process 4 is in a cgroup"},
      {R"({"kind":"tick","processes":[{"state":"DD"}]})", "\"state\" is of a wrong kind"},
      {R"({"kind":"tick","processes":[{"comm":[256]}]})", "\"comm\" is of a wrong kind"},
      {R"({"kind":"tick","own_cgroup":0})", "\"own_cgroup\" is no row"},
      {R"({"kind":"tick","processes_read":"most"})", "\"processes_read\" is of a wrong kind"},
      {R"({"kind":"settled","pids":[-1]})", "no pid"},
      {R"({"kind":"settled","outcome":"won"})", "\"outcome\" is of a wrong kind"},
      {R"({"kind":"again"})", "no \"host\""},
      {R"({"kind":"film"})", "of an unknown kind, \"film\""},
  };
  for (const auto& [line, words] : cases)
    EXPECT_THAT(refusal(head + line + "\n"), HasSubstr(words)) << line;
  EXPECT_THAT(
      refusal(head + "{\"kind\":\"tick\",\"now_ns\":5}\n{\"kind\":\"tick\",\"now_ns\":4}\n"),
      HasSubstr("seen.rec:3: its time is before the last tick's"));
}

}  // namespace
}  // namespace oomkit
