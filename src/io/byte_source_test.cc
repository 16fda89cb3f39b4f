#include "io/byte_source.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "io/file_source.h"
#include "io/io_testing.h"

namespace oomkit {
namespace {

TEST(LogFileTest, GivesTheBytesInPiecesOfAnySize) {
  const TemporaryDirectory directory;
  std::string text;
  for (int line = 0; line < 2000; ++line)
    text += "[    1.000000] line " + std::to_string(line) + "\n";
  const std::string path = directory.write("kern.log", text);
  for (const std::size_t block : {1U, 3U, 7U, 4096U, 1U << 20U}) {
    const auto source = open_log_file(path);
    ASSERT_TRUE(source.has_value()) << source.error().what;
    EXPECT_EQ(read_all(**source, block).text, text);
    EXPECT_EQ((*source)->name(), path);
    EXPECT_FALSE((*source)->truncated());
  }
}

TEST(LogFileTest, EmptyAndShorterThanAnyMagic) {
  const TemporaryDirectory directory;
  for (const std::string text : {"", "a", "\x1f", "\n\n"}) {
    const auto source = open_log_file(directory.write("short", text));
    ASSERT_TRUE(source.has_value());
    EXPECT_EQ(read_all(**source).text, text);
  }
}

TEST(LogFileTest, RefusalsNameTheFileAndTheRemedy) {
  const TemporaryDirectory directory;
  const auto absent = open_log_file(directory.path("absent.log"));
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, ErrorCode::not_found);
  EXPECT_NE(absent.error().what.find("absent.log"), std::string::npos);

  const auto folder = open_log_file(directory.path(""));
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().code, ErrorCode::usage);
  EXPECT_NE(folder.error().what.find("name a file in it"), std::string::npos);

  const auto bzip2 = open_log_file(directory.write("kern.log.bz2", "BZh91AY&SY"));
  ASSERT_FALSE(bzip2.has_value());
  EXPECT_NE(bzip2.error().what.find("bzip2 -dc"), std::string::npos);
}

TEST(LogFileTest, AFileOfNoRightsIsDenied) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryDirectory directory;
  const std::string path = directory.write("secret", "x");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const auto source = open_log_file(path);
  ASSERT_FALSE(source.has_value());
  EXPECT_EQ(source.error().code, ErrorCode::denied);
  EXPECT_NE(source.error().what.find("sudo"), std::string::npos);
}

TEST(FileSourceTest, APipeIsPeekedAtAndThenReadWhole) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  FileSource source("pipe", FileDescriptor(ends[0]));
  {
    const FileDescriptor writer(ends[1]);
    ASSERT_EQ(::write(writer.get(), "hel", 3), 3);
    ASSERT_EQ(::write(writer.get(), "lo world", 8), 8);
  }
  EXPECT_EQ(source.peek(5).value(), "hello");
  EXPECT_EQ(source.peek(2).value(), "he");
  EXPECT_EQ(read_all(source, 4).text, "hello world");
  EXPECT_EQ(source.peek(5).value(), "");
}

TEST(MemorySourceTest, FailsWhereTold) {
  MemorySource source("made up", "0123456789", 3);
  source.fail_at(7, {ErrorCode::io, "made up: the disk is gone"});
  const ReadAll all = read_all(source);
  EXPECT_EQ(all.text, "0123456");
  EXPECT_EQ(all.error, "made up: the disk is gone");
}

// The device cannot be made up, but a file read the same way can.
TEST(KmsgTest, RecordsComeWholeAndInOrder) {
  const TemporaryDirectory directory;
  std::string records;
  for (int number = 0; number < 1000; ++number)
    records += "6," + std::to_string(number) + ",1000,-;text\n SUBSYSTEM=x\n";
  const auto source = open_kmsg(directory.write("kmsg", records));
  ASSERT_TRUE(source.has_value()) << source.error().what;
  EXPECT_EQ(read_all(**source, 100).text, records);
}

TEST(KmsgTest, TheRunningKernelsLogIsReadToItsEnd) {
  const auto source = open_kmsg("/dev/kmsg");
  if (!source) GTEST_SKIP() << source.error().what;
  const ReadAll all = read_all(**source, 1 << 20);
  if (!all.error.empty()) GTEST_SKIP() << all.error;
  if (all.text.empty()) GTEST_SKIP() << "the kernel's log is empty here";
  EXPECT_EQ(all.text.back(), '\n');
  EXPECT_NE(all.text.find(';'), std::string::npos);
}

TEST(KmsgTest, AbsenceIsNamed) {
  const auto source = open_kmsg("/nowhere/kmsg");
  ASSERT_FALSE(source.has_value());
  EXPECT_EQ(source.error().code, ErrorCode::not_found);
  EXPECT_NE(source.error().what.find("/nowhere/kmsg"), std::string::npos);
}

}  // namespace
}  // namespace oomkit
