// Where the kernels with generations differ from the older ones: swap fills with what is in memory
// still, and a group whose memory and swap together would do is killed for all that.
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/guarded_run.h"

namespace oomkit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RunRecord run_of(std::string_view text, const std::string& kernel) {
  return run(std::string(text), std::nullopt, kernel).rehearsal.record;
}

std::int64_t vmstat_of(const RunRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.host.vmstat) {
    if (key == name) return value;
  }
  ADD_FAILURE() << name << " is not there";
  return 0;
}

// Seed 4 of vm_differential_test: the group is 9 MiB above its limit, and of 14 MiB of swap there
// would be enough. Both kernels kill it when it touches what it has.
constexpr std::string_view kAboveItsLimit = R"(schema = 1
name = "above-its-limit"
[host]
memory = "256M"
swap = "14M"
[[cgroup]]
path = "/a"
set = { "memory.max" = "70M", "memory.oom.group" = "1" }
[[process]]
name = "large"
cgroup = "/a"
steps = [{ alloc = "32M" }, { sleep = "289ms" }, { shm = "3M" }, { sleep = "19ms" }, { alloc = "21M" }, { sleep = "294ms" }, { alloc = "6M", rate = "64M" }, { sleep = "159ms" }, { touch = "50%" }]
[[process]]
name = "small"
cgroup = "/a"
nice = 5
steps = [{ alloc = "9M" }, { sleep = "226ms" }, { touch = "26%" }, { sleep = "140ms" }, { write_file = "/dev/f", size = "7M" }, { sleep = "269ms" }, { touch = "50%" }]
[end]
after = "4s"
)";

TEST(Generations, SwapFillsWhileAClusterIsRead) {
  for (const std::string kernel : {"6.12", "7.2"}) {
    SCOPED_TRACE(kernel);
    EXPECT_THAT(run_of(kAboveItsLimit, kernel).victims, ElementsAre("large", "small"));
  }
}

// With zram each page is read by itself and written while one waits: nothing stays behind.
TEST(Generations, ZramGivesBackWhatIsWritten) {
  std::string text(kAboveItsLimit);
  text.replace(text.find("swap = \"14M\""), 12, "swap = \"14M\"\nswap_kind = \"zram\"");
  for (const std::string kernel : {"6.12", "7.2"}) {
    SCOPED_TRACE(kernel);
    EXPECT_THAT(run_of(text, kernel).victims, IsEmpty());
  }
}

// A process that only grows has each page written once, and as many free as it needs.
TEST(Generations, WhatGrowsIsWrittenOnce) {
  constexpr std::string_view kGrows = R"(schema = 1
name = "grows"
[host]
memory = "256M"
swap = "64M"
[[cgroup]]
path = "/a"
set = { "memory.max" = "30M" }
[[process]]
name = "grows"
cgroup = "/a"
steps = [{ alloc = "50M" }]
[end]
after = "3s"
)";
  constexpr std::int64_t kAbove = 20 << 8;
  for (const std::string kernel : {"6.12", "7.2"}) {
    SCOPED_TRACE(kernel);
    const RunRecord record = run_of(kGrows, kernel);
    EXPECT_THAT(record.victims, IsEmpty());
    const std::int64_t out = vmstat_of(record, "pswpout");
    EXPECT_GE(out, kAbove);
    EXPECT_LE(out, kAbove + kAbove / 10);
  }
}

}  // namespace
}  // namespace oomkit
