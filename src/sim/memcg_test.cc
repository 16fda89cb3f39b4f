// Charges: batches that a processor keeps, limits up the tree, what is given back.
#include "sim/memcg.h"

#include <gtest/gtest.h>

namespace oomkit::sim {
namespace {

class ChargeTest : public testing::Test {
 protected:
  ChargeTest()
      : tree_(1, Pages(64), 1, false), box_(tree_.create("/box")), leaf_(tree_.create("/box/in")) {}

  MemcgTree tree_;
  Memcg& box_;
  Memcg& leaf_;
};

TEST_F(ChargeTest, GoesUpTheTreeInBatches) {
  const MemcgTree::Charge charge = tree_.try_charge(leaf_, Pages(10), false);
  EXPECT_EQ(charge.pages, Pages(10));
  EXPECT_EQ(leaf_.memory.usage, Pages(64));
  EXPECT_EQ(box_.memory.usage, Pages(64));
  EXPECT_TRUE(tree_.root().memory.usage == Pages(0)) << "the root counts nothing";
  tree_.try_charge(leaf_, Pages(54), false);
  EXPECT_EQ(leaf_.memory.usage, Pages(64)) << "from what is kept";
}

TEST_F(ChargeTest, StopsAtTheLimitOfAnAncestor) {
  box_.memory.max = Pages(100);
  MemcgTree::Charge charge = tree_.try_charge(leaf_, Pages(64), false);
  EXPECT_EQ(charge.pages, Pages(64));
  for (int i = 0; i < 36; ++i)
    EXPECT_EQ(tree_.try_charge(leaf_, Pages(1), false).pages, Pages(1));
  charge = tree_.try_charge(leaf_, Pages(1), false);
  EXPECT_EQ(charge.pages, Pages(0));
  EXPECT_EQ(charge.failed, &box_);
  EXPECT_EQ(box_.memory.usage, Pages(100));
  // Each of the 36 was refused as a batch first; the last as a batch and by itself.
  EXPECT_EQ(box_.memory.failcnt, 38);
}

TEST_F(ChargeTest, KeepsForOneGroupAndGivesBackForAnother) {
  Memcg& other = tree_.create("/other");
  tree_.try_charge(leaf_, Pages(1), false);
  tree_.try_charge(other, Pages(1), false);
  EXPECT_EQ(leaf_.memory.usage, Pages(1));
  EXPECT_EQ(other.memory.usage, Pages(64));
  tree_.drain(tree_.root());
  EXPECT_EQ(other.memory.usage, Pages(1));
}

TEST(FlatTree, AGroupCountsForItselfAlone) {
  MemcgTree tree(1, Pages(32), 1, true);
  Memcg& box = tree.create("/box");
  Memcg& leaf = tree.create("/box/in");
  box.memory.max = Pages(10);
  EXPECT_EQ(tree.try_charge(leaf, Pages(64), false).pages, Pages(64));
  EXPECT_EQ(box.memory.usage, Pages(0));
  EXPECT_FALSE(leaf.is_within(box));
}

TEST_F(ChargeTest, TellsOfTheBatchThatPassesHigh) {
  leaf_.high = Pages(64);
  EXPECT_EQ(tree_.try_charge(leaf_, Pages(64), false).over_high, Pages(0));
  const MemcgTree::Charge charge = tree_.try_charge(leaf_, Pages(200), false);
  EXPECT_EQ(charge.over_high, Pages(64));
  EXPECT_EQ(charge.pages, Pages(64));
}

TEST_F(ChargeTest, SaysBeforehandHowMuchIsAtHand) {
  box_.memory.max = Pages(100);
  EXPECT_EQ(tree_.charges_at_hand(leaf_, false), Pages(64));
  tree_.try_charge(leaf_, Pages(1), false);
  EXPECT_EQ(tree_.charges_at_hand(leaf_, false), Pages(63));
}

}  // namespace
}  // namespace oomkit::sim
