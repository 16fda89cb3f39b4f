// The JSON document by the contract that other programs rely on: read back with an
// independent parser, every name present, unknown values null.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "samples.h"

namespace oomkit {
namespace {

using nlohmann::json;

Document everything() {
  Document document;
  document.reports = {container_sample(), host_sample(), daemon_sample(), fragment_sample(),
                      hostile_sample()};
  document.incidents = {incident_sample(), hostile_incident()};
  document.others = {other_sample(), hostile_other()};
  document.inputs = {{"kern.log", 20'480, 240}};
  document.damage.add(Damage::lines_lost, 3);
  return document;
}

json parsed(const Document& document, bool redact = false) {
  RenderOptions options;
  options.format = OutputFormat::json;
  options.redact = redact;
  return json::parse(rendered(document, options));
}

void expect_names(const json& object, const std::vector<const char*>& names) {
  ASSERT_TRUE(object.is_object()) << object.dump().substr(0, 80);
  for (const char* name : names)
    EXPECT_TRUE(object.contains(name)) << name;
}

TEST(JsonContractTest, TheDocumentStartsWithItsSchema) {
  RenderOptions options;
  options.format = OutputFormat::json;
  const std::string text = rendered(everything(), options);
  EXPECT_EQ(text.rfind("{\"schema\":\"oomkit.explain/1\"", 0), 0U);
  EXPECT_EQ(text.back(), '\n');
}

TEST(JsonContractTest, AnEmptyDocumentIsOne) {
  const json document = parsed({});
  EXPECT_EQ(document["schema"], "oomkit.explain/1");
  for (const char* name : {"reports", "incidents", "other", "inputs", "warnings"})
    EXPECT_EQ(document[name], json::array()) << name;
}

TEST(JsonContractTest, EveryNameOfTheContractIsInEveryReport) {
  const json document = parsed(everything());
  ASSERT_EQ(document["reports"].size(), 5U);
  for (const json& report : document["reports"]) {
    expect_names(report, {"index",
                          "input",
                          "first_line",
                          "last_line",
                          "time",
                          "uptime_s",
                          "host",
                          "kernel",
                          "complete",
                          "missing",
                          "trigger",
                          "constraint",
                          "constraint_source",
                          "verdict",
                          "page_size_bytes",
                          "manual",
                          "memcg",
                          "host_memory",
                          "tasks",
                          "victims",
                          "predicted_victim",
                          "findings",
                          "killer"});
    expect_names(report["trigger"],
                 {"comm", "pid", "gfp_mask", "gfp_flags", "order", "oom_score_adj"});
    for (const json& task : report["tasks"]) {
      expect_names(task, {"pid", "tgid", "uid", "comm", "total_vm_bytes", "rss_bytes",
                          "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes", "swap_bytes",
                          "pgtables_bytes", "oom_score_adj", "points", "score"});
    }
    for (const json& victim : report["victims"]) {
      expect_names(victim,
                   {"pid", "comm", "uid", "total_vm_bytes", "anon_rss_bytes", "file_rss_bytes",
                    "shmem_rss_bytes", "pgtables_bytes", "oom_score_adj", "reaped", "killer"});
    }
    for (const json& finding : report["findings"]) {
      expect_names(finding, {"id", "severity", "title", "detail", "numbers", "lines", "advice"});
      EXPECT_TRUE(finding["numbers"].is_object());
    }
    if (report["memcg"].is_object()) {
      expect_names(report["memcg"],
                   {"version", "oom_path", "task_path", "usage_bytes", "limit_bytes", "failcnt",
                    "swap_usage_bytes", "swap_limit_bytes", "stat", "kubernetes"});
    }
    if (report["host_memory"].is_object()) {
      expect_names(report["host_memory"], {"total_bytes", "free_bytes", "zones"});
    }
  }
}

TEST(JsonContractTest, ValuesAreThoseOfTheReport) {
  const json document = parsed(everything());
  const json report = document["reports"][0];
  EXPECT_EQ(report["index"], 1);
  EXPECT_EQ(report["time"], "2023-11-14T22:13:20");
  EXPECT_EQ(report["uptime_s"], nullptr);
  EXPECT_EQ(report["kernel"], "6.1.0-13-amd64");
  EXPECT_EQ(report["trigger"]["gfp_mask"], "0x100cca");
  EXPECT_EQ(report["trigger"]["gfp_flags"], json::array({"GFP_HIGHUSER_MOVABLE"}));
  EXPECT_EQ(report["constraint"], "memcg");
  EXPECT_EQ(report["constraint_source"], "stated");
  EXPECT_EQ(report["verdict"], "killed");
  EXPECT_EQ(report["page_size_bytes"], 4096);
  EXPECT_EQ(report["memcg"]["usage_bytes"], 208'204 * 1024);
  EXPECT_EQ(report["memcg"]["limit_bytes"], 209'715'200);
  EXPECT_EQ(report["memcg"]["failcnt"], 7470);
  EXPECT_EQ(report["memcg"]["swap_limit_bytes"], 0);
  EXPECT_EQ(report["memcg"]["stat"]["sock"], 183'623'680);
  EXPECT_EQ(report["memcg"]["kubernetes"]["qos"], "Guaranteed");
  EXPECT_EQ(report["memcg"]["kubernetes"]["runtime"], "containerd");
  EXPECT_EQ(report["host_memory"], nullptr);
  EXPECT_EQ(report["tasks"][0]["rss_bytes"], 6593 * 4096);
  EXPECT_EQ(report["tasks"][0]["rss_anon_bytes"], nullptr);
  EXPECT_TRUE(report["tasks"][0]["points"].is_number_integer());
  EXPECT_EQ(report["tasks"][0]["score"], nullptr) << "RAM of the host is not in the log";
  EXPECT_EQ(report["victims"][0]["anon_rss_bytes"], 26'372 * 1024);
  EXPECT_EQ(report["victims"][0]["reaped"], nullptr);
  EXPECT_EQ(report["victims"][0]["killer"], "kernel");
  EXPECT_EQ(report["predicted_victim"]["agrees"], true);
  EXPECT_EQ(report["findings"][0]["id"], "socket-memory");
  EXPECT_EQ(report["findings"][0]["numbers"]["sock_bytes"], 183'623'680);
}

TEST(JsonContractTest, TheHostHasItsMemoryAndScores) {
  const json report = parsed(everything())["reports"][1];
  EXPECT_EQ(report["memcg"], nullptr);
  EXPECT_EQ(report["host_memory"]["total_bytes"], 1'048'576LL * 4096);
  EXPECT_EQ(report["host_memory"]["swap_total_bytes"], 0);
  EXPECT_EQ(report["host_memory"]["zones"][0]["min_bytes"], 32'100 * 1024);
  EXPECT_EQ(report["host_memory"]["zones"][0]["managed_bytes"], nullptr);
  EXPECT_EQ(report["missing"], json::array({"trigger", "stack"}));
  EXPECT_EQ(report["trigger"]["comm"], nullptr);
  EXPECT_EQ(report["tasks"][0]["points"], nullptr) << "sshd cannot be chosen";
  EXPECT_EQ(report["tasks"][0]["score"], 0);
  EXPECT_GT(report["tasks"][1]["score"].get<int>(), 666);
}

TEST(JsonContractTest, PrintedFlagsUnprintedFlagsAndNone) {
  Document document;
  document.reports = {container_sample(), container_sample(), container_sample()};
  document.reports[1].report.trigger->gfp_text = "";
  document.reports[2].report.trigger->gfp_text.reset();
  const json reports = parsed(document)["reports"];
  EXPECT_EQ(reports[1]["trigger"]["gfp_flags"], json::array());
  EXPECT_EQ(reports[2]["trigger"]["gfp_flags"], nullptr);
  EXPECT_TRUE(reports[2]["trigger"]["gfp_decoded"].is_array());
}

TEST(JsonContractTest, ThePodIsTheLimitsAndTheContainerTheVictims) {
  Document document;
  document.reports = {container_sample()};
  document.reports[0].limit_owner->container_id.reset();
  document.reports[0].limit_owner->runtime.reset();
  json pod = parsed(document)["reports"][0]["memcg"]["kubernetes"];
  EXPECT_EQ(pod["container_id"],
            "8f14e45fceea167a5a36dedd4bea2543f1e2d3c4b5a69788796a5b4c3d2e1f00");
  document.reports[0].victim_owner->pod_uid = "another";
  pod = parsed(document)["reports"][0]["memcg"]["kubernetes"];
  EXPECT_EQ(pod["container_id"], nullptr);
  document.reports[0].limit_owner.reset();
  document.reports[0].victim_owner.reset();
  EXPECT_EQ(parsed(document)["reports"][0]["memcg"]["kubernetes"], nullptr);
}

TEST(JsonContractTest, IncidentsOthersInputsAndWarnings) {
  const json document = parsed(everything());
  ASSERT_EQ(document["incidents"].size(), 2U);
  const json incident = document["incidents"][0];
  expect_names(incident, {"reports", "title", "culprits", "findings"});
  EXPECT_EQ(incident["reports"], json::array({1, 2, 3}));
  expect_names(incident["culprits"][0],
               {"comm", "pid", "processes", "growth_bytes_per_s", "at_least"});
  ASSERT_EQ(document["other"].size(), 2U);
  expect_names(document["other"][0], {"class", "first_line", "last_line", "sentence"});
  EXPECT_EQ(document["other"][0]["class"], "page_alloc_failure");
  expect_names(document["inputs"][0], {"name", "bytes", "lines"});
  expect_names(document["warnings"][0], {"code", "count", "sentence"});
  EXPECT_EQ(document["warnings"][0]["count"], 3);
}

TEST(JsonContractTest, RedactedItSaysNoName) {
  Document document;
  document.reports = {container_sample(), daemon_sample()};
  document.incidents = {incident_sample()};
  document.inputs = {{"/home/alice/kern.log", 1, 1}};
  const std::string text = parsed(document, true).dump();
  for (const char* secret :
       {"example.org", "5d1a7d4e", "8f14e45f", "relay-0", "alice", "user-1000", "app-browser"})
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  EXPECT_NE(text.find("host-1"), std::string::npos);
  EXPECT_NE(text.find("pod-1"), std::string::npos);
  EXPECT_NE(text.find("relay"), std::string::npos) << "the process keeps its name";
  const json redacted = parsed(document, true);
  EXPECT_EQ(redacted["reports"][0]["host"], redacted["incidents"][0]["host"]);
  EXPECT_NE(redacted["reports"][0]["host"], redacted["reports"][1]["host"]);
}

}  // namespace
}  // namespace oomkit
