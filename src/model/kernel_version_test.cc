// Releases as distributions spell them.
#include "model/kernel_version.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

TEST(KernelVersion, IsTheBeginningOfARelease) {
  struct Row {
    const char* release;
    KernelVersion version;
  };
  for (const Row& row : {
           Row{"5.14.0-333.el9.x86_64", {5, 14, 0}},
           Row{"2.6.32-754.35.1.el6.x86_64", {2, 6, 32}},
           Row{"6.6", {6, 6, 0}},
           Row{"6.12-rc3", {6, 12, 0}},
           Row{"4.19.113-300.el7.aarch64 #1", {4, 19, 113}},
           Row{"3.10.0+", {3, 10, 0}},
           Row{"5.4.", {5, 4, 0}},
       })
    EXPECT_EQ(parse_kernel_version(row.release), row.version) << row.release;
}

TEST(KernelVersion, WhatDoesNotBeginSoHasNone) {
  for (const char* release : {"", "6", "6.", "6.x", "v6.1", " 6.1", "-1.2", "6.-1", "99999.1",
                              "5.99999", "x.y.z", "Not tainted"})
    EXPECT_EQ(parse_kernel_version(release), std::nullopt) << release;
}

TEST(KernelVersion, APatchLevelThatIsNoNumberIsNone) {
  EXPECT_EQ(parse_kernel_version("5.4.x"), (KernelVersion{5, 4, 0}));
  EXPECT_EQ(parse_kernel_version("5.4.123456789"), (KernelVersion{5, 4, 0}));
}

TEST(KernelVersion, ComparesByNumberNotByLetter) {
  EXPECT_LT((KernelVersion{4, 9, 300}), (KernelVersion{4, 10, 0}));
  EXPECT_LT((KernelVersion{2, 6, 39}), (KernelVersion{3, 0, 0}));
  EXPECT_GT((KernelVersion{6, 1, 10}), (KernelVersion{6, 1, 9}));
}

TEST(KernelVersion, IsPrintedAsPeopleSayIt) {
  EXPECT_EQ(to_string(KernelVersion{6, 6, 0}), "6.6");
  EXPECT_EQ(to_string(KernelVersion{6, 6, 3}), "6.6.3");
  EXPECT_EQ(to_string(KernelVersion{2, 6, 0}), "2.6.0") << "2.6 alone was never one kernel";
}

}  // namespace
}  // namespace oomkit
