#include "io/writable_tree.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace oomkit {
namespace {

namespace fs = std::filesystem;

class WritableTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "oomkit-tree-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto tree = WritableTree::create(name);
    ASSERT_TRUE(tree.has_value());
    tree_.emplace(std::move(*tree));
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::size_t files_in(const fs::path& folder) const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_ / folder), fs::directory_iterator()));
  }

  fs::path folder_;
  std::optional<WritableTree> tree_;
};

TEST_F(WritableTreeTest, AFileIsMadeWithItsFoldersAndTakenBack) {
  const auto made = tree_->replace("etc/systemd/a.service.d/x.conf", "one\n");
  ASSERT_TRUE(made.has_value()) << made.error().what;
  EXPECT_EQ(tree_->read("etc/systemd/a.service.d/x.conf").value(), "one\n");
  ASSERT_TRUE(tree_->replace("etc/systemd/a.service.d/x.conf", "two\n").has_value());
  EXPECT_EQ(tree_->read("etc/systemd/a.service.d/x.conf").value(), "two\n");
  EXPECT_EQ(files_in("etc/systemd/a.service.d"), 1U) << "nothing is left beside it";
  tree_->remove_empty_folder("etc/systemd/a.service.d");
  EXPECT_TRUE(fs::exists(folder_ / "etc/systemd/a.service.d")) << "it is not empty";
  EXPECT_TRUE(tree_->remove("etc/systemd/a.service.d/x.conf").has_value());
  tree_->remove_empty_folder("etc/systemd/a.service.d");
  EXPECT_FALSE(fs::exists(folder_ / "etc/systemd/a.service.d"));
}

TEST_F(WritableTreeTest, OfManyWhoCountInAFileUnderTheLockNoneIsLost) {
  constexpr int kCounters = 4;
  constexpr int kTimes = 20;
  std::vector<std::thread> counters;
  for (int i = 0; i < kCounters; ++i) {
    counters.emplace_back([this] {
      for (int k = 0; k < kTimes; ++k) {
        const auto lock = tree_->lock_folder("var/lib/counted");
        const int had = std::stoi(tree_->read("var/lib/counted/n").value().value_or("0"));
        (void)tree_->replace("var/lib/counted/n", std::to_string(had + 1));
      }
    });
  }
  for (std::thread& counter : counters)
    counter.join();
  EXPECT_EQ(tree_->read("var/lib/counted/n").value(), std::to_string(kCounters * kTimes));
}

TEST_F(WritableTreeTest, ALockedFolderIsGoneAfterwardsUnlessSomethingIsInIt) {
  { const auto lock = tree_->lock_folder("var/lib/empty"); }
  EXPECT_FALSE(fs::exists(folder_ / "var/lib/empty"));
  {
    const auto lock = tree_->lock_folder("var/lib/full");
    (void)tree_->replace("var/lib/full/x", "x");
  }
  EXPECT_TRUE(fs::exists(folder_ / "var/lib/full"));
}

TEST_F(WritableTreeTest, WhatIsNotThereIsNothingAndNoError) {
  EXPECT_EQ(tree_->read("nothing").value(), std::nullopt);
  EXPECT_TRUE(tree_->remove("nothing").has_value());
  EXPECT_EQ(tree_->set("proc/1/oom_score_adj", "5").error().code, ErrorCode::not_found);
}

TEST_F(WritableTreeTest, ASettingIsWrittenInPlace) {
  std::ofstream(folder_ / "value") << "-1000\n";
  ASSERT_TRUE(tree_->set("value", "7").has_value());
  EXPECT_EQ(tree_->read("value").value(), "7");
}

TEST_F(WritableTreeTest, NothingOutsideIsReached) {
  EXPECT_EQ(tree_->replace("../escaped", "x").error().code, ErrorCode::usage);
  fs::create_directory_symlink("/", folder_ / "up");
  // A link to "/" is the tree's own root.
  ASSERT_TRUE(tree_->replace("up/inside", "x").has_value());
  EXPECT_TRUE(fs::exists(folder_ / "inside"));
}

}  // namespace
}  // namespace oomkit
