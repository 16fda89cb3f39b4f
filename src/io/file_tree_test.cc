#include "io/file_tree.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "io/io_testing.h"

namespace oomkit {
namespace {

using Names = std::vector<std::string>;

// The made-up tree and the real one must not be told apart.
class BothTrees : public testing::TestWithParam<bool> {
 protected:
  void put(const std::string& path, const std::string& content) {
    if (GetParam()) {
      directory_.write(path, content);
    } else {
      memory_.put(path, content);
    }
  }
  const FileTree& tree() {
    if (!GetParam()) return memory_;
    auto opened = open_file_tree(directory_.path(""));
    EXPECT_TRUE(opened.has_value());
    real_ = std::move(*opened);
    return *real_;
  }

 private:
  TemporaryDirectory directory_;
  MemoryFileTree memory_;
  std::unique_ptr<FileTree> real_;
};

TEST_P(BothTrees, ReadsFilesAndListsFolders) {
  put("var/log/pods/ns_web_uid/c/0.log", "x");
  put("var/log/pods/ns_db_uid/c/0.log", "y");
  put("var/log/pods-old", "z");
  EXPECT_EQ(tree().read("var/log/pods/ns_web_uid/c/0.log").value(), "x");
  EXPECT_EQ(tree().list("var/log/pods").value(), (Names{"ns_db_uid", "ns_web_uid"}));
  EXPECT_EQ(tree().list("var/log").value(), (Names{"pods", "pods-old"}));
}

TEST_P(BothTrees, AbsenceIsNotFound) {
  put("a", "");
  EXPECT_EQ(tree().read("b").error().code, ErrorCode::not_found);
  EXPECT_EQ(tree().list("b").error().code, ErrorCode::not_found);
  EXPECT_NE(tree().read("b").error().what.find('b'), std::string::npos);
}

TEST_P(BothTrees, AnOpenFolderReadsIntoTheCallersBuffer) {
  put("proc/12/status", "Name:\tdb\n");
  put("proc/12/big", std::string(100'000, 'b'));
  put("proc/7/status", "Name:\tinit\n");
  put("proc/meminfo", "MemTotal: 1 kB\n");
  put("proc/sys/vm/swappiness", "60\n");
  const auto folder = tree().open_folder("proc");
  ASSERT_TRUE(folder.has_value());
  std::vector<char> buffer;
  EXPECT_EQ((*folder)->read("12/status", buffer).value(), "Name:\tdb\n");
  EXPECT_EQ((*folder)->read_once("7/status", buffer).value(), "Name:\tinit\n");
  EXPECT_EQ((*folder)->read_once("12/big", buffer).value(), std::string(100'000, 'b'));
  EXPECT_EQ((*folder)->numbers().value(), (std::vector<std::int64_t>{7, 12}));
  EXPECT_EQ((*folder)->folders(".").value(), (Names{"12", "7", "sys"}));
  EXPECT_EQ((*folder)->folders("sys").value(), Names{"vm"});
  EXPECT_EQ((*folder)->read("13/status", buffer).error(), ErrorCode::not_found);
  EXPECT_EQ((*folder)->folders("13").error(), ErrorCode::not_found);
  EXPECT_EQ(tree().open_folder("absent").error().code, ErrorCode::not_found);
}

INSTANTIATE_TEST_SUITE_P(FileTree, BothTrees, testing::Bool(),
                         [](const auto& test) { return test.param ? "real" : "memory"; });

TEST(FileTreeTest, AnOpenFolderIsNotLeft) {
  const TemporaryDirectory directory;
  directory.write("secret", "secret");
  directory.write("root/proc/1/name", "inside");
  std::filesystem::create_symlink(directory.path("secret"), directory.path("root/proc/1/status"));
  std::filesystem::create_symlink("../../../secret", directory.path("root/proc/1/stat"));
  const auto tree = open_file_tree(directory.path("root"));
  const auto folder = (*tree)->open_folder("proc");
  std::vector<char> buffer;
  EXPECT_EQ((*folder)->read("1/name", buffer).value(), "inside");
  EXPECT_FALSE((*folder)->read("1/status", buffer).has_value());
  EXPECT_FALSE((*folder)->read("1/stat", buffer).has_value());
  EXPECT_FALSE((*folder)->read("../../secret", buffer).has_value());
}

TEST(FileTreeTest, NothingOutsideIsReached) {
  const TemporaryDirectory directory;
  directory.write("outside", "secret");
  directory.write("root/etc/name", "inside");
  directory.write("root/outside", "harmless");
  std::filesystem::create_symlink("../../outside", directory.path("root/etc/up"));
  std::filesystem::create_symlink("/etc/name", directory.path("root/absolute"));
  const auto tree = open_file_tree(directory.path("root"));
  ASSERT_TRUE(tree.has_value());
  EXPECT_EQ((*tree)->read("../outside").error().code, ErrorCode::usage);
  EXPECT_EQ((*tree)->read("/etc//./name").value(), "inside");
  const auto up = (*tree)->read("etc/up");
  if (up && *up == "secret") GTEST_SKIP() << "this kernel cannot keep links inside a folder";
  EXPECT_EQ(up.value(), "harmless");
  EXPECT_EQ((*tree)->read("absolute").value(), "inside");
}

TEST(FileTreeTest, FilesThatSayTheyAreEmptyAreRead) {
  const auto tree = open_file_tree("/");
  ASSERT_TRUE(tree.has_value());
  const auto version = (*tree)->read("proc/version");
  if (!version) GTEST_SKIP() << version.error().what;
  EXPECT_NE(version->find("Linux"), std::string::npos);
}

TEST(FileTreeTest, ARootThatIsNoneIsNamed) {
  const auto tree = open_file_tree("/nowhere/at/all");
  ASSERT_FALSE(tree.has_value());
  EXPECT_NE(tree.error().what.find("/nowhere/at/all"), std::string::npos);
}

TEST(MemoryFileTreeTest, FailsWhereTold) {
  MemoryFileTree tree;
  tree.put("a/b", "x");
  tree.break_path("a/b", ErrorCode::denied);
  tree.break_path("a", ErrorCode::io);
  EXPECT_EQ(tree.read("a/b").error().code, ErrorCode::denied);
  EXPECT_EQ(tree.list("a").error().code, ErrorCode::io);
}

}  // namespace
}  // namespace oomkit
