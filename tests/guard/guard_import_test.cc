// `oom guard import` as it is typed: what goes where, and its exit codes.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/io_testing.h"
#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(GuardImport, WhatIsPrintedIsCheckedAsGood) {
  const TemporaryDirectory folder;
  const std::string policy = folder.path("policy.toml");
  const Ran imported = run_oom({"guard", "import", "--output", policy, "earlyoom", "-m", "5,3",
                                "--prefer", "^chrome$", "-r", "60"});
  EXPECT_EQ(imported.exit_status, 0) << imported.err;
  EXPECT_THAT(imported.out, IsEmpty());
  EXPECT_THAT(imported.err, HasSubstr("arguments: -r 60: "));
  const Ran checked = run_oom({"guard", "--config", policy, "--check"});
  EXPECT_EQ(checked.exit_status, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("2 rules, nothing is wrong with it"));
}

TEST(GuardImport, AMistakeIsShownAtItsPlaceAndNothingIsPrinted) {
  const TemporaryDirectory folder;
  const std::string file = folder.write("nohang.conf", "# mine\nmin_badness = many\n");
  const Ran ran = run_oom({"guard", "import", "nohang", file});
  EXPECT_EQ(ran.exit_status, 2);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr(file + ":2:15: expected a number"));
}

TEST(GuardImport, FilesOfSystemdAreFoundAndTheLastOneCounts) {
  const TemporaryDirectory root;
  root.write("usr/lib/systemd/system/web.service.d/oom.conf", "[Service]\nManagedOOMSwap=kill\n");
  root.write("usr/lib/systemd/oomd.conf", "[OOM]\nSwapUsedLimit=70%\n");
  root.write("etc/systemd/oomd.conf.d/x.conf", "[OOM]\nSwapUsedLimit=80%\n");
  const Ran ran = run_oom({"guard", "import", "--root", root.path("."), "systemd-oomd"});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("swap.used > 80%"));
  const Ran folder = run_oom({"guard", "import", "systemd-oomd", root.path("usr/lib/systemd")});
  EXPECT_THAT(folder.out, HasSubstr("swap.used > 70%"));
}

TEST(GuardImport, WhatCannotBeDoneHasItsExitCode) {
  EXPECT_EQ(run_oom({"guard", "import"}).exit_status, 2);
  EXPECT_EQ(run_oom({"guard", "import", "moon", "x"}).exit_status, 2);
  EXPECT_EQ(run_oom({"guard", "import", "oomd"}).exit_status, 2);
  EXPECT_EQ(run_oom({"guard", "import", "oomd", "/no/such/file"}).exit_status, 2);
  const TemporaryDirectory root;
  const Ran ran = run_oom({"guard", "import", "--root", root.path("."), "systemd-oomd"});
  EXPECT_EQ(ran.exit_status, 1);
  EXPECT_THAT(ran.err, HasSubstr("nothing in it makes a rule"));
}

}  // namespace
}  // namespace oomkit
