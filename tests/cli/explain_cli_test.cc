// `oom explain` from outside: what goes in, what comes out, and with which exit status.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "run_program.h"

namespace oomkit {
namespace {

using nlohmann::json;

// A short report of a made-up host, complete but for its statistics.
std::string kill_report(const std::string& comm, int pid, int second) {
  const std::string at = "Nov 21 12:00:" + std::to_string(10 + second) + " web kernel: ";
  const std::string id = std::to_string(pid);
  return at + comm + " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n" +
         at + "CPU: 1 PID: " + id + " Comm: " + comm + " Not tainted 6.1.0-13-amd64 #1\n" + at +
         "memory: usage 102400kB, limit 102400kB, failcnt 17\n" + at +
         "swap: usage 0kB, limit 0kB, failcnt 0\n" + at + "Memory cgroup stats for /box:\n" + at +
         "anon 104000000\n" + at + "file 0\n" + at + "kernel 500000\n" + at +
         "Tasks state (memory values in pages):\n" + at +
         "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n" +
         at + "[  " + id + "]  1000  " + id +
         "    30000    25000   262144        0             0 " + comm + "\n" + at +
         "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
         "oom_memcg=/box,task_memcg=/box,task=" +
         comm + ",pid=" + id + ",uid=1000\n" + at + "Memory cgroup out of memory: Killed process " +
         id + " (" + comm +
         ") total-vm:120000kB, anon-rss:99000kB, file-rss:1000kB, shmem-rss:0kB, UID:1000 "
         "pgtables:256kB oom_score_adj:0\n";
}

std::string quiet_log() {
  std::string log;
  for (int i = 0; i < 50; ++i)
    log += "Nov 21 12:00:00 web kernel: eth0: link becomes ready\n";
  return log;
}

class ExplainCli : public testing::Test {
 protected:
  ExplainCli() {
    std::string folder = testing::TempDir() + "oomkit-cli-XXXXXX";
    folder_ = ::mkdtemp(folder.data());
  }
  ~ExplainCli() override { std::filesystem::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string content(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(ExplainCli, AFileGivesTheVerdictFirst) {
  const Ran ran = run_oom({"explain", put("kern.log", kill_report("hog", 4242, 0))});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out.rfind("hog (pid 4242) was killed", 0), 0U) << ran.out;
  EXPECT_FALSE(has(ran.out, "\x1b")) << "no colour into a pipe";
}

TEST_F(ExplainCli, APipeIsReadWithAndWithoutItsName) {
  const std::string log = kill_report("hog", 4242, 0);
  const Ran bare = run_oom({"explain"}, {.input = log});
  const Ran named = run_oom({"explain", "-"}, {.input = log});
  EXPECT_EQ(bare.exit_status, 0) << bare.err;
  EXPECT_TRUE(has(bare.out, "hog (pid 4242)"));
  EXPECT_EQ(bare.out, named.out);
}

TEST_F(ExplainCli, ACompressedFileIsReadByWhatItIsNotByItsName) {
  const std::string log = put("kern.log", kill_report("hog", 4242, 0));
  const std::string plain = run_oom({"explain", "--format", "json", log}).out;
  for (const char* tool : {"gzip", "xz", "zstd"}) {
    const std::string packed = path(std::string("packed-by-") + tool);
    const std::string command = std::string(tool) + " -c '" + log + "' >'" + packed + "' 2>&1";
    if (std::system(command.c_str()) != 0) continue;  // The tool is not here.
    const Ran ran = run_oom({"explain", "--format", "json", packed});
    EXPECT_EQ(ran.exit_status, 0) << tool << ": " << ran.err;
    EXPECT_EQ(json::parse(ran.out)["reports"][0]["victims"],
              json::parse(plain)["reports"][0]["victims"])
        << tool;
  }
}

TEST_F(ExplainCli, NothingFoundSaysHowMuchWasReadAndForWhat) {
  const Ran ran = run_oom({"explain", put("kern.log", quiet_log())});
  EXPECT_EQ(ran.exit_status, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(has(ran.err, "no OOM kill in 50 lines")) << ran.err;
  EXPECT_TRUE(has(ran.err, "kern.log")) << ran.err;
  EXPECT_TRUE(has(ran.err, "looked for")) << ran.err;
}

TEST_F(ExplainCli, NothingFoundIsStillAWholeDocument) {
  const std::string log = put("kern.log", quiet_log());
  const Ran ran = run_oom({"explain", "--format", "json", log});
  EXPECT_EQ(ran.exit_status, 1);
  const json document = json::parse(ran.out);
  EXPECT_EQ(document["schema"], "oomkit.explain/1");
  EXPECT_EQ(document["reports"], json::array());
  EXPECT_EQ(document["inputs"][0]["lines"], 50);
  EXPECT_TRUE(has(run_oom({"explain", "--format", "html", log}).out, "</html>"));
}

TEST_F(ExplainCli, AnEmptyInputIsRead) {
  const Ran ran = run_oom({"explain"});
  EXPECT_EQ(ran.exit_status, 1);
  EXPECT_TRUE(has(ran.err, "0 lines")) << ran.err;
}

TEST_F(ExplainCli, WrongUsageSaysWhatWasExpected) {
  const struct {
    std::vector<std::string> arguments;
    const char* sentence;
  } cases[] = {
      {{"explian"}, "did you mean explain?"},
      {{"explain", "--fromat", "json", "x"}, "did you mean --format?"},
      {{"explain", "--format", "jsno", "x"}, "expected text, json, html or markdown"},
      {{"explain", "--only", "0", "x"}, "1 or more"},
      {{"explain", "--since", "soon", "x"}, "expected one like"},
      {{"explain", "--boot=1", "x"}, "add --journal"},
      {{"explain", "--format"}, "--format"},
      {{"explain", path("no-such-file")}, "no-such-file: cannot read: No such file"},
      {{"explain", folder_.string()}, "is a folder"},
      {{"--frmat"}, "unknown option --frmat"},
  };
  for (const auto& c : cases) {
    const Ran ran = run_oom(c.arguments, {.input = kill_report("hog", 1234, 0)});
    EXPECT_EQ(ran.exit_status, 2) << c.sentence;
    EXPECT_EQ(ran.out, "") << c.sentence;
    EXPECT_TRUE(has(ran.err, c.sentence)) << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
}

TEST_F(ExplainCli, AFileThatMayNotBeReadIsTheEnvironmentsFault) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string log = put("kern.log", quiet_log());
  std::filesystem::permissions(log, std::filesystem::perms::none);
  const Ran ran = run_oom({"explain", log});
  EXPECT_EQ(ran.exit_status, 3);
  EXPECT_TRUE(has(ran.err, "Permission denied")) << ran.err;
}

TEST_F(ExplainCli, HelpAndVersionAreResults) {
  const Ran help = run_oom({"--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_TRUE(has(help.out, "explain"));
  const Ran command = run_oom({"explain", "--help"});
  EXPECT_EQ(command.exit_status, 0);
  for (const char* word :
       {"--journal", "--kmsg", "--format", "--summary", "--only", "--redact", "--output", "--color",
        "--root", "--since", "--until", "--boot", "dmesg | oom explain", "Exit status"})
    EXPECT_TRUE(has(command.out, word)) << word;
  EXPECT_FALSE(has(command.out, "plain-scan"));
  const Ran version = run_oom({"--version"});
  EXPECT_EQ(version.exit_status, 0);
  EXPECT_EQ(version.out.rfind("oom ", 0), 0U);
  EXPECT_EQ(run_oom({}).exit_status, 2);
}

TEST_F(ExplainCli, SeveralFilesAreOneDocumentNumberedThrough) {
  const std::string first = put("a.log", kill_report("one", 1001, 0));
  const std::string second =
      put("b.log", quiet_log() + kill_report("two", 1002, 5) + kill_report("three", 1003, 9));
  const Ran ran = run_oom({"explain", "--format", "json", first, second});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  const json document = json::parse(ran.out);
  ASSERT_EQ(document["reports"].size(), 3U);
  EXPECT_EQ(document["inputs"].size(), 2U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(document["reports"][i]["index"], i + 1);
  EXPECT_EQ(document["reports"][1]["victims"][0]["comm"], "two");
  EXPECT_EQ(document["reports"][1]["first_line"], 51);
}

TEST_F(ExplainCli, OnlyShowsOneReportByItsNumber) {
  const std::string log =
      put("kern.log", kill_report("one", 1001, 0) + kill_report("two", 1002, 5));
  const Ran second = run_oom({"explain", "--only", "2", "--format", "json", log});
  EXPECT_EQ(second.exit_status, 0);
  const json document = json::parse(second.out);
  ASSERT_EQ(document["reports"].size(), 1U);
  EXPECT_EQ(document["reports"][0]["index"], 2);
  EXPECT_EQ(document["reports"][0]["victims"][0]["comm"], "two");
  const Ran third = run_oom({"explain", "--only", "3", log});
  EXPECT_EQ(third.exit_status, 1);
  EXPECT_TRUE(has(third.err, "there are 2 reports")) << third.err;
}

TEST_F(ExplainCli, SummaryIsOneLineForEachKill) {
  const std::string log =
      put("kern.log", kill_report("one", 1001, 0) + kill_report("seventeen", 1002, 5));
  const Ran ran = run_oom({"explain", "--summary", log});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  const std::size_t one = ran.out.find("1001");
  const std::size_t line = ran.out.find('\n') + 1;
  EXPECT_EQ(ran.out.find("1002") - line, one) << ran.out;
  EXPECT_TRUE(has(ran.out, "100.0 MiB limit")) << ran.out;
}

TEST_F(ExplainCli, TimesAreFilteredByTheClockInTheLog) {
  const std::string log =
      put("kern.log", kill_report("early", 1001, 0) + kill_report("late", 1002, 40));
  const auto shown = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "explain");
    arguments.insert(arguments.end(), {"--format", "json", log});
    const json document = json::parse(run_oom(arguments).out);
    std::string names;
    for (const json& report : document["reports"])
      names += report["victims"][0]["comm"].get<std::string>() + " ";
    return names;
  };
  EXPECT_EQ(shown({}), "early late ");
  EXPECT_EQ(shown({"--until", "1999-01-01"}), "");
  EXPECT_EQ(shown({"--since", "1999-01-01"}), "early late ");
}

TEST_F(ExplainCli, OutputIsAWholeFileOrNone) {
  const std::string log = put("kern.log", kill_report("hog", 4242, 0));
  const Ran ran = run_oom({"explain", "--format", "html", "--output", path("kill.html"), log});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(has(content("kill.html"), "</html>"));
  EXPECT_EQ(files(), 2U) << "no temporary file is left";

  const Ran refused = run_oom({"explain", "--output", path("other.txt"), path("missing.log")});
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_FALSE(std::filesystem::exists(path("other.txt")));
  const Ran nowhere = run_oom({"explain", "--output", path("no-folder/x.txt"), log});
  EXPECT_EQ(nowhere.exit_status, 2);
  EXPECT_TRUE(has(nowhere.err, "no-folder/x.txt: cannot write")) << nowhere.err;
}

TEST_F(ExplainCli, ColourWhenAskedFor) {
  const std::string log = put("kern.log", kill_report("hog", 4242, 0));
  EXPECT_TRUE(has(run_oom({"explain", "--color", "always", log}).out, "\x1b[1m"));
  EXPECT_FALSE(has(run_oom({"explain", "--color=never", log}).out, "\x1b"));
}

TEST_F(ExplainCli, WidthFollowsColumns) {
  const std::string log = put("kern.log", kill_report("hog", 4242, 0));
  const auto longest = [&](const char* columns) {
    const Ran ran = run_oom({"explain", log}, {.environment = {{"COLUMNS", columns}}});
    std::size_t dashes = 0;
    for (std::size_t at = ran.out.find("-----"); at < ran.out.size() && ran.out[at] == '-'; ++at)
      ++dashes;
    return dashes;
  };
  EXPECT_EQ(longest("80"), 78U);
  EXPECT_EQ(longest("120"), 118U);
  EXPECT_EQ(longest("20"), 78U) << "at least 80";
  EXPECT_EQ(longest("nonsense"), 98U);
}

TEST_F(ExplainCli, RedactedTheHostIsAStandIn) {
  const std::string log = put("kern.log", kill_report("hog", 4242, 0));
  const Ran ran = run_oom({"explain", "--redact", "--format", "json", log});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  const json report = json::parse(ran.out)["reports"][0];
  EXPECT_EQ(report["host"], "host-1");
  EXPECT_EQ(report["memcg"]["oom_path"], "/cgroup-1");
  EXPECT_FALSE(has(ran.out, "/box"));
  EXPECT_FALSE(has(ran.out, folder_.string()));
}

TEST_F(ExplainCli, AReaderThatGoesAwayIsNoError) {
  std::string log;
  for (int i = 0; i < 400; ++i)
    log += kill_report("hog", 2000 + i, i % 50);
  const Ran ran =
      run_oom({"explain", "--format", "json", put("kern.log", log)}, {.read_at_most = 1});
  EXPECT_EQ(ran.exit_status, 0);
  EXPECT_EQ(ran.err, "");
}

TEST_F(ExplainCli, AFullDiskIsSaid) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string log = put("kern.log", kill_report("hog", 4242, 0));
  const Ran ran = run_oom({"explain", "--output", "/dev/full", log});
  EXPECT_EQ(ran.exit_status, 3);
  EXPECT_TRUE(has(ran.err, "No space left")) << ran.err;
}

TEST_F(ExplainCli, PodNamesComeFromBelowTheRoot) {
  std::string report = kill_report("hog", 4242, 0);
  const std::string pod = "/kubepods/burstable/pod5d1a7d4e-0b5f-4d0c-8f6e-2c9f6a1b3c4d";
  for (std::size_t at = report.find("/box"); at != std::string::npos; at = report.find("/box", at))
    report.replace(at, 4, pod);
  std::filesystem::create_directories(
      folder_ / "root/var/log/pods/shop_cart-7_5d1a7d4e-0b5f-4d0c-8f6e-2c9f6a1b3c4d");
  const Ran ran = run_oom({"explain", "--root", path("root"), put("kern.log", report)});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "shop/cart-7")) << ran.out;
}

TEST_F(ExplainCli, NamesOfFilesCannotPlayWithTheTerminal) {
  const Ran ran = run_oom({"explain", path("no\x1b[2Jsuch\nfile")});
  EXPECT_EQ(ran.exit_status, 2);
  EXPECT_FALSE(has(ran.err, "\x1b"));
  EXPECT_TRUE(has(ran.err, "no\\x1b[2Jsuch\\nfile")) << ran.err;
}

}  // namespace
}  // namespace oomkit
