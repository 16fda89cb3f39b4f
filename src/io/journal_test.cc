// The journal: as text, and from a real journal file where the machine can make one.
#include <cstdio>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/byte_source.h"
#include "io/io_testing.h"
#include "io/journal_text.h"

namespace oomkit {
namespace {

std::string lines_of(const JournalEntry& entry) {
  std::string out;
  append_journal_lines(out, entry);
  return out;
}

TEST(JournalTextTest, AKernelMessageHasItsLevelAndTimeBack) {
  EXPECT_EQ(lines_of({.realtime_us = 1'795'263'771'572'035,
                      .message = "Mem-Info:",
                      .host = "web-1",
                      .ident = "kernel",
                      .level = 4,
                      .from_kernel = true,
                      .monotonic_us = 2'545'000'017}),
            "2026-11-21T12:22:51.572035+00:00 web-1 kernel: <4>[ 2545.000017] Mem-Info:\n");
}

TEST(JournalTextTest, ADaemonHasItsPid) {
  EXPECT_EQ(lines_of({.realtime_us = 0, .message = "x\n", .ident = "earlyoom", .pid = "454"}),
            "1970-01-01T00:00:00.000000+00:00 - earlyoom[454]: x\n");
}

TEST(JournalTextTest, EveryLineOfAMessageHasTheHead) {
  EXPECT_EQ(lines_of({.realtime_us = 1, .message = "a\n b", .host = "h", .ident = "i"}),
            "1970-01-01T00:00:00.000001+00:00 h i: a\n"
            "1970-01-01T00:00:00.000001+00:00 h i:  b\n");
}

TEST(JournalTextTest, WordsOfTheHeadCannotEndIt) {
  EXPECT_EQ(lines_of({.realtime_us = 1, .message = "m", .host = "a b\n", .ident = "c: d[1]"}),
            "1970-01-01T00:00:00.000001+00:00 a_b_ c__d_1_: m\n");
}

TEST(JournalTest, AbsenceIsNamed) {
  const auto source = open_journal({.directory = "/nowhere/journal"});
  ASSERT_FALSE(source.has_value());
  EXPECT_EQ(source.error().code, ErrorCode::not_found);
  EXPECT_NE(source.error().what.find("/nowhere/journal"), std::string::npos);
}

TEST(JournalTest, WhatIsNoJournalFileIsRefused) {
  const TemporaryDirectory directory;
  const auto source = open_journal({.files = {directory.write("kern.log", "no journal\n")}});
  ASSERT_FALSE(source.has_value());
  EXPECT_NE(source.error().what.find("kern.log"), std::string::npos);
}

// Writes a journal file by the tool that systemd has for it.
class JournalFileTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool :
         {"/usr/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-remote"}) {
      if (std::filesystem::exists(tool)) tool_ = tool;
    }
    if (tool_.empty()) GTEST_SKIP() << "systemd-journal-remote is not installed";
    const std::string input = directory_.write("export", entries());
    file_ = directory_.path("made.journal");
    const std::string command = tool_ + " --output=" + file_ + " " + input + " >/dev/null 2>&1";
    const int status = std::system(command.c_str());  // NOLINT: a test's own fixed words.
    if (status != 0 || !std::filesystem::exists(file_)) {
      GTEST_SKIP() << "systemd-journal-remote makes no file here";
    }
  }

  static std::string entry(std::int64_t realtime_us, char boot, const std::string& fields) {
    return "__REALTIME_TIMESTAMP=" + std::to_string(realtime_us) +
           "\n__MONOTONIC_TIMESTAMP=5000000\n_BOOT_ID=" + std::string(32, boot) +
           "\n_HOSTNAME=web-1\n" + fields + "\n\n";
  }
  static std::string entries() {
    return entry(1'795'263'700'000'000, 'a',
                 "_TRANSPORT=kernel\nSYSLOG_IDENTIFIER=kernel\nPRIORITY=4\n"
                 "_SOURCE_MONOTONIC_TIMESTAMP=4321000001\nMESSAGE=Mem-Info:") +
           entry(1'795'263'710'000'000, 'a', "SYSLOG_IDENTIFIER=sshd\nMESSAGE=nothing to see") +
           entry(1'795'263'720'000'000, 'b',
                 "SYSLOG_IDENTIFIER=earlyoom\n_PID=454\nPRIORITY=4\nMESSAGE=low memory!") +
           entry(1'795'263'730'000'000, 'b',
                 "SYSLOG_IDENTIFIER=systemd\n_PID=1\nMESSAGE=a.service: killed") +
           entry(1'795'263'740'000'000, 'b',
                 "SYSLOG_IDENTIFIER=systemd\n_PID=1234\nMESSAGE=of a user's manager");
  }
  std::string text(JournalQuery query) {
    query.files = {file_};
    const auto source = open_journal(query);
    if (!source) return source.error().what;
    return read_all(**source, 100).text;
  }

  TemporaryDirectory directory_;
  std::string tool_;
  std::string file_;

  const std::string kernel_ =
      "2026-11-21T12:21:40.000000+00:00 web-1 kernel: <4>[ 4321.000001] Mem-Info:\n";
  const std::string killer_ = "2026-11-21T12:22:00.000000+00:00 web-1 earlyoom[454]: low memory!\n";
  const std::string manager_ =
      "2026-11-21T12:22:10.000000+00:00 web-1 systemd[1]: a.service: killed\n";
};

TEST_F(JournalFileTest, HoldsTheKernelAndTheKillers) {
  EXPECT_EQ(text({}), kernel_ + killer_ + manager_);
}

TEST_F(JournalFileTest, OfOneBoot) {
  EXPECT_EQ(text({.boot = "0"}), killer_ + manager_);
  EXPECT_EQ(text({.boot = "-1"}), kernel_);
  EXPECT_EQ(text({.boot = "1"}), kernel_);
  EXPECT_EQ(text({.boot = std::string(32, 'a')}), kernel_);
  EXPECT_NE(text({.boot = "-2"}).find("2 boots"), std::string::npos);
  EXPECT_NE(text({.boot = "yesterday"}).find("is no boot"), std::string::npos);
}

TEST_F(JournalFileTest, OfATime) {
  EXPECT_EQ(text({.since_us = 1'795'263'715'000'000}), killer_ + manager_);
  EXPECT_EQ(text({.until_us = 1'795'263'720'000'000}), kernel_ + killer_);
}

TEST_F(JournalFileTest, InADirectory) {
  const auto source = open_journal({.directory = directory_.path("")});
  ASSERT_TRUE(source.has_value()) << source.error().what;
  EXPECT_EQ(read_all(**source).text, kernel_ + killer_ + manager_);
}

}  // namespace
}  // namespace oomkit
