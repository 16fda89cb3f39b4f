#include "io/output_sink.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oomkit {
namespace {

class OutputSinkTest : public testing::Test {
 protected:
  OutputSinkTest() {
    std::string folder = testing::TempDir() + "oomkit-output-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
  }
  ~OutputSinkTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  std::string content(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_;
};

TEST_F(OutputSinkTest, TheFileIsThereOnlyWhenItIsComplete) {
  auto sink = OutputSink::file(path("report.json"));
  ASSERT_TRUE(sink.has_value()) << sink.error().what;
  sink->append("{}");
  sink->flush();
  EXPECT_FALSE(std::filesystem::exists(path("report.json")));
  ASSERT_TRUE(sink->finish().has_value());
  EXPECT_EQ(content("report.json"), "{}");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputSinkTest, AnAbandonedResultLeavesWhatWasThere) {
  put("report.json", "old");
  {
    auto sink = OutputSink::file(path("report.json"));
    ASSERT_TRUE(sink.has_value());
    sink->append(std::string(1'000'000, 'x'));
  }
  EXPECT_EQ(content("report.json"), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputSinkTest, AResultReplacesAnOldOneAndKeepsItsPermissions) {
  put("report.json", "an old and longer text");
  std::filesystem::permissions(path("report.json"), std::filesystem::perms::owner_read |
                                                        std::filesystem::perms::owner_write);
  auto sink = OutputSink::file(path("report.json"));
  ASSERT_TRUE(sink.has_value());
  sink->append("new");
  ASSERT_TRUE(sink->finish().has_value());
  EXPECT_EQ(content("report.json"), "new");
  struct stat status {};
  ASSERT_EQ(::stat(path("report.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(OutputSinkTest, ALinkStaysALink) {
  put("target.json", "old");
  std::filesystem::create_symlink("target.json", path("link.json"));
  auto sink = OutputSink::file(path("link.json"));
  ASSERT_TRUE(sink.has_value());
  sink->append("new");
  ASSERT_TRUE(sink->finish().has_value());
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.json")));
  EXPECT_EQ(content("target.json"), "new");
}

TEST_F(OutputSinkTest, ADeviceIsWrittenDirectly) {
  auto sink = OutputSink::file("/dev/null");
  ASSERT_TRUE(sink.has_value());
  sink->append("nothing");
  EXPECT_TRUE(sink->finish().has_value());
}

TEST_F(OutputSinkTest, AFullDeviceIsAnErrorThatNamesIt) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  auto sink = OutputSink::file("/dev/full");
  ASSERT_TRUE(sink.has_value());
  sink->append("more than nothing");
  const Status status = sink->finish();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::io);
  EXPECT_NE(status.error().what.find("/dev/full"), std::string::npos);
}

TEST_F(OutputSinkTest, AMissingFolderIsRefusedAtOnce) {
  const auto sink = OutputSink::file(path("no-such-folder/report.json"));
  ASSERT_FALSE(sink.has_value());
  EXPECT_EQ(sink.error().code, ErrorCode::usage);
  EXPECT_NE(sink.error().what.find("no-such-folder"), std::string::npos);
}

TEST_F(OutputSinkTest, AFolderIsNoFile) {
  EXPECT_FALSE(OutputSink::file(folder_.string()).has_value());
}

}  // namespace
}  // namespace oomkit
