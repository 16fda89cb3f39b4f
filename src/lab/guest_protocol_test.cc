#include "lab/guest_protocol.h"

#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

const std::string kRun =
    "hello {\"protocol\":1,\"release\":\"6.1.0\",\"boot_ms\":2470,\"page_size\":4096}\n"
    "begin {\"uptime_us\":2500000}\n"
    "event {\"t_ms\":3,\"kind\":\"start\",\"comm\":\"leak\",\"instance\":1,\"pid\":70}\n"
    "progress {\"t_ms\":400,\"processes\":[{\"comm\":\"leak\",\"instance\":1,\"rss_bytes\":4096}],"
    "\"oom_kills\":0}\n"
    "kmsg {\"record\":\"6,12,2600000,-;leak invoked oom-killer\"}\n"
    "process {\"comm\":\"leak\",\"instance\":1,\"pid\":70,\"state\":\"killed\",\"signal\":9}\n"
    "cgroup {\"path\":\"/box\",\"usage_bytes\":8192,\"events\":{\"oom_kill\":1}}\n"
    "host {\"total_bytes\":1000,\"vmstat\":{\"oom_kill\":1}}\n"
    "capture {\"label\":\"end\",\"path\":\"proc/zoneinfo\",\"text\":\"Node 0\\n\"}\n"
    "decision {\"t_ms\":870,\"record\":\"{\\\"rule\\\":\\\"\\u00c3\\u00a4\\\"}\"}\n"
    "end {\"ended\":\"condition\",\"duration_ms\":900}\n";

Transcript heard(const std::string& text, std::size_t piece = std::string::npos) {
  GuestProtocol protocol;
  for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size()))
    protocol.feed(std::string_view(text).substr(at, piece));
  protocol.finish();
  return protocol.take();
}

void expect_the_run(const Transcript& run) {
  ASSERT_TRUE(run.hello.has_value());
  EXPECT_EQ(run.hello->release, "6.1.0");
  EXPECT_EQ(run.begin_us, 2'500'000);
  ASSERT_EQ(run.parts.events.size(), 1U);
  EXPECT_EQ(run.parts.events[0].comm, "leak");
  ASSERT_TRUE(run.progress.has_value());
  EXPECT_EQ(run.progress->processes.at(0).rss, Bytes(4096));
  EXPECT_EQ(run.kmsg, "6,12,2600000,-;leak invoked oom-killer\n");
  EXPECT_EQ(run.parts.processes.at(0).signal, 9);
  EXPECT_EQ(run.parts.cgroups.at(0).usage, Bytes(8192));
  EXPECT_TRUE(run.has_host);
  EXPECT_EQ(run.parts.host.total, Bytes(1000));
  EXPECT_EQ(run.captures.at(0).text, "Node 0\n");
  // Bytes again, whatever they were: here an ä.
  EXPECT_EQ(run.decisions.at(0).t_ms, 870);
  EXPECT_EQ(run.decisions.at(0).record, "{\"rule\":\"\xc3\xa4\"}");
  ASSERT_TRUE(run.end.has_value());
  EXPECT_EQ(run.end->duration_ms, 900);
  EXPECT_EQ(run.malformed, 0U);
}

TEST(GuestProtocol, TellsARunWhateverThePiecesAre) {
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{7}}) {
    SCOPED_TRACE(piece);
    expect_the_run(heard(kRun, piece));
  }
}

TEST(GuestProtocol, LinesThatAreNoMessagesAreCountedAndPassedOver) {
  const auto run = heard(
      "[   12.3] Kernel panic\nevent\nevent {\"t_ms\":1\nevent []\nevent {\"t_ms\":1}\n"
      "event {\"t_ms\":1,\"kind\":\"a\"}],\"x\":[{}\nprocess {\"comm\":\"\"}\nunknown {}\nbegin "
      "{}\ndecision {\"t_ms\":1,\"record\":\"no object\"}\n" +
      kRun + "end {\"ended\":");
  Transcript sound = run;
  sound.malformed = 0;
  expect_the_run(sound);
  EXPECT_EQ(run.malformed, 11U);
  EXPECT_EQ(run.first_malformed, "[   12.3] Kernel panic");
}

TEST(GuestProtocol, BytesAreBytesAgain) {
  const auto run = heard(
      "kmsg {\"record\":\"6,1,2,-;caf\\u00c3\\u00a9 \\u00ff\"}\n"
      "event {\"t_ms\":1,\"kind\":\"start\",\"comm\":\"\\u00c3\\u00a9\"}\n");
  EXPECT_EQ(run.kmsg, "6,1,2,-;caf\xc3\xa9 \xff\n");
  EXPECT_EQ(run.parts.events.at(0).comm, "\xc3\xa9");
}

TEST(GuestProtocol, AnEndlessLineTakesNoMemory) {
  GuestProtocol protocol;
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 20; ++i)
    protocol.feed(block);
  protocol.feed("\n" + kRun);
  EXPECT_EQ(protocol.transcript().malformed, 1U);
  EXPECT_TRUE(protocol.transcript().end.has_value());
}

TEST(GuestProtocol, MoreEventsThanAnybodyReadsAreCounted) {
  GuestProtocol protocol;
  std::string block;
  for (int i = 0; i < 1000; ++i)
    block += "event {\"t_ms\":1,\"kind\":\"mark\"}\n";
  for (std::size_t sent = 0; sent < GuestProtocol::kItemsMax + 2000; sent += 1000)
    protocol.feed(block);
  EXPECT_EQ(protocol.transcript().parts.events.size(), GuestProtocol::kItemsMax);
  EXPECT_EQ(protocol.transcript().dropped, 2000U);
}

TEST(GuestProtocol, EveryPrefixAndEveryChangedByteOfAMessageIsSurvived) {
  for (std::size_t begin = 0; begin < kRun.size();) {
    const std::size_t end = kRun.find('\n', begin) + 1;
    const std::string line = kRun.substr(begin, end - begin);
    for (std::size_t length = 1; length + 1 < line.size(); ++length)
      EXPECT_EQ(heard(line.substr(0, length)).malformed, 1U) << line.substr(0, length);
    for (std::size_t at = 0; at < line.size(); ++at) {
      for (const char c : {'\0', '"', '\n', '\xff'}) {
        std::string changed = line;
        changed[at] = c;
        EXPECT_LE(heard(changed).malformed, 2U);
      }
    }
    begin = end;
  }
}

}  // namespace
}  // namespace oomkit
