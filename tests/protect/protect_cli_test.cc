// `oom protect` as a user runs it: on processes of this test (raising a score is allowed to
// everybody), and on units of a captured host.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;

const std::string kHost = OOMKIT_SOURCE_DIR "/tests/top/data/web-17";

std::string content_of(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  std::string text = content.str();
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

// A process that waits to be ended, with a child if asked for.
class Sleeper {
 public:
  explicit Sleeper(const char* name, bool with_child = false) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, name);
    if (with_child && ::fork() == 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true)
      ::pause();
  }
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  std::string pid() const { return std::to_string(pid_); }
  std::string score() const { return content_of("/proc/" + pid() + "/oom_score_adj"); }
  std::string name() const { return content_of("/proc/" + pid() + "/comm"); }
  std::string child() const {
    const std::string children = content_of("/proc/" + pid() + "/task/" + pid() + "/children");
    return children.substr(0, children.find(' '));
  }

 private:
  pid_t pid_ = -1;
};

class ProtectCli : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "oomkit-protect-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    own_ = content_of("/proc/self/oom_score_adj");
  }
  void TearDown() override { fs::remove_all(folder_); }

  // What was there before is kept in the test's own folder.
  Ran protect(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "protect");
    RunOptions options;
    options.environment["XDG_STATE_HOME"] = folder_.string();
    return run_oom(arguments, options);
  }
  // A copy of the captured host that may be changed.
  std::string host() const {
    if (!fs::exists(folder_ / "host"))
      fs::copy(kHost, folder_ / "host", fs::copy_options::recursive);
    return (folder_ / "host").string();
  }
  static void wait_for_name(const Sleeper& sleeper, const std::string& name) {
    for (int i = 0; i < 500 && sleeper.name() != name; ++i)
      ::usleep(10'000);
    ASSERT_EQ(sleeper.name(), name);
  }

  fs::path folder_;
  std::string own_;
};

TEST_F(ProtectCli, AProcessGetsAScoreAndItsOwnBack) {
  const Sleeper sleeper("oomkit-sleep-a");
  const Ran seen = protect({sleeper.pid(), "--score", "700", "--dry-run"});
  ASSERT_EQ(seen.exit_status, 0) << seen.err;
  EXPECT_NE(seen.out.find("would set oom_score_adj"), std::string::npos) << seen.out;
  EXPECT_EQ(sleeper.score(), own_) << "that was a dry run";
  EXPECT_FALSE(fs::exists(folder_ / "oomkit"));

  ASSERT_EQ(protect({sleeper.pid(), "--score", "700"}).exit_status, 0);
  EXPECT_EQ(sleeper.score(), "700");
  EXPECT_TRUE(fs::exists(folder_ / "oomkit/protect.json"));
  const Ran again = protect({sleeper.pid(), "--score", "700"});
  EXPECT_NE(again.out.find("is so already"), std::string::npos) << again.out;

  // Back below what it was raised to needs no right as long as it is not below the minimum
  // that somebody with the right has set, which is where it began.
  const Ran undone = protect({"--undo", sleeper.pid()});
  EXPECT_EQ(undone.exit_status, 0) << undone.out << undone.err;
  EXPECT_EQ(sleeper.score(), own_);
  EXPECT_FALSE(fs::exists(folder_ / "oomkit")) << "nothing is left to remember";
  EXPECT_EQ(protect({"--undo", sleeper.pid()}).exit_status, 1);
}

TEST_F(ProtectCli, ByNameAndWithChildren) {
  const Sleeper sleeper("oomkit-sleep-b", true);
  wait_for_name(sleeper, "oomkit-sleep-b");
  for (int i = 0; i < 500 && sleeper.child().empty(); ++i)
    ::usleep(10'000);
  const std::string child = "/proc/" + sleeper.child() + "/oom_score_adj";
  const Ran ran = protect({sleeper.pid(), "--score", "600", "--children", "--format", "json"});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_EQ(nlohmann::json::parse(ran.out)["targets"][0]["processes"].size(), 2U) << ran.out;
  EXPECT_EQ(content_of(child), "600");
  ASSERT_EQ(protect({"name:oomkit-sleep-b", "--score", "650"}).exit_status, 0);
  EXPECT_EQ(sleeper.score(), "650");
  EXPECT_EQ(content_of(child), "650") << "it has the same name";
}

// As a user without rights, whoever runs the tests: 0 if the program said and did what it should.
int lower_without_the_right(const std::function<Ran(const std::string&)>& protect,
                            const std::string& own) {
  constexpr uid_t kNobody = 65534;
  if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) return 10;
  // Who changes its user loses its own files in /proc, its children's too.
  ::prctl(PR_SET_DUMPABLE, 1);
  if (::access(OOM_PROGRAM, X_OK) != 0) return 77;
  const Sleeper sleeper("oomkit-sleep-c");
  const Ran ran = protect(sleeper.pid());
  if (ran.exit_status != 3) return 11;
  if (ran.err.find("lowering it needs CAP_SYS_RESOURCE; run with sudo") == std::string::npos)
    return 12;
  return sleeper.score() == own ? 0 : 13;
}

TEST_F(ProtectCli, LoweringWithoutTheRightSaysWhichRight) {
  fs::permissions(folder_, fs::perms::all);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(lower_without_the_right(
        [&](const std::string& target) {
          return protect({target, "--score", "-900"});
        },
        own_));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "another user cannot run the built program";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_FALSE(fs::exists(folder_ / "oomkit")) << "nothing was done, and nothing is remembered";
}

TEST_F(ProtectCli, AUnitOfACapturedHost) {
  const std::string drop_in = "/etc/systemd/system/mariadb.service.d/50-oomkit.conf";
  const Ran seen = protect(
      {"mariadb.service", "--memory-min", "1G", "--score", "-500", "--root", host(), "--dry-run"});
  ASSERT_EQ(seen.exit_status, 0) << seen.err;
  EXPECT_NE(seen.out.find("+++ " + host() + drop_in + "\n@@ -0,0 +1,4 @@\n"), std::string::npos)
      << seen.out;
  EXPECT_NE(seen.out.find("\n+OOMScoreAdjust=-500\n+MemoryMin=1073741824\n"), std::string::npos)
      << seen.out;
  EXPECT_FALSE(fs::exists(host() + "/etc"));

  ASSERT_EQ(protect({"mariadb.service", "--score", "-500", "--root", host()}).exit_status, 0);
  EXPECT_NE(content_of(host() + drop_in).find("OOMScoreAdjust=-500"), std::string::npos);
  EXPECT_EQ(content_of(host() + "/proc/2211/oom_score_adj"), "-500");
  const Ran undone = protect({"--undo", "--root", host()});
  EXPECT_EQ(undone.exit_status, 0) << undone.out << undone.err;
  EXPECT_EQ(content_of(host() + "/proc/2211/oom_score_adj"), "0");
  EXPECT_FALSE(fs::exists(host() + "/etc/systemd/system/mariadb.service.d"));
  EXPECT_FALSE(fs::exists(host() + "/var/lib/oomkit"));
}

TEST_F(ProtectCli, ManyAtOnceLoseNothing) {
  constexpr std::size_t kMany = 6;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (std::size_t i = 0; i < kMany; ++i)
    sleepers.push_back(std::make_unique<Sleeper>("sleeper"));
  std::vector<std::thread> protectors;
  for (const auto& sleeper : sleepers) {
    protectors.emplace_back([&] {
      EXPECT_EQ(protect({sleeper->pid(), "--score", "77"}).exit_status, 0);
    });
  }
  for (std::thread& protector : protectors)
    protector.join();
  const Ran undone = protect({"--undo"});
  EXPECT_EQ(undone.exit_status, 0) << undone.out << undone.err;
  for (const auto& sleeper : sleepers)
    EXPECT_EQ(sleeper->score(), "0") << undone.out;
}

TEST_F(ProtectCli, RefusalsSayWhatWouldBeRight) {
  const auto refused = [&](const std::vector<std::string>& arguments, const char* word) {
    const Ran ran = protect(arguments);
    EXPECT_EQ(ran.exit_status, 2) << ran.err;
    EXPECT_NE(ran.err.find(word), std::string::npos) << ran.err;
  };
  refused({}, "whom?");
  refused({"1"}, "pid 1");
  refused({"4194305"}, "there is no process");
  refused({"mysqd", "--root", host()}, "did you mean mysqld?");
  refused({"mariadb.servic", "--root", host()}, "did you mean mariadb.service?");
  refused({"maria.service", "--root", host()}, "no unit maria.service");
  refused({"mysqld", "--root", host(), "--score", "2000"}, "--score");
  refused({"mysqld", "--root", host(), "--memory-min", "1G"}, "go with a unit");
  refused({"mariadb.service", "--root", host(), "--memory-min", "lots"}, "--memory-min");
  refused({"--undo", "mysqld", "--score", "5"}, "--undo");
  const Ran help = run_oom({"protect", "--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_NE(help.out.find("Examples:"), std::string::npos);
}

}  // namespace
}  // namespace oomkit
