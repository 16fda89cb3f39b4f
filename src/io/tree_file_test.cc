#include "io/tree_file.h"

#include <gtest/gtest.h>

#include "io/io_testing.h"

namespace oomkit {
namespace {

std::string two_files() {
  std::string text(kTreeFileHead);
  append_tree_file(text, "proc/meminfo", "MemTotal: 5 kB\n");
  append_tree_file(text, "proc/7/cgroup with blank", std::string("a\0\n@ b 3\nx", 10));
  return text;
}

TEST(TreeFile, GivesBackEachFileByteForByte) {
  const auto tree = parse_tree_file("capture", two_files());
  ASSERT_TRUE(tree) << tree.error().what;
  EXPECT_EQ(tree->read("proc/meminfo"), "MemTotal: 5 kB\n");
  EXPECT_EQ(tree->read("proc/7/cgroup with blank"), std::string("a\0\n@ b 3\nx", 10));
  EXPECT_EQ(tree->list("proc"), (std::vector<std::string>{"7", "meminfo"}));
}

TEST(TreeFile, IsTakenWhereAFolderIs) {
  const TemporaryDirectory directory;
  const auto tree = open_file_tree(directory.write("captured.tree", two_files()));
  ASSERT_TRUE(tree) << tree.error().what;
  EXPECT_EQ((*tree)->read("proc/meminfo"), "MemTotal: 5 kB\n");
}

TEST(TreeFile, RefusesWhatIsNoneAndWhatIsCutAndNamesTheByte) {
  const auto none = parse_tree_file("x.tree", "MemTotal: 5 kB\n");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::malformed);
  EXPECT_NE(none.error().what.find("x.tree: byte 0"), std::string::npos) << none.error().what;

  const std::string whole = two_files();
  // Where a file ends, the tree may end too; cut anywhere else it is refused.
  const std::size_t second = whole.find("@ proc/7");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool complete = size == kTreeFileHead.size() || size == second;
    EXPECT_EQ(parse_tree_file("cut", std::string_view(whole).substr(0, size)).has_value(), complete)
        << size;
  }
}

TEST(TreeFile, SurvivesSizesThatNoFileHas) {
  for (const char* size : {"18446744073709551615", "99999999999999999999", "-1", ""}) {
    EXPECT_FALSE(parse_tree_file("bad", std::string(kTreeFileHead) + "@ a " + size + "\nabcd\n"))
        << size;
  }
}

}  // namespace
}  // namespace oomkit
