// The size of a page is the host's to tell, in two ways that need not agree.
#include <string>

#include <gtest/gtest.h>

#include "sources/live_host.h"

namespace oomkit {
namespace {

// A zone of 1,000,000 pages.
constexpr const char* kZone =
    "Node 0, zone   Normal\n  pages free     100\n        min      10\n        low      12\n"
    "        high     15\n        present  1000000\n        managed  1000000\n"
    "        protection: (0, 0)\n";

std::optional<PageSize> page_size_with(const std::string& mem_total, const std::string& own_pages) {
  MemoryFileTree tree;
  tree.put("proc/zoneinfo", kZone);
  tree.put("proc/meminfo", "MemTotal: " + mem_total + " kB\n");
  if (!own_pages.empty()) {
    tree.put("proc/self/status", "Name:\toom\nVmSize:\t    8192 kB\n");
    tree.put("proc/self/statm", own_pages + " 100 100 1 0 1 0\n");
  }
  auto host = LiveHost::create(tree);
  EXPECT_TRUE(host) << host.error().what;
  auto snapshot = host->read(HostQuery::everything());
  EXPECT_TRUE(snapshot) << snapshot.error().what;
  return snapshot->page_size;
}

TEST(PageSizeOfAHost, ZonesAndTotalTellWhereThereIsNoProcessOfOurs) {
  EXPECT_EQ(page_size_with("4000000", ""), PageSize::k4K);
  EXPECT_EQ(page_size_with("64000000", ""), PageSize::k64K);
  EXPECT_EQ(page_size_with("100000", ""), std::nullopt);
}

// Seen on a machine whose hypervisor held back half of its memory: MemTotal was twice what the
// zones managed.
TEST(PageSizeOfAHost, AProcessKnowsBetterThanZonesThatWereMadeSmaller) {
  EXPECT_EQ(page_size_with("8000000", "2048"), PageSize::k4K);
  EXPECT_EQ(page_size_with("64000000", "128"), PageSize::k64K);
}

}  // namespace
}  // namespace oomkit
