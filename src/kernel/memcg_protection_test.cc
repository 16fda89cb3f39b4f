// memory.min and memory.low in trees small enough to work out by hand.
#include "kernel/memcg_protection.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr Bytes mib(std::int64_t count) {
  return Bytes(count << 20);
}

TEST(MemcgProtection, NobodyIsProtectedForMoreThanHeUses) {
  EXPECT_EQ(effective_protection({.usage = mib(30),
                                  .setting = mib(100),
                                  .parent_usage = mib(200),
                                  .parent_effective = mib(100),
                                  .siblings_protected = mib(30),
                                  .recursive = false}),
            mib(30));
}

TEST(MemcgProtection, ChildrenThatAreNotPromisedMoreThanTheParentHasKeepTheirOwn) {
  EXPECT_EQ(effective_protection({.usage = mib(80),
                                  .setting = mib(50),
                                  .parent_usage = mib(200),
                                  .parent_effective = mib(100),
                                  .siblings_protected = mib(100),
                                  .recursive = false}),
            mib(50));
}

TEST(MemcgProtection, AParentThatHasLessIsSharedOutInProportion) {
  // Two children claim 50 and 150 of 100.
  EXPECT_EQ(effective_protection({.usage = mib(80),
                                  .setting = mib(50),
                                  .parent_usage = mib(300),
                                  .parent_effective = mib(100),
                                  .siblings_protected = mib(200),
                                  .recursive = true}),
            mib(25));
}

TEST(MemcgProtection, AParentWithoutProtectionProtectsNoChild) {
  EXPECT_EQ(effective_protection({.usage = mib(80),
                                  .setting = mib(50),
                                  .parent_usage = mib(300),
                                  .parent_effective = Bytes(0),
                                  .siblings_protected = mib(50),
                                  .recursive = true}),
            Bytes(0));
}

TEST(MemcgProtection, WhatNoChildClaimsGoesToAllWhereItIsRecursive) {
  ProtectionTerms terms{.usage = mib(60),
                        .setting = mib(20),
                        .parent_usage = mib(100),
                        .parent_effective = mib(50),
                        .siblings_protected = mib(20),
                        .recursive = true};
  // 30 MiB are left over; this child has 40 of the 80 MiB that nobody protects.
  EXPECT_EQ(effective_protection(terms), mib(20 + 15));
  terms.recursive = false;
  EXPECT_EQ(effective_protection(terms), mib(20));
}

TEST(MemcgProtection, WhatIsProtectedIsLeftOutOfTheScan) {
  EXPECT_EQ(scannable(mib(100), mib(100), Bytes(0)), mib(100));
  EXPECT_LE(scannable(mib(100), mib(100), mib(100)), Bytes(1));
  const Bytes half = scannable(mib(100), mib(100), mib(50));
  EXPECT_NEAR(static_cast<double>(half.count()), static_cast<double>(mib(50).count()), 2.0);
}

}  // namespace
}  // namespace oomkit
