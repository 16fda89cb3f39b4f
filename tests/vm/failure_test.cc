// What can go wrong around a virtual machine: each is told clearly, ends in time, and leaves
// nothing behind.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/kernel_image.h"
#include "model/run_record_json.h"
#include "tests/cli/run_program.h"
#include "vm_testing.h"

namespace oomkit {
namespace {

using namespace std::chrono_literals;

constexpr const char* kQuiet = R"(schema = 1
name = "quiet"
[host]
memory = "256M"
[[process]]
name = "calm"
steps = [ { alloc = "1M" } ]
[end]
after = "120s"
)";

std::string with_boot_parameters(const std::string& words) {
  std::string text = kQuiet;
  text.insert(text.find("[[process]]"), "boot = [" + words + "]\n");
  return text;
}

class Failure : public testing::Test {
 protected:
  Ran rehearse(const std::string& scenario, std::vector<std::string> options,
               std::map<std::string, std::string> environment = {}) const {
    options.insert(options.begin(), {"rehearse", scratch_.put("it.toml", scenario)});
    RunOptions how;
    how.environment = std::move(environment);
    return run_oom(options, how);
  }
  RunRecord record() const {
    auto record = parse_run_record(scratch_.read("it.json"));
    EXPECT_TRUE(record.has_value());
    return record ? *std::move(record) : RunRecord();
  }
  std::vector<std::string> recorded() const { return {"--record", scratch_.path("it.json")}; }

  // Runs `oom rehearse` on it.toml among mounts of its own, which `mounts` makes: shell commands.
  // Nothing if such mounts cannot be had here.
  std::optional<Ran> rehearse_among(const std::string& mounts, const std::string& options,
                                    const std::string& temporary = {}) const {
    constexpr int kNoMounts = 98;
    scratch_.put("it.toml", kQuiet);
    const std::string script =
        scratch_.put("it.sh", "(" + mounts + ") || exit " + std::to_string(kNoMounts) + "\n" +
                                  (temporary.empty() ? "" : "TMPDIR='" + temporary + "' ") +
                                  "exec '" OOM_PROGRAM "' rehearse '" + scratch_.path("it.toml") +
                                  "' " + options + "\n");
    const std::string command = "unshare --map-root-user --mount sh '" + script + "' >'" +
                                scratch_.path("out") + "' 2>'" + scratch_.path("err") + "'";
    const int status = std::system(command.c_str());  // NOLINT: a test's own words.
    Ran ran{WIFEXITED(status) ? WEXITSTATUS(status) : -1, scratch_.read("out"),
            scratch_.read("err")};
    const bool refused = ran.exit_status == kNoMounts || ran.err.find("unshare") == 0;
    return refused ? std::nullopt : std::optional(std::move(ran));
  }

  ScratchFolder scratch_;
};

#define NEEDS_VMS() \
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing

TEST_F(Failure, WithoutQemuThePackageIsNamed) {
  if (fetched_kernels().empty()) GTEST_SKIP() << "no kernels are fetched (./dev kernels)";
  const Ran ran = rehearse(kQuiet, {}, {{"PATH", scratch_.path("")}});
  EXPECT_EQ(ran.exit_status, 3) << ran.err;
  EXPECT_NE(ran.err.find("qemu-system-x86"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("nothing was started"), std::string::npos) << ran.err;
}

TEST_F(Failure, WithoutKernelsTheWayToThemIsNamed) {
  const Ran ran = rehearse(kQuiet, {}, {{"OOMKIT_KERNELS", scratch_.path("none")}});
  EXPECT_EQ(ran.exit_status, 3) << ran.err;
  EXPECT_NE(ran.err.find("./dev kernels"), std::string::npos) << ran.err;
}

TEST_F(Failure, AnImageThatIsNoneIsRefusedBeforeAnythingIsStarted) {
  const std::string image = scratch_.put("vmlinuz", std::string(100'000, 'x'));
  const Ran ran = rehearse(kQuiet, {"--kernel", image});
  EXPECT_EQ(ran.exit_status, 2) << ran.err;
  EXPECT_NE(ran.err.find("is no Linux kernel image"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("nothing was started"), std::string::npos) << ran.err;
}

TEST_F(Failure, AScenarioThatIsWrongIsRefusedWithThePlace) {
  const Ran ran = rehearse("schema = 1\nname = \"x\"\n[host]\nmemroy = \"1G\"\n", {});
  EXPECT_EQ(ran.exit_status, 2) << ran.err;
  EXPECT_NE(ran.err.find("it.toml:4:"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("nothing was started"), std::string::npos) << ran.err;
}

TEST_F(Failure, WithoutRoomTheFolderIsNamed) {
  NEEDS_VMS();
  const Ran ran = rehearse(kQuiet, {}, {{"TMPDIR", scratch_.path("gone")}});
  EXPECT_EQ(ran.exit_status, 3) << ran.err;
  EXPECT_NE(ran.err.find(scratch_.path("gone")), std::string::npos) << ran.err;
}

TEST_F(Failure, ADiskThatIsFullIsToldBeforeTheMachineIsStarted) {
  NEEDS_VMS();
  const std::string full = scratch_.path("full");
  const auto ran =
      rehearse_among("mkdir '" + full + "' && mount -t tmpfs -o size=1m none '" + full + "'",
                     "--kernel 6.1", full);
  if (!ran) GTEST_SKIP() << "no mounts of one's own can be made here";
  EXPECT_EQ(ran->exit_status, 3) << ran->err;
  EXPECT_NE(ran->err.find(full + ": no room for the guest's initramfs"), std::string::npos)
      << ran->err;
  EXPECT_NE(ran->err.find("No space left on device"), std::string::npos) << ran->err;
}

// The image of this machine's kernel, as its package leaves it: here one of the fetched ones.
TEST_F(Failure, TheKernelOfThisMachineIsTakenWhereItsImageCanBeRead) {
  NEEDS_VMS();
  const std::string image = kernels_folder() + "/6.1/vmlinuz";
  const auto ran = rehearse_among(
      "mount -t tmpfs none /boot && cp '" + image + "' \"/boot/vmlinuz-$(uname -r)\"",
      "--kernel host --record '" + scratch_.path("it.json") + "'");
  if (!ran) GTEST_SKIP() << "no mounts of one's own can be made here";
  EXPECT_EQ(ran->exit_status, 0) << ran->err;
  const std::string release = record().kernel.value_or("");
  EXPECT_EQ(release.rfind("6.1.", 0), 0U) << release;
}

TEST_F(Failure, ASwapDiskThatDoesNotFitIsRefusedWithItsSize) {
  NEEDS_VMS();
  std::string text = kQuiet;
  text.insert(text.find("[[process]]"), "swap = \"7000000G\"\n");
  const Ran ran = rehearse(text, {}, {{"TMPDIR", scratch_.path("")}});
  EXPECT_NE(ran.exit_status, 0);
  EXPECT_FALSE(ran.err.empty());
  EXPECT_EQ(scratch_.names(), std::vector<std::string>{"it.toml"});
}

TEST_F(Failure, AGuestThatSaysNothingIsEndedAtItsLimit) {
  NEEDS_VMS();
  auto options = recorded();
  options.insert(options.end(), {"--timeout", "12"});
  const auto begin = std::chrono::steady_clock::now();
  const Ran ran = rehearse(kQuiet, options, {{"OOMKIT_GUEST", STRANGE_GUEST}});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 60s);
  EXPECT_EQ(ran.exit_status, 1) << ran.out << ran.err;
  EXPECT_EQ(record().ended, "limit");
  EXPECT_NE(ran.out.find("never said that it runs"), std::string::npos) << ran.out;
}

TEST_F(Failure, AScenarioThatGoesOnForEverIsEndedAtItsLimit) {
  NEEDS_VMS();
  auto options = recorded();
  options.insert(options.end(), {"--timeout", "40"});
  // Busy all the time: what sleeps costs an emulated machine nothing, and its hours are short.
  std::string text = kQuiet;
  text.replace(text.find("{ alloc = \"1M\" }"), 17,
               "{ alloc = \"64M\" }, { touch = \"100%\", times = 1000000 }");
  text.replace(text.find("\"120s\""), 6, "\"24h\"");
  const Ran ran = rehearse(text, options);
  EXPECT_EQ(ran.exit_status, 1) << ran.out << ran.err;
  const RunRecord run = record();
  EXPECT_EQ(run.ended, "limit");
  EXPECT_FALSE(run.events.empty()) << "what happened until then is kept";
}

TEST_F(Failure, AMachineThatDiesLeavesARecordThatSaysSo) {
  NEEDS_VMS();
  const Ran ran = rehearse(with_boot_parameters(R"("--", "die")"), recorded(),
                           {{"OOMKIT_GUEST", STRANGE_GUEST}});
  EXPECT_EQ(ran.exit_status, 1) << ran.out << ran.err;
  EXPECT_EQ(record().ended, "vm_died");
}

TEST_F(Failure, NonsenseFromTheGuestIsCounted) {
  NEEDS_VMS();
  const Ran ran = rehearse(with_boot_parameters(R"("--", "nonsense")"), recorded(),
                           {{"OOMKIT_GUEST", STRANGE_GUEST}});
  EXPECT_LE(ran.exit_status, 1) << ran.err;
  EXPECT_NE(ran.out.find("3 lines of the guest were no messages"), std::string::npos) << ran.out;
}

TEST_F(Failure, AGuestOfAnotherBuildIsRefused) {
  NEEDS_VMS();
  const Ran ran =
      rehearse(with_boot_parameters(R"("--", "stranger")"), {}, {{"OOMKIT_GUEST", STRANGE_GUEST}});
  EXPECT_EQ(ran.exit_status, 3) << ran.out << ran.err;
  EXPECT_NE(ran.err.find("protocol 99"), std::string::npos) << ran.err;
}

// Waits, up to a bound, for what becomes true by itself.
template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 600; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(100ms);
  }
  return condition();
}

struct Signal {
  int number;
  int exit_status;  // Of oom, as a shell says it.
};

class FailureBySignal : public Failure, public testing::WithParamInterface<Signal> {};

TEST_P(FailureBySignal, LeavesNothingBehind) {
  NEEDS_VMS();
  const std::string scenario = scratch_.put("it.toml", kQuiet);
  const std::string folder = scratch_.path("temporary");
  std::filesystem::create_directory(folder);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("TMPDIR", folder.c_str(), 1);
    ::close(STDOUT_FILENO);
    ::execl(OOM_PROGRAM, OOM_PROGRAM, "rehearse", scenario.c_str(), "--record",
            scratch_.path("it.json").c_str(), nullptr);
    ::_exit(127);
  }
  // oom itself, and QEMU, which inherits its environment.
  EXPECT_TRUE(soon([&] { return processes_with(folder).size() >= 2; }));
  ::kill(child, GetParam().number);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            GetParam().exit_status);
  EXPECT_TRUE(soon([&] { return processes_with(folder).empty(); }));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_EQ(scratch_.names(), (std::vector<std::string>{"it.toml", "temporary"}));
}

INSTANTIATE_TEST_SUITE_P(Signals, FailureBySignal,
                         testing::Values(Signal{SIGINT, 130}, Signal{SIGTERM, 130},
                                         Signal{SIGKILL, 128 + SIGKILL}),
                         [](const auto& test) {
                           return "Signal" + std::to_string(test.param.number);
                         });

}  // namespace
}  // namespace oomkit
