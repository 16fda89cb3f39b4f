// A guard that runs on this machine, dry, and what it tells: `oom guard status`, its metrics, and
// what becomes of both when its helper dies.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/io_testing.h"
#include "io/listening_socket.h"
#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Nobody is ever chosen by it: it is a dry run, and nobody has that name.
constexpr const char* kQuietPolicy = R"(
schema = 1
[[rule]]
name = "tells"
when = "mem.available > 0 and mem.total > 1M for 100ms"
do = ["log"]
[[rule]]
name = "never"
when = "mem.available < 0.0001%"
pick = "process by rss"
only = { comm = "^oomkit-nobody$" }
do = ["kill"]
)";

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class GuardStatusLive : public ::testing::Test {
 protected:
  void TearDown() override { end(); }

  std::vector<std::string> words(const std::string& lock) const {
    return {"guard",  "--config",        files_.write("policy.toml", kQuietPolicy),
            "--lock", files_.path(lock), "--socket",
            socket_,  "--dry-run"};
  }
  void start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = words("lock");
    all.insert(all.end(), more.begin(), more.end());
    const std::string said = files_.path("said");
    guard_ = ::fork();
    if (guard_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      static_cast<void>(!std::freopen(said.c_str(), "w", stderr));
      std::vector<char*> argv = {const_cast<char*>(OOM_PROGRAM)};
      for (std::string& word : all)
        argv.push_back(word.data());
      argv.push_back(nullptr);
      ::execv(OOM_PROGRAM, argv.data());
      ::_exit(126);
    }
    // Until its first decision is told.
    ASSERT_TRUE(comes_true([&] {
      return status("json").out.find(R"("sentence":"dry run: rule tells)") != std::string::npos;
    })) << text_of_file(said)
        << status("json").out << status("json").err;
  }
  void end() {
    if (guard_ <= 0) return;
    ::kill(guard_, SIGTERM);
    ::waitpid(std::exchange(guard_, -1), nullptr, 0);
    // Helper and keeper end after it; the folder shall not go while they clean up.
    EXPECT_TRUE(comes_true([&] { return !std::filesystem::exists(socket_); }));
  }
  template <class Condition>
  static bool comes_true(Condition condition, seconds within = seconds(20)) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  std::string said() const { return text_of_file(files_.path("said")); }
  Ran status(const std::string& format) const {
    return run_oom({"guard", "status", "--socket", socket_, "--format", format});
  }
  // The number after `"name":` in the status.
  std::optional<long> number(const std::string& name) const {
    const std::string json = status("json").out;
    const std::size_t at = json.find("\"" + name + "\":");
    if (at == std::string::npos) return std::nullopt;
    return std::strtol(json.c_str() + at + name.size() + 3, nullptr, 10);
  }

  TemporaryDirectory files_;
  std::string socket_ = files_.path("status.sock");
  pid_t guard_ = -1;
};

// The samples of a page, which has to be as Prometheus wants it.
std::map<std::string, double> samples_of(const std::string& page) {
  std::map<std::string, double> samples;
  std::string family;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# HELP ", 0) == 0) continue;
    if (line.rfind("# TYPE ", 0) == 0) {
      family = line.substr(7, line.rfind(' ') - 7);
      const bool is_counter = line.substr(line.rfind(' ') + 1) == "counter";
      const bool is_total = family.size() > 6 && family.substr(family.size() - 6) == "_total";
      EXPECT_EQ(is_counter, is_total) << line;
      continue;
    }
    const std::size_t space = line.rfind(' ');
    const std::string name = line.substr(0, space);
    EXPECT_EQ(name.substr(0, name.find('{')), family) << line;
    char* stop = nullptr;
    const double value = std::strtod(line.c_str() + space + 1, &stop);
    EXPECT_EQ(*stop, '\0') << line;
    EXPECT_TRUE(samples.emplace(name, value).second) << "twice: " << name;
  }
  return samples;
}

TEST_F(GuardStatusLive, ARunningGuardTellsHowItIsAndAnEndedOneIsMissed) {
  start();
  const Ran text = status("text");
  EXPECT_EQ(text.exit_status, 0) << text.err;
  EXPECT_THAT(text.out, StartsWith("The guard runs as process " + std::to_string(guard_)));
  EXPECT_THAT(text.out, HasSubstr("dry run"));
  EXPECT_THAT(text.out, HasSubstr("its file is still the same"));
  EXPECT_THAT(text.out, HasSubstr("never: idle"));
  EXPECT_THAT(text.out, HasSubstr("no messages lost, no stalls"));
  EXPECT_THAT(text.out, HasSubstr("nothing done: dry run"));
  const Ran json = status("json");
  EXPECT_THAT(json.out, StartsWith(R"({"schema":"oomkit.guard_status/1",)"));
  EXPECT_THAT(json.out, HasSubstr(R"("name":"tells","scope":"host","state":"holds")"));
  EXPECT_GT(number("resident_bytes").value_or(0), 100'000);
  EXPECT_GT(number("looks").value_or(0), 0);
  files_.write("policy.toml", std::string(kQuietPolicy) + "\n");
  EXPECT_THAT(status("text").out, HasSubstr("kill -HUP " + std::to_string(guard_)));

  end();
  const Ran missed = status("text");
  EXPECT_EQ(missed.exit_status, 3);
  EXPECT_EQ(missed.out, "");
  EXPECT_THAT(missed.err, HasSubstr("no guard runs here"));
  EXPECT_THAT(missed.err, HasSubstr("systemctl start oom-guard"));
}

TEST_F(GuardStatusLive, MetricsAreAsPrometheusWantsThem) {
  const std::string metrics = files_.path("metrics.sock");
  start({"--metrics", "unix:" + metrics});
  const auto answer =
      ask_socket(metrics, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", seconds(10), 1 << 20);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_THAT(*answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  const auto samples = samples_of(answer->substr(answer->find("\r\n\r\n") + 4));
  EXPECT_EQ(samples.at("oomkit_guard_dry_run"), 1);
  EXPECT_GT(samples.at("oomkit_guard_looks_total"), 0);
  EXPECT_GT(samples.at("oomkit_guard_resident_memory_bytes"), 100'000);
  EXPECT_GT(samples.at(R"(oomkit_guard_signal_bytes{signal="mem.available"})"), 0);
  EXPECT_EQ(samples.at(R"(oomkit_guard_rule_holds{rule="tells",scope="host"})"), 1);
  EXPECT_EQ(samples.at(R"(oomkit_guard_rule_holds{rule="never",scope="host"})"), 0);
}

TEST_F(GuardStatusLive, MetricsThatOthersCouldReachAreRefused) {
  for (const char* const address : {"0.0.0.0:9123", "[::]:9123", "9123"}) {
    auto all = words("lock");
    all.insert(all.end(), {"--metrics", address});
    const Ran ran = run_oom(all);
    EXPECT_EQ(ran.exit_status, 2) << address;
    EXPECT_THAT(ran.err, HasSubstr("--metrics \"" + std::string(address) + "\""));
    EXPECT_THAT(ran.err, HasSubstr("127.0.0.1:PORT"));
  }
}

TEST_F(GuardStatusLive, AHelperThatDiedIsStartedAgain) {
  start();
  const auto helper = number("helper\":{\"pid");
  ASSERT_GT(helper.value_or(0), 1);
  ASSERT_EQ(text_of_file("/proc/" + std::to_string(*helper) + "/comm"), "oom-helper\n");
  ::kill(static_cast<pid_t>(*helper), SIGKILL);
  EXPECT_TRUE(comes_true([&] { return number("restarts") == 1; })) << status("json").err;
  EXPECT_NE(number("helper\":{\"pid"), helper);
  EXPECT_THAT(status("text").out, HasSubstr("had to be started again 1 time"));
  EXPECT_THAT(text_of_file(files_.path("said")), HasSubstr("was started again"));
}

// Stopped, it takes nothing; what was asked of it meanwhile is done by the next one.
TEST_F(GuardStatusLive, AHelperThatIsStoppedIsReplaced) {
  start();
  const auto helper = number("helper\":{\"pid");
  ASSERT_GT(helper.value_or(0), 1);
  ::kill(static_cast<pid_t>(*helper), SIGSTOP);
  ::kill(guard_, SIGHUP);
  EXPECT_TRUE(comes_true([&] { return said().find("the helper was stopped") != std::string::npos; },
                         seconds(10)));
  EXPECT_TRUE(comes_true([&] {
    return said().find("reads its policy again") != std::string::npos;
  })) << said();
  EXPECT_TRUE(comes_true([&] { return number("restarts") == 1; })) << status("json").err;
}

// Somebody made a fifo of the file for records, and nobody reads it.
TEST_F(GuardStatusLive, AHelperThatIsStuckInAWriteIsReplaced) {
  const std::string records = files_.path("records");
  start({"--record", records});
  ASSERT_TRUE(comes_true([&] { return !text_of_file(records).empty(); }));
  std::filesystem::remove(records);
  ASSERT_EQ(::mkfifo(records.c_str(), 0600), 0);
  // The rule tells every ten seconds.
  std::this_thread::sleep_for(seconds(11));
  ::kill(guard_, SIGHUP);
  EXPECT_TRUE(
      comes_true([&] { return said().find("the helper hung") != std::string::npos; }, seconds(60)));
  std::filesystem::remove(records);
  EXPECT_TRUE(comes_true([&] {
    return said().find("reads its policy again") != std::string::npos;
  })) << said();
}

TEST_F(GuardStatusLive, TheSocketOfALiveGuardIsNotTaken) {
  start();
  const Ran second = run_oom(words("another-lock"));
  EXPECT_EQ(second.exit_status, 3);
  EXPECT_THAT(second.err, HasSubstr("answers there already"));
  EXPECT_EQ(status("text").exit_status, 0);
}

}  // namespace
}  // namespace oomkit
