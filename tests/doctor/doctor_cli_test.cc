// `oom doctor` as a user runs it: on this host, on a captured one, on a snapshot.
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;

const std::string kHost = OOMKIT_SOURCE_DIR "/tests/top/data/web-17";

class DoctorCli : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "oomkit-doctor-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

void expect_contract(const nlohmann::json& json) {
  EXPECT_EQ(json["schema"], "oomkit.doctor/1");
  ASSERT_TRUE(json["checks"].is_array());
  EXPECT_GE(json["checks"].size(), 20U);
  std::set<std::string> ids;
  for (const auto& check : json["checks"]) {
    for (const char* name : {"id", "status", "value", "why", "fix"})
      EXPECT_TRUE(check.contains(name)) << name;
    EXPECT_TRUE(ids.insert(check["id"].get<std::string>()).second) << check["id"];
    const std::set<std::string> words = {"ok", "notice", "warning", "critical"};
    EXPECT_TRUE(words.count(check["status"].get<std::string>()) == 1) << check["status"];
    EXPECT_EQ(check["value"].is_null(), !check["known"].get<bool>()) << check["id"];
  }
}

TEST_F(DoctorCli, ThisHostIsJudgedByTheContract) {
  const Ran ran = run_oom({"doctor", "--format", "json"});
  ASSERT_TRUE(ran.exit_status == 0 || ran.exit_status == 1) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  expect_contract(json);
  EXPECT_EQ(ran.exit_status == 1, json["summary"]["critical"] > 0);
}

TEST_F(DoctorCli, SomethingCriticalIsExitOne) {
  const Ran sound = run_oom({"doctor", "--root", kHost});
  EXPECT_EQ(sound.exit_status, 0) << sound.err;
  fs::copy(kHost, folder_ / "host", fs::copy_options::recursive);
  std::ofstream(folder_ / "host/proc/sys/vm/panic_on_oom") << "2\n";
  const Ran ran = run_oom({"doctor", "--root", (folder_ / "host").string()});
  EXPECT_EQ(ran.exit_status, 1);
  EXPECT_NE(ran.out.find("sysctl -w vm.panic_on_oom=0"), std::string::npos) << ran.out;
  EXPECT_LT(ran.out.find("panic-on-oom"), ran.out.find("swappiness")) << "the worst comes first";
}

TEST_F(DoctorCli, ASettingThatCannotBeReadIsNotKnown) {
  fs::copy(kHost, folder_ / "host", fs::copy_options::recursive);
  fs::remove(folder_ / "host/proc/sys/vm/swappiness");
  const Ran ran = run_oom({"doctor", "--root", (folder_ / "host").string(), "--format", "json"});
  const auto json = nlohmann::json::parse(ran.out);
  expect_contract(json);
  for (const auto& check : json["checks"]) {
    if (check["id"] != "swappiness") continue;
    EXPECT_FALSE(check["known"]);
    EXPECT_TRUE(check["fix"].is_null());
  }
}

TEST_F(DoctorCli, ASnapshotSaysTheSameAsTheHost) {
  const std::string file = (folder_ / "now.json").string();
  ASSERT_EQ(run_oom({"snapshot", "--root", kHost, "-o", file}).exit_status, 0);
  const Ran kept = run_oom({"doctor", "--from", file});
  const Ran tree = run_oom({"doctor", "--root", kHost});
  EXPECT_EQ(kept.exit_status, 0) << kept.err;
  EXPECT_EQ(kept.out, tree.out);
}

TEST_F(DoctorCli, RefusalsAndHelp) {
  EXPECT_EQ(run_oom({"doctor", "--format", "xml"}).exit_status, 2);
  EXPECT_EQ(run_oom({"doctor", "--from", "nothing.json"}).exit_status, 2);
  const Ran list = run_oom({"doctor", "--list"});
  EXPECT_EQ(list.exit_status, 0);
  EXPECT_EQ(list.out.find("headroom "), 0U) << list.out;
  const Ran help = run_oom({"doctor", "--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_NE(help.out.find("Examples:"), std::string::npos);
}

}  // namespace
}  // namespace oomkit
