// Where memory cgroups are, from what the kernel says of itself in each kind of machine.
#include "lab/here_cgroup.h"

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
  EXPECT_EQ(found->version, CgroupVersion::v1);
  EXPECT_EQ(found->folder, "/sys/fs/cgroup/memory/user.slice");
}

TEST(MemoryHierarchy, OfVersionTwoIsTheOneMount) {
  const auto found = find_memory_hierarchy(
      "0::/user.slice/session-2.scope\n",
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, CgroupVersion::v2);
  EXPECT_EQ(found->folder, "/sys/fs/cgroup/user.slice/session-2.scope");
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

TEST(MemoryHierarchy, WithoutAMountThereIsNoneAndTheOtherWorldIsNamed) {
  for (const char* mounts :
       {"", "garbage", " - ", "1 2 3 - cgroup2", "30 23 0:26 / /x rw - ext4 a b"}) {
    const auto found = find_memory_hierarchy("0::/\n", mounts);
    ASSERT_FALSE(found) << mounts;
    EXPECT_NE(found.error().what.find("--world vm"), std::string::npos);
  }
  EXPECT_FALSE(find_memory_hierarchy("", "30 23 0:26 / /cg rw - cgroup2 none rw\n"));
}

}  // namespace
}  // namespace oomkit
