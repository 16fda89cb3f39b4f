// The runner as an ordinary process: everything of a scenario that needs no machine of its
// own and no root. The cgroup is a folder with a file, which takes what is written to it.
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/supervisor.h"
#include "scenario/parse.h"

namespace oomkit::guest {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

struct Line {
  std::string type;
  Json json;
};

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "oomkit-runner-XXXXXX";
    ASSERT_NE(mkdtemp(root_.data()), nullptr);
    mkdir((root_ + "/box").c_str(), 0755);
    for (const char* file : {"/box/cgroup.procs", "/box/memory.limit_in_bytes"})
      std::ofstream(root_ + file) << "";
  }
  void TearDown() override {
    for (const char* file : {"/box/cgroup.procs", "/box/memory.limit_in_bytes", "/made"})
      unlink((root_ + file).c_str());
    rmdir((root_ + "/box").c_str());
    rmdir(root_.c_str());
  }

  // All that is told of a scenario with these processes and events.
  std::vector<Line> play(const std::string& rest) {
    const std::string source = "schema = 1\nname = \"x\"\n[host]\ncgroup = \"v1\"\n" + rest +
                               "[[cgroup]]\npath = \"/box\"\n";
    const ParsedScenario parsed = parse_scenario(source);
    for (const Diagnostic& diagnostic : parsed.diagnostics)
      ADD_FAILURE() << diagnostic_text(diagnostic, "s", source);
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t runner = fork();
    if (runner == 0) {
      close(ends[0]);
      _exit(run(parsed.scenario, ends[1]));
    }
    close(ends[1]);
    std::vector<Line> lines = read_lines(ends[0]);
    close(ends[0]);
    waitpid(runner, nullptr, 0);
    return lines;
  }

  std::vector<std::string> events(const std::vector<Line>& lines, const std::string& kind) {
    std::vector<std::string> found;
    for (const Line& line : lines) {
      if (line.type != "event" || line.json.at("kind") != kind) continue;
      found.push_back(line.json.value("comm", "") + " " + line.json.value("value", ""));
    }
    return found;
  }

  std::string root_;

 private:
  int run(const Scenario& scenario, int file) {
    auto outlet = Outlet::create(file, 1 << 20);
    if (!outlet) return 1;
    Protocol protocol(*outlet);
    const Stage stage = stage_here(CgroupVersion::v1, root_, root_);
    const Plan plan = Plan::create(scenario, stage, 7);
    auto supervisor = Supervisor::create(plan, protocol, KernelLog());
    Status played = supervisor ? supervisor->run() : tl::unexpected(supervisor.error());
    if (!played) protocol.fail(played.error().what, "");
    outlet->flush();
    return 0;
  }

  static std::vector<Line> read_lines(int file) {
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(file, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    std::vector<Line> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      const std::size_t space = line.find(' ');
      lines.push_back({line.substr(0, space), Json::parse(line.substr(space + 1))});
      at = end + 1;
    }
    return lines;
  }
};

constexpr const char* kInBox = "cgroup = \"/box\"\n";

TEST_F(RunnerTest, ProcessesStartInTheirOrderAndWaitForEachOther) {
  const auto lines = play(std::string("[[process]]\nname = \"second\"\n") + kInBox +
                          "steps = [ { wait = \"one\" }, { alloc = \"1M\" }, { mark = \"two\" } ]\n"
                          "[[process]]\nname = \"first\"\n" +
                          kInBox +
                          "steps = [ { alloc = \"2M\" }, { mark = \"one\" } ]\n"
                          "[end]\nmark = \"two\"\n");
  EXPECT_THAT(events(lines, "start"), ElementsAre("second ", "first "));
  EXPECT_THAT(events(lines, "mark"), ElementsAre("first one", "second two"));
  EXPECT_EQ(lines.back().type, "end");
  EXPECT_EQ(lines.back().json.at("ended"), "condition");
  std::vector<std::string> states;
  for (const Line& line : lines) {
    if (line.type != "process") continue;
    states.push_back(line.json.at("state"));
    EXPECT_GE(line.json.at("rss_bytes"), 1 << 20);
  }
  EXPECT_THAT(states, ElementsAre("alive", "alive"));
}

TEST_F(RunnerTest, EndsAreToldWithTheirReasonAndAreMarks) {
  const auto lines = play(std::string("[[process]]\nname = \"exits\"\n") + kInBox +
                          "steps = [ { exit = 3 } ]\n[[process]]\nname = \"dies\"\n" + kInBox +
                          "after = \"exits exits\"\nsteps = [ { mark = \"here\" } ]\n"
                          "[[event]]\nafter = \"here\"\nsignal = { process = \"dies\" }\n"
                          "[[event]]\nafter = \"dies exits\"\nstate = \"dies\"\n"
                          "[end]\nmark = \"dies exits\"\n");
  EXPECT_THAT(events(lines, "exit"), ElementsAre("exits code 3", "dies signal 15"));
  EXPECT_THAT(events(lines, "state"), ElementsAre("dies dead"));
}

TEST_F(RunnerTest, RefusedMemoryIsToldAndMayEndTheProcess) {
  const auto lines =
      play(std::string("[[process]]\nname = \"goes on\"\n") + kInBox +
           "steps = [ { alloc = \"1M\" }, { alloc = \"4E\", touch = false }, { mark = \"on\" } ]\n"
           "[[process]]\nname = \"gives up\"\non_refused = \"exit\"\n" +
           kInBox +
           "steps = [ { wait = \"on\" }, { alloc = \"4E\", touch = false } ]\n"
           "[end]\nmark = \"gives up exits\"\n");
  EXPECT_THAT(events(lines, "refused"), ElementsAre("goes on 1048576", "gives up 0"));
  EXPECT_THAT(events(lines, "exit"), ElementsAre("gives up code 1"));
}

TEST_F(RunnerTest, ChildrenOfForksHaveNamesNumbersAndEnds) {
  const auto lines = play(
      std::string("[[process]]\nname = \"parent\"\n") + kInBox +
      "steps = [ { fork = 2, name = \"child\", steps = [ { mark = \"born\" }, { exit = 5 } ] }, "
      "{ wait = \"child exits\" }, { mark = \"seen\" } ]\n"
      "[end]\nwhen = \"exits >= 2\"\n");
  EXPECT_THAT(events(lines, "exit"), ElementsAre("child code 5", "child code 5"));
  std::vector<int> instances;
  for (const Line& line : lines) {
    if (line.type == "process" && line.json.at("comm") == "child")
      instances.push_back(line.json.at("instance"));
  }
  EXPECT_THAT(instances, ElementsAre(1, 2));
}

TEST_F(RunnerTest, EventsOfOneMarkAreDoneInTheirOrder) {
  const auto lines =
      play(std::string("[[process]]\nname = \"p\"\n") + kInBox +
           "steps = [ { mark = \"a\" }, { wait = \"b\" }, { mark = \"c\" } ]\n"
           "[[event]]\nafter = \"a\"\nwrite = { file = \"/box/memory.limit_in_bytes\", value = "
           "\"1M\" }\n"
           "[[event]]\nafter = \"a\"\nread = \"/box/memory.limit_in_bytes\"\nname = \"limit\"\n"
           "[[event]]\nafter = \"a\"\nread = \"/proc/{p}/comm\"\n"
           "[[event]]\nafter = \"a\"\nread = \"/box/memory.failcnt\"\n"
           "[[event]]\nafter = \"a\"\nmark = \"b\"\n[end]\nmark = \"c\"\n");
  EXPECT_THAT(events(lines, "write"), ElementsAre(" 1M"));
  EXPECT_THAT(events(lines, "read"), ElementsAre(" 1M", " p\n", " "));
  EXPECT_THAT(events(lines, "mark"), ElementsAre("p a", " b", "p c"));
  for (const Line& line : lines) {
    if (line.type == "event" && line.json.value("file", "") == "/box/memory.failcnt") {
      EXPECT_EQ(line.json.at("error"), "ENOENT");
    }
  }
}

TEST_F(RunnerTest, FilesAreWrittenAndRead) {
  const auto lines = play(std::string("[[process]]\nname = \"p\"\n") + kInBox +
                          "steps = [ { write_file = \"made\", size = \"200K\" }, "
                          "{ read_file = \"made\", size = \"200K\", pattern = \"random\" }, "
                          "{ mark = \"done\" } ]\n[end]\nmark = \"done\"\n");
  EXPECT_THAT(events(lines, "error"), ElementsAre());
  struct stat made {};
  ASSERT_EQ(stat((root_ + "/made").c_str(), &made), 0);
  EXPECT_EQ(made.st_size, 200 << 10);
}

TEST_F(RunnerTest, TimeEndsWhatNothingElseEnds) {
  const auto lines =
      play(std::string("[[process]]\nname = \"p\"\nsteps = [ { sleep = \"1h\" } ]\n") + kInBox +
           "[end]\nafter = \"50ms\"\n");
  EXPECT_EQ(lines.back().json.at("ended"), "time");
  EXPECT_GE(lines.back().json.at("duration_ms"), 50);
}

TEST_F(RunnerTest, WhatTheKernelRefusesBeforeTheBeginningMakesTheRunVoid) {
  unlink((root_ + "/box/cgroup.procs").c_str());
  const auto lines = play(std::string("[[process]]\nname = \"p\"\n") + kInBox);
  ASSERT_EQ(lines.back().type, "fail");
  EXPECT_THAT(lines.back().json.at("sentence").get<std::string>(),
              HasSubstr("process p: the kernel refuses its cgroup: ENOENT"));
}

}  // namespace
}  // namespace oomkit::guest
