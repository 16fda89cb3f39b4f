// Where memory cgroups are, from what the kernel says of itself in each kind of machine.
#include "io/memory_hierarchy.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

TEST(MemoryHierarchy, OfVersionOneIsTheMountWithTheController) {
  const auto found = find_memory_hierarchy(
      "9:cpu,cpuacct:/a\n4:memory:/user.slice\n0::/init.scope\n",
      "31 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
      "35 24 0:30 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n"
      "36 24 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, 1);
  EXPECT_EQ(found->mount, "/sys/fs/cgroup/memory");
  EXPECT_EQ(found->folder, "/sys/fs/cgroup/memory/user.slice");
}

TEST(MemoryHierarchy, OfVersionTwoIsTheOneMount) {
  const auto found = find_memory_hierarchy(
      "0::/user.slice/session-2.scope\n",
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, 2);
  EXPECT_EQ(found->folder, "/sys/fs/cgroup/user.slice/session-2.scope");
}

TEST(MemoryHierarchy, OthersStandBesideIt) {
  const char* cgroups = "9:freezer:/f\n4:memory:/m\n0::/u\n";
  const char* mounts =
      "31 24 0:27 / /cg/freezer rw - cgroup cgroup rw,freezer\n"
      "35 24 0:30 / /cg/memory rw - cgroup cgroup rw,memory\n"
      "36 24 0:31 / /cg/unified rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(find_memory_hierarchy(cgroups, mounts)->folder, "/cg/memory/m");
  EXPECT_EQ(find_hierarchy(cgroups, mounts, "freezer")->folder, "/cg/freezer/f");
  EXPECT_EQ(find_hierarchy(cgroups, mounts, "")->folder, "/cg/unified/u");
  EXPECT_EQ(find_hierarchy(cgroups, mounts, "")->version, 2);
  EXPECT_FALSE(find_hierarchy(cgroups, mounts, "pids").has_value());
}

TEST(MemoryHierarchy, InTheRootIsTheMountItself) {
  const auto found = find_memory_hierarchy("0::/\n", "30 23 0:26 / /cg rw - cgroup2 none rw\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->folder, "/cg");
}

TEST(MemoryHierarchy, InAContainerTheMountBeginsInTheMiddle) {
  const auto found = find_memory_hierarchy(
      "4:memory:/docker/abc/inner\n",
      "35 24 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->folder, "/sys/fs/cgroup/memory/inner");
}

TEST(MemoryHierarchy, BlanksInAMountPointAreUnescaped) {
  const auto found =
      find_memory_hierarchy("0::/\n", "30 23 0:26 / /my\\040cgroups rw - cgroup2 none rw\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->folder, "/my cgroups");
}

TEST(MemoryHierarchy, WithoutAMountThereIsNone) {
  for (const char* mounts :
       {"", "garbage", " - ", "1 2 3 - cgroup2", "30 23 0:26 / /x rw - ext4 a b"}) {
    const auto found = find_memory_hierarchy("0::/\n", mounts);
    ASSERT_FALSE(found) << mounts;
    EXPECT_EQ(found.error().code, ErrorCode::unsupported);
  }
  EXPECT_FALSE(find_memory_hierarchy("", "30 23 0:26 / /cg rw - cgroup2 none rw\n"));
}

}  // namespace
}  // namespace oomkit
