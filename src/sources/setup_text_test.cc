#include "sources/setup_text.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

using Words = std::vector<std::string>;

TEST(SetupText, OfTheCommandLineOnlyWhatIsAboutMemoryIsKept) {
  EXPECT_EQ(parse_boot_options("BOOT_IMAGE=/vmlinuz root=UUID=12 psi=1 token=s3cret "
                               "crashkernel=256M,high cgroup_enable=memory quiet\n"),
            (Words{"psi=1", "crashkernel=256M,high", "cgroup_enable=memory"}));
  EXPECT_EQ(parse_boot_options("ro -- panic=1\n"), Words{}) << "what follows is for init";
  EXPECT_EQ(parse_boot_options("memory=1 nopsi=0 psi"), (Words{"psi"}));
  EXPECT_EQ(parse_boot_options(""), Words{});
}

TEST(SetupText, AHostileCommandLineMakesNoLongList) {
  std::string text;
  for (int i = 0; i < 10'000; ++i)
    text += "psi=1 ";
  EXPECT_LE(parse_boot_options(text).size(), 64U);
}

TEST(SetupText, TheSoftCoreLimitIsRead) {
  const std::string head = "Limit                     Soft Limit           Hard Limit   Units\n";
  EXPECT_EQ(parse_core_limit(head + "Max core file size        0    unlimited   bytes\n"),
            (MemcgLimit{Bytes(0)}));
  EXPECT_EQ(parse_core_limit(head + "Max core file size        unlimited  unlimited   bytes\n"),
            MemcgLimit{});
  EXPECT_EQ(parse_core_limit(head), std::nullopt);
  EXPECT_EQ(parse_core_limit("Max core file size        many\n"), std::nullopt);
  EXPECT_EQ(parse_core_limit("Max core file size        -1 0\n"), std::nullopt);
  EXPECT_EQ(parse_core_limit("Max core file size"), std::nullopt);
}

}  // namespace
}  // namespace oomkit
